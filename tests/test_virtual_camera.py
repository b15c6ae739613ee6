"""The virtual camera, with a fake of its package: frames of its size, and a sentence where something is missing."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from realtime.live import Condition, Painted
from realtime.live.virtual_camera import VirtualCamera
from tests.live_fakes import until


class FakeCamera:
    device = "/dev/video9"
    made: list[FakeCamera]

    def __init__(self, width: int, height: int, fps: float) -> None:
        self.width, self.height, self.sent, self.closed = width, height, [], False  # type: ignore[var-annotated]
        FakeCamera.made.append(self)

    def send(self, frame: np.ndarray) -> None:
        assert frame.shape == (self.height, self.width, 3)
        self.sent.append(int(frame.max()))

    def close(self) -> None:
        self.closed = True


def painted(level: int, size: tuple[int, int]) -> Painted:
    image = np.full((*size, 3), level, np.uint8)
    return Painted(image, image, "a", time.monotonic(), 0.0)


def test_frames_are_sent_at_the_size_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCamera.made = []
    monkeypatch.setitem(sys.modules, "pyvirtualcam", SimpleNamespace(Camera=FakeCamera))
    output = VirtualCamera()
    output.start()
    for level, size in ((1, (49, 65)), (2, (24, 32)), (3, (49, 65))):
        output.offer(painted(level, size))
        until(lambda level=level: bool(FakeCamera.made) and FakeCamera.made[0].sent[-1:] == [level])  # type: ignore[misc]
    assert output.device == "/dev/video9"
    output.stop()
    output.join(5)
    (camera,) = FakeCamera.made
    assert (camera.width, camera.height, camera.sent, camera.closed) == (64, 48, [1, 2, 3], True)
    assert output.state.condition is Condition.ENDED


def no_driver(*_: float) -> None:
    raise RuntimeError("'v4l2loopback' backend: no device found")


@pytest.mark.parametrize(
    ("module", "words"),
    [(None, "pip install pyvirtualcam"), (SimpleNamespace(Camera=no_driver), "There is no virtual camera here")],
)
def test_what_is_missing_is_said(module: object, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    output = VirtualCamera()
    output.start()
    output.offer(painted(1, (48, 64)))
    until(lambda: output.state.condition is Condition.OUTPUT_BROKEN)
    assert words in output.state.words
    assert not output.state.unforeseen
    assert output.state.words.count(". ") == 0, "one sentence"
    output.join(5)
