"""Cameras, streams, clips and stills behind one shape; what can't be opened is said with its mend."""

from __future__ import annotations

import http.server
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from realtime.av_frames import ToImage
from realtime.live.cameras import Camera
from realtime.live.clips import Clip, Stream
from realtime.live.sources import Still, check_source, open_source
from tests.conftest import MakeClip, picture
from weights.errors import InputError


class Clock:
    """Seconds that pass only while a source waits."""

    def __init__(self) -> None:
        self.now = 50.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


def paced(path: Path, **options: bool) -> tuple[Clip, Clock]:
    clock = Clock()
    clip = Clip(path, clock=clock, **options)
    clip._stopped = SimpleNamespace(is_set=lambda: False, wait=clock.wait, set=lambda: None)  # type: ignore[assignment]
    return clip, clock


def test_a_clip_as_fast_as_possible(make_clip: MakeClip) -> None:
    with open_source(str(make_clip()), paced=False) as source:
        images = list(source)
    assert len(images) == 12
    assert not source.live
    assert source.fps == pytest.approx(25)
    assert np.abs(images[0].astype(int) - picture(48, 64)).mean() < 6


def test_a_clip_is_as_bright_live_as_in_a_file(make_clip: MakeClip) -> None:
    path = make_clip(size=(120, 160))
    with av.open(str(path)) as container:
        exact = [ToImage()(frame).astype(int) for frame in container.decode(video=0)]
    with open_source(str(path), paced=False) as source:
        for live, file in zip(source, exact, strict=True):
            assert abs((live - file).mean()) < 0.1
            assert np.abs(live - file)[40:].max() <= 1, (
                "away from the corner's edge, where chroma is smoothed otherwise"
            )


def test_a_paced_clip_hands_out_frames_at_their_own_times(make_clip: MakeClip) -> None:
    clip, clock = paced(make_clip(pts=[0, 1280, 5120, 6400]))
    at = []
    while clip.read() is not None:
        at.append(clock.now - 50)
    assert at == pytest.approx([0, 0.1, 0.4, 0.5])


def test_a_bare_stream_is_played_at_its_rate(make_clip: MakeClip) -> None:
    clip, clock = paced(make_clip("bare.h264"))
    at = []
    while clip.read() is not None:
        at.append(clock.now - 50)
    assert at == pytest.approx([i / 25 for i in range(12)])


def test_after_a_pause_a_clip_does_not_rush(make_clip: MakeClip) -> None:
    clip, clock = paced(make_clip())
    clip.read()
    clip.read()
    clock.now += 60
    clip.read()
    clip.read()
    assert clock.waits[-1] == pytest.approx(0.04, abs=1e-6)


def test_a_clip_that_loops_starts_again(make_clip: MakeClip) -> None:
    with Clip(make_clip(pts=[0, 512, 1024]), loop=True, paced=False) as clip:
        images = [clip.read() for _ in range(7)]
    assert all(image is not None for image in images)
    np.testing.assert_array_equal(images[0], images[3])
    np.testing.assert_array_equal(images[0], images[6])


def test_a_damaged_piece_of_a_clip_is_passed_over(make_clip: MakeClip) -> None:
    path = make_clip("clip.avi", codec="mjpeg", pix_fmt="yuvj420p")
    data = bytearray(path.read_bytes())
    start = data.index(b"00dc", data.index(b"00dc", data.index(b"00dc") + 4) + 4) + 8  # the third frame
    data[start : start + 400] = bytes(400)
    path.write_bytes(data)
    with Clip(path, paced=False) as clip:
        assert len(list(clip)) == 11


def test_a_clip_says_the_shape_of_its_pixels(make_clip: MakeClip) -> None:
    with Clip(make_clip(aspect=Fraction(4, 3)), paced=False) as clip:
        clip.read()
        assert clip.pixel_aspect == pytest.approx(4 / 3)
    with Clip(make_clip("square.mp4"), paced=False) as clip:
        assert clip.pixel_aspect == 1


def test_stop_ends_a_read_that_waits(make_clip: MakeClip) -> None:
    with Clip(make_clip(pts=[0, 12800 * 30])) as clip:
        clip.read()
        began = time.monotonic()
        threading.Timer(0.1, clip.stop).start()
        assert clip.read() is None
        assert time.monotonic() - began < 5


def test_a_still_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".png", picture(32, 40)[..., ::-1])[1].tobytes())
    with open_source(str(path)) as source:
        assert isinstance(source, Still)
        np.testing.assert_array_equal(source.read(), picture(32, 40))
        assert source.read() is None


class Handler(http.server.BaseHTTPRequestHandler):
    """A motion JPEG camera, as phones' camera programs serve it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), (30, 60, 200), np.uint8))[1].tobytes()
        for _ in range(60):
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/video"
    server.shutdown()
    server.server_close()


def test_a_network_stream(address: str) -> None:
    with open_source(address) as source:
        assert isinstance(source, Stream)
        assert source.live
        image = source.read()
        assert image is not None
        assert np.abs(image.astype(int) - (200, 60, 30)).max() < 12
        with pytest.raises(InputError, match="has ended"):
            for _ in range(100):
                source.read()


class FakeCamera:
    """Stands in for cv2.VideoCapture."""

    def __init__(self, opened: bool = True, frames: int = 3, missing: int = 0) -> None:
        self.opened, self.frames, self.missing, self.released = opened, frames, missing, False

    def isOpened(self) -> bool:
        return self.opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.frames -= 1
        if self.frames == 1 and self.missing:
            self.missing, self.frames = self.missing - 1, 2
            return False, None
        return (True, np.full((48, 64, 3), (1, 2, 3), np.uint8)) if self.frames >= 0 else (False, None)

    def set(self, *_: object) -> bool:
        return True

    def get(self, _: int) -> float:
        return 30.0

    def release(self) -> None:
        self.released = True


def test_a_camera_gives_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCamera()
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: fake)
    with Camera(0, 720) as camera:
        assert camera.live
        assert (camera.read() == (3, 2, 1)).all()  # type: ignore[union-attr]
        camera.read()
        with pytest.raises(InputError, match="Camera 0 has stopped"):
            camera.read()
    assert fake.released


def test_a_missing_frame_does_not_end_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: FakeCamera(missing=2))
    with Camera(0) as camera:
        assert camera.read() is not None
        assert camera.read() is not None


@pytest.mark.parametrize(
    ("text", "words"), [("nothing.mp4", "no file nothing.mp4"), ("97", "no camera 97"), ("bad.mp4", "can't be read")]
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /dev")
def test_what_is_surely_wrong_is_known_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match=words):
        check_source(text)


def test_what_may_be_right_is_not_asked_before(make_clip: MakeClip) -> None:
    check_source(str(make_clip()))
    check_source("rtsp://127.0.0.1:9/none")


def test_a_busy_camera_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCamera(frames=0)
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: fake)
    with pytest.raises(InputError, match=r"Camera 3 gives no picture: close the other program"):
        Camera(3)
    assert fake.released


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /dev")
def test_an_absent_camera_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"no camera 97 here"):
        open_source("97")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing.mp4", "no file nothing.mp4"),
        ("9" * 20, "no camera 9999"),
        ("http://127.0.0.1:9/none", "stream http://127.0.0.1:9/none can't be read"),
        ("rtsp://127.0.0.1:9/none", "stream rtsp://127.0.0.1:9/none can't be read"),
        ("ftq://x", "can't be read"),
    ],
)
def test_what_can_not_be_opened_is_said(text: str, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=words):
        open_source(text)
    assert capfd.readouterr().err == ""


def test_a_damaged_clip_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(InputError, match=r"bad\.mp4 can't be read as a video"):
        open_source(str(path))
