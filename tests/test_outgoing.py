"""What leaves the window: recordings, the address, the virtual camera, from a click to the file or the picture."""

from __future__ import annotations

import errno
import sys
import threading
import time
import urllib.request
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from realtime.clip_writer import ClipWriter
from realtime.live import Painted, QueuedOutput
from realtime.live.network import Network
from realtime.window.outgoing import CAMERA, NETWORK, RECORDING
from realtime.window.window import Window
from tests.conftest import picture
from tests.window_fakes import Open, click, press, shows, until
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.live.network.SERVED_AT", 0)


def saved(folder: Path) -> list[Path]:
    return sorted(folder.glob("livebrush-*.mp4"))


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def test_r_records_what_is_painted_and_stops(application: QApplication, window: Window, tmp_path: Path) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    record = window.bar.buttons["record"]
    press(window, Qt.Key.Key_R)
    until(application, lambda: (window.outgoing.seconds or 0) > 0.1)
    assert record.isChecked()
    assert record.text() == "0:00"
    click(record)
    until(application, lambda: f"Saved {tmp_path}" in window.view.words)
    assert not record.isChecked() and record.text() == ""
    (path,) = saved(tmp_path)
    found = frames(path)
    assert len(found) > 3
    assert np.abs(found[0].astype(int) - (255 - picture(48, 64))).mean() < 4


def test_recordings_on_each_others_heels_have_names_of_their_own(
    application: QApplication, window: Window, tmp_path: Path
) -> None:
    until(application, lambda: window.view.image is not None)
    for _ in range(3):
        window.outgoing.switch(RECORDING, True)
        until(application, lambda: (window.outgoing.seconds or 0) > 0)
        window.outgoing.switch(RECORDING, False)
    until(application, lambda: len(saved(tmp_path)) == 3)


def test_closing_the_window_ends_the_recording_whole(application: QApplication, opened: Open, styles: Path) -> None:
    window = opened(styles, "negative")
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_R)
    until(application, lambda: (window.outgoing.seconds or 0) > 0.1)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 3
    (path,) = saved(window.folder)
    assert len(frames(path)) > 2
    assert not list(window.folder.glob("*.mkv"))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("output")]


def test_a_full_disk_ends_the_recording_is_said_and_the_picture_goes_on(
    application: QApplication, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_R)
    until(application, lambda: (window.outgoing.seconds or 0) > 0)
    monkeypatch.setattr(ClipWriter, "write", full)
    until(application, lambda: "The recording has stopped" in window.view.words)
    until(application, lambda: not window.bar.buttons["record"].isChecked())
    press(window, Qt.Key.Key_Right)
    until(application, lambda: shows(window, picture(48, 64)))
    assert "recording" not in window.view.words


def test_without_a_microphone_the_recording_is_silent_and_that_is_said(
    application: QApplication, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    until(application, lambda: window.view.image is not None)
    window.out_menu.toggles["microphone"].setChecked(True)
    press(window, Qt.Key.Key_R)
    until(application, lambda: "The recording is silent" in window.view.words)
    press(window, Qt.Key.Key_R)
    until(application, lambda: len(saved(tmp_path)) == 1)


def fetched(url: str) -> np.ndarray:
    with urllib.request.urlopen(f"{url}/frame.jpg", timeout=5) as answer:
        bgr = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.asarray(bgr[:, :, ::-1], np.uint8)


def test_the_address_shows_the_picture_mirrored_only_where_asked(application: QApplication, window: Window) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    press(window, Qt.Key.Key_M)
    window.out_menu.outputs[NETWORK].trigger()
    until(application, lambda: bool(window.outgoing.url))
    until(application, lambda: window.outgoing.url in window.view.words)
    assert window.out_menu.address.isVisible()
    painted = 255 - picture(48, 64).astype(int)
    until(application, lambda: np.abs(fetched(window.outgoing.url) - painted).mean() < 4)
    window.out_menu.toggles["mirror_saved"].trigger()
    until(application, lambda: np.abs(fetched(window.outgoing.url) - painted[:, ::-1]).mean() < 4)
    window.out_menu.address.trigger()
    clipboard = application.clipboard()
    assert clipboard is not None
    assert clipboard.text() == window.outgoing.url
    window.out_menu.outputs[NETWORK].trigger()
    assert window.outgoing.url == ""
    until(application, lambda: not window.bar.buttons["out"].isChecked())


def test_a_taken_port_gives_way_to_a_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Network()
    first.open()
    monkeypatch.setattr("realtime.live.network.SERVED_AT", int(first.url.rpartition(":")[2]))
    second, asked = Network(), Network(int(first.url.rpartition(":")[2]))
    second.open()
    assert second.url != first.url
    with pytest.raises(InputError, match="can't be used"):
        asked.open()
    for network in (first, second):
        network.finish()


def test_a_missing_virtual_camera_is_said_in_a_sentence(
    application: QApplication, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    until(application, lambda: window.view.image is not None)
    window.out_menu.outputs[CAMERA].trigger()
    until(application, lambda: "pip install pyvirtualcam" in window.view.words)
    assert not window.out_menu.outputs[CAMERA].isChecked()


def test_what_the_command_line_asked_for_is_on(application: QApplication, opened: Open, styles: Path) -> None:
    window = opened(styles, "negative", outputs=[Network(0)])
    until(application, lambda: bool(window.outgoing.url))
    assert window.out_menu.outputs[NETWORK].isChecked()


def test_the_time_recorded_is_shown_where_there_is_no_button(application: QApplication, window: Window) -> None:
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_H)
    window.view.show_words("")
    window.refresh()
    before = window.view.grab().toImage()
    press(window, Qt.Key.Key_R)
    until(application, lambda: (window.outgoing.seconds or 0) > 0)
    window.refresh()
    after = window.view.grab().toImage()
    corner = [(x, y) for x in range(after.width() - 90, after.width(), 3) for y in range(8, 40, 3)]
    assert any(before.pixel(*at) != after.pixel(*at) for at in corner)


def test_a_slow_output_never_slows_the_picture(application: QApplication, opened: Open, styles: Path) -> None:
    gate = threading.Event()

    class Slow(QueuedOutput):
        def write(self, painted: Painted) -> None:
            gate.wait(5)

    window = opened(styles, "negative")
    slow = Slow("slow")
    window.live.add(slow)
    until(application, lambda: slow.dropped > 20)
    assert shows(window, 255 - picture(48, 64))
    gate.set()
