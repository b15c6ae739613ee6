"""Cameras by their names: listed, opened with a size and a rate, and found again under another number."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from realtime.live import State, capture
from realtime.live.camera_names import Mode, find_camera, list_cameras, read_mode, with_mode
from realtime.live.sources import Source, check_source, describe, open_source
from realtime.live.state import Condition
from tests.live_fakes import Fake, Start, number, shown, until
from weights.errors import InputError


class Plugged:
    """The cameras of this machine, their names by their numbers, which their frames show."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: dict[int, str] = {}
        self.asked: list[tuple[int, float]] = []
        listed = SimpleNamespace(enumerate_cameras=self.enumerate)
        monkeypatch.setitem(sys.modules, "cv2_enumerate_cameras", listed)
        monkeypatch.setattr(cv2, "VideoCapture", lambda index, _: Device(self, index))

    def enumerate(self, _: int) -> list[SimpleNamespace]:
        return [SimpleNamespace(index=i, name=name) for i, name in reversed(self.names.items())]


class Device:
    def __init__(self, plugged: Plugged, index: int) -> None:
        self.plugged, self.index, self.name = plugged, index, plugged.names.get(index)

    def isOpened(self) -> bool:
        return self.name is not None

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.001)
        if self.plugged.names.get(self.index) != self.name:
            return False, None
        return True, np.full((48, 64, 3), self.index, np.uint8)

    def set(self, what: int, value: float) -> None:
        self.plugged.asked.append((what, value))

    def get(self, _: int) -> float:
        return 30.0

    def release(self) -> None:
        pass


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Plugged:
    monkeypatch.setattr(capture, "RETRY_SECONDS", (0.01,))
    return Plugged(monkeypatch)


def test_cameras_are_listed_by_their_numbers_and_told_apart(plugged: Plugged) -> None:
    plugged.names = {0: "HD  Webcam ", 2: "Grabber", 4: "HD Webcam", 6: ""}
    found = [(camera.text, camera.name, camera.index) for camera in list_cameras()]
    assert found == [
        ("HD Webcam", "HD Webcam", 0),
        ("Grabber", "Grabber", 2),
        ("HD Webcam #2", "HD Webcam", 4),
        ("Camera 6", "Camera 6", 6),
    ]


def test_where_the_system_does_not_tell_none_are_listed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "cv2_enumerate_cameras", None)
    assert list_cameras() == []
    assert "can't be listed" in caplog.text


def test_a_part_of_a_name_is_enough_where_it_is_one_cameras(plugged: Plugged) -> None:
    plugged.names = {0: "HD Webcam", 2: "Grabber HD", 4: "HD"}
    found = {
        text: camera and camera.index
        for text in ("grab", "hd", "web", "b", "x")
        if (camera := find_camera(text)) or True
    }
    assert found == {"grab": 2, "hd": 4, "web": 0, "b": None, "x": None}


def test_a_camera_is_opened_by_its_name_at_a_size_and_a_rate(plugged: Plugged) -> None:
    plugged.names = {0: "Grabber", 3: "HD Webcam"}
    with open_source("hd webcam@1280x720@60") as source:
        image = source.read()
        assert image is not None
        assert (image[0, 0, 0], source.name, source.identity) == (3, "HD Webcam", "HD Webcam@1280x720@60")
    assert (cv2.CAP_PROP_FRAME_WIDTH, 1280) in plugged.asked
    assert (cv2.CAP_PROP_FRAME_HEIGHT, 720) in plugged.asked
    assert (cv2.CAP_PROP_FPS, 60) in plugged.asked


def test_what_no_camera_is_called_is_said(plugged: Plugged) -> None:
    plugged.names = {0: "Grabber"}
    for ask in (check_source, open_source):
        with pytest.raises(InputError, match=r"no file webcam, and no camera of that name \(the cameras are Grabber\)"):
            ask("webcam@640x480")
    check_source("grabber")


@pytest.mark.parametrize(
    ("text", "camera", "mode"),
    [
        ("0@640x480", "0", Mode(480, 640)),
        ("HD@Home@1920x1080@30", "HD@Home", Mode(1080, 1920, 30)),
        ("HD Webcam", "HD Webcam", None),
        ("0@1x1", "0@1x1", None),
    ],
)
def test_size_and_rate_stand_behind_the_name(text: str, camera: str, mode: Mode | None) -> None:
    assert read_mode(text) == (camera, mode)
    assert with_mode(camera, mode) == text
    assert describe("0@640x480") == "camera 0"


@pytest.mark.parametrize("text", ["HD Webcam", "0"])
def test_an_unplugged_camera_is_found_again_under_another_number(plugged: Plugged, started: Start, text: str) -> None:
    plugged.names = {0: "HD Webcam", 1: "Grabber"}

    def opened(_: str) -> Source:
        return open_source(_ if _ != "numbered" else text)

    live = started(opened, {"a": Fake(9)})
    assert number(shown(live)) == 0
    plugged.names = {0: "Grabber"}
    until(lambda: live.state.condition is Condition.SOURCE_LOST and "no camera of that name" in live.state.words)
    plugged.names = {0: "Grabber", 5: "HD Webcam"}
    until(lambda: live.state == State(Condition.RUNNING))
    live.newest()
    assert number(shown(live)) == 5
