"""A camera of the network for tests: a server of moving JPEG on this machine that can be stalled, killed, restarted."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import cv2
import numpy as np

from tests.conftest import picture

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
_PART = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
_PERIOD = 0.02


class StreamServer:
    """Sends one picture over and over to whoever connects; `url` stays the same over restarts."""

    def __init__(self, image: np.ndarray | None = None) -> None:
        jpeg = cv2.imencode(".jpg", (picture(48, 64) if image is None else image)[:, :, ::-1])[1].tobytes()
        self._part = _PART.format(len(jpeg)).encode() + jpeg + b"\r\n"
        self._port = 0
        self._sends = threading.Event()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Listen, on the port that it had before."""
        self._sends.set()
        self._over = threading.Event()
        self._lines: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", self._port), reuse_port=False)
        self._port = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, args=(self._server, self._over), daemon=True)]
        self._threads[0].start()

    def stall(self) -> None:
        """Keep the lines open, and send nothing."""
        self._sends.clear()

    def go_on(self) -> None:
        """Send again."""
        self._sends.set()

    def kill(self) -> None:
        """Hang up on everybody and listen no more."""
        self._over.set()
        self._sends.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self, server: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            try:
                line, _ = server.accept()
            except OSError:
                return
            self._lines.append(line)
            thread = threading.Thread(target=self._send, args=(line, over), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _send(self, line: socket.socket, over: threading.Event) -> None:
        with line, suppress(OSError):
            line.recv(65536)  # the request: a line closed before that is read is reset
            line.sendall(_HEAD)
            while not over.is_set():
                line.sendall(self._part)
                time.sleep(_PERIOD)
                self._sends.wait()
