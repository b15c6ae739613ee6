"""Network streams on real sockets: damaged pieces are passed over, a stall ends, and nothing is held back."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator

import av
import cv2
import numpy as np
import pytest

from realtime.live import clips
from realtime.live.clips import Stream
from realtime.live.sources import Source
from weights.errors import InputError

Served = Callable[..., str]


@pytest.fixture
def served() -> Iterator[Served]:
    """Serves bytes to whoever connects: `served(parts, hold=True)` keeps the line open after them, and silent."""
    over = threading.Event()
    servers: list[socket.socket] = []

    def serve(parts: list[bytes], hold: bool = False, scheme: str = "tcp") -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def answer() -> None:
            line, _ = server.accept()
            with line:
                try:
                    if scheme == "http":
                        line.recv(65536)  # the request: a line closed before that is read is reset
                    for part in parts:
                        line.sendall(part)
                    if hold:
                        over.wait(20)
                except OSError:  # the reader has hung up
                    pass

        threading.Thread(target=answer, daemon=True).start()
        return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"

    yield serve
    over.set()
    for server in servers:
        server.close()


def jpeg(level: int) -> bytes:
    return cv2.imencode(".jpg", np.full((48, 64, 3), level, np.uint8))[1].tobytes()


def motion_jpeg(pictures: list[bytes]) -> list[bytes]:
    """What a camera program on a phone sends."""
    head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
    part = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
    return [head, *(part.format(len(p)).encode() + p + b"\r\n" for p in pictures)]


def levels(source: Source, count: int) -> list[int]:
    images = [source.read() for _ in range(count)]
    return [round(float(image.mean())) for image in images if image is not None]


def test_damaged_frames_are_passed_over(served: Served) -> None:
    good = [jpeg(20 * i) for i in range(12)]
    sent = [*good[:4], b"garbage" * 99, *good[4:8], good[0][: len(good[0]) // 2], b"", *good[8:]]
    with Stream(served(motion_jpeg(sent), scheme="http")) as stream:
        assert levels(stream, 12) == pytest.approx([20 * i for i in range(12)], abs=2)


def test_a_stream_of_nothing_but_damage_is_given_up(served: Served) -> None:
    sent = [jpeg(9)] * 3 + [b"garbage" * 99] * 400
    with Stream(served(motion_jpeg(sent), hold=True, scheme="http")) as stream:
        levels(stream, 3)
        with pytest.raises(InputError, match="has ended"):
            stream.read()


def test_a_stream_that_stalls_ends_in_a_sentence(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "_READ_SECONDS", 0.3)
    with Stream(served(motion_jpeg([jpeg(9)] * 40), hold=True, scheme="http")) as stream:
        levels(stream, 39)
        with pytest.raises(InputError, match=r"has ended \(nothing has come for 0\.3 seconds\)"):
            for _ in range(2):
                stream.read()


def test_a_server_that_never_answers_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "_OPEN_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"can't be read \(nothing has come for 0\.3 seconds\)"):
        Stream(served([], hold=True, scheme="http"))
    assert time.monotonic() - began < 15


def transport_stream(frames: int) -> bytes:
    """H.264 in MPEG-TS with one key frame at its beginning, as a camera without delay sends it."""
    made = io.BytesIO()
    with av.open(made, "w", format="mpegts") as out:
        video = out.add_stream("libx264", rate=30, options={"tune": "zerolatency", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        noise = np.random.default_rng(0)
        for i in range(frames):
            picture = noise.integers(0, 255, (48, 64, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = i
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return made.getvalue()


def test_a_live_stream_holds_no_frame_back(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder with a thread for each frame would wait for as many frames as it has threads before the first."""
    monkeypatch.setattr(clips, "_READ_SECONDS", 1.0)
    with Stream(served([transport_stream(40)], hold=True)) as stream:
        count = 0
        with pytest.raises(InputError, match="nothing has come"):
            while stream.read() is not None:
                count += 1
    assert count >= 39, "the last packet waits in the container for the next"
