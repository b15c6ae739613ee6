"""What is painted as moving JPEG over HTTP: every browser and OBS show it, without a driver."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2

from realtime.av_frames import reason_of
from realtime.frames import Image, bgr_from_rgb
from realtime.live.outputs import Painted, QueuedOutput
from realtime.options import SERVED_AT
from weights.errors import InputError

HOST = "127.0.0.1"

_AGAIN_SECONDS = 1.0  # a picture that stands still is sent again: who has hung up is found out so
_STALLED_SECONDS = 10.0  # a reader that takes nothing for so long is let go
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 85]
_MOST_READERS = 16
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Livebrush</title>
<style>body { margin: 0; background: #121212 } img { width: 100vw; height: 100vh; object-fit: contain }</style>
</head><body><img src="/stream" alt="the painted picture"></body></html>
"""


class Network(QueuedOutput):
    """Serves a page at `/`, the moving picture at `/stream` and the newest one at `/frame.jpg`.

    `url` is the page's address while it runs, "" before; `port` 0 takes a free one, None SERVED_AT or, where that is
    taken, a free one. Only this machine can reach it
    unless `host` says otherwise ("0.0.0.0": every machine on the network). A slow reader misses frames and nobody else
    does; where nobody reads, nothing is coded.
    """

    def __init__(self, port: int | None = None, host: str = HOST) -> None:
        super().__init__("network", room=1)
        self.url = ""
        self._port, self._host = port, host
        self._server: _Server | None = None
        self._newest = _Newest()

    @property
    def readers(self) -> int:
        """How many readers there are."""
        return self._server.readers if self._server is not None else 0

    def open(self) -> None:
        """Listen; raises InputError where the port is taken."""
        try:
            self._server = self._listen()
        except (OSError, OverflowError) as error:
            port, reason = SERVED_AT if self._port is None else self._port, reason_of(error)
            what = f"port {port}" if self._host in _LOOPBACK else f"address {self._host}:{port}"
            raise InputError(f"The {what} can't be used ({reason}): give another with --serve.") from error
        named = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host
        self.url = f"http://{f'[{named}]' if ':' in named else named}:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.1,), name="output network server", daemon=True).start()

    def _listen(self) -> _Server:
        if self._port is not None:
            return _Server(self._host, self._port, self._newest)
        try:
            return _Server(self._host, SERVED_AT, self._newest)
        except OSError:
            return _Server(self._host, 0, self._newest)

    def write(self, painted: Painted) -> None:
        """Let the readers have it."""
        self._newest.put(painted.image)

    def finish(self) -> None:
        """Hang up."""
        self.url = ""
        self._newest.close()
        if self._server is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()


class _Newest:
    """The newest picture, coded once for all readers that want it, by the first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._coding = threading.Lock()
        self._image: Image | None = None
        self._number = 0
        self._coded: tuple[int, bytes] = 0, b""
        self.closed = False

    def put(self, image: Image) -> None:
        with self._changed:
            self._image, self._number = image, self._number + 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def after(self, number: int, timeout: float) -> tuple[int, bytes] | None:
        """The newest picture as JPEG, and its number, when that is not `number`; the same again after `timeout`
        seconds; None before the first, and at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._number != number, timeout)
            newest, image = self._number, self._image
            if self.closed or image is None:
                return None
        with self._coding:
            if self._coded[0] != newest:
                self._coded = newest, cv2.imencode(".jpg", bgr_from_rgb(image), _QUALITY)[1].tobytes()
            return self._coded


class _Server(ThreadingHTTPServer):
    """A thread for each reader."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, newest: _Newest) -> None:
        self.newest, self.host = newest, host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._readers: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _Reader)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.host, self.server_address[1]

    def verify_request(self, request: Any, _: Any) -> bool:
        """Whether there is room for one more."""
        with self._lock:
            if len(self._readers) >= _MOST_READERS:
                return False
            self._readers.add(request)
            return True

    @property
    def readers(self) -> int:
        """How many read at the moment."""
        return len(self._readers)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._readers.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End what is being sent: a reader may have stopped reading."""
        with self._lock:
            for reader in self._readers:
                with suppress(OSError):
                    reader.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Readers come and go as they please."""


class _Reader(BaseHTTPRequestHandler):
    """What one reader asks for."""

    server: _Server
    timeout = _STALLED_SECONDS

    def do_GET(self) -> None:
        threading.current_thread().name = "output network reader"
        if not self._is_meant():
            self.send_error(403, "Another name than this machine's")
        elif self.path == "/":
            self._answer("text/html; charset=utf-8", _PAGE)
        elif self.path == "/frame.jpg":
            found = self.server.newest.after(0, _STALLED_SECONDS)
            if found is None:
                self.send_error(503, "No picture yet")
            else:
                self._answer("image/jpeg", found[1])
        elif self.path == "/stream":
            self._stream()
        else:
            self.send_error(404)

    def _is_meant(self) -> bool:
        """Whether the reader knows us by a name of this machine: a page elsewhere may have another led here."""
        if self.server.host not in _LOOPBACK:
            return True
        return self.headers.get("Host", "").rpartition(":")[0].strip("[]") in _LOOPBACK

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(b"--frame\r\n")
        number = 0
        while not self.server.newest.closed:
            found = self.server.newest.after(number, _AGAIN_SECONDS)
            if found is None:
                continue
            number, jpeg = found
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            # The next boundary comes with the picture: some browsers show it only then.
            self.wfile.write(head + jpeg + b"\r\n--frame\r\n")

    def log_message(self, *_: object) -> None:
        """Nobody reads along."""
