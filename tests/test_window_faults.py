"""What goes wrong while the window is open: a sentence for as long as it lasts, and the window goes on."""

from __future__ import annotations

import errno
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from realtime.live import capture
from realtime.live.sources import Source
from realtime.log import Faults, start_log
from realtime.window import words as words_module
from realtime.window.window import Window
from tests.conftest import picture
from tests.window_fakes import Open, Steady, click, press, shows, until
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remarks end at once and retries come soon: what is still said after a moment, lasts."""
    monkeypatch.setattr(words_module, "REMARK_SECONDS", 0.0)
    monkeypatch.setattr("realtime.window.showing.REMARK_SECONDS", 0.0)
    monkeypatch.setattr(capture, "RETRY_SECONDS", (0.01,))


def lasts(application: QApplication, window: Window, words: str) -> None:
    """Check that `words` come and stay."""
    until(application, lambda: words in window.view.words)
    until_later = time.monotonic() + 0.2
    until(application, lambda: time.monotonic() > until_later)
    assert words in window.view.words


def usable(application: QApplication, window: Window) -> None:
    """Check that a style can be chosen and is shown."""
    window.chooser.pick("same")
    until(application, lambda: shows(window, picture(48, 64)))
    press(window, Qt.Key.Key_Left)
    until(application, lambda: shows(window, 255 - picture(48, 64)))


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVEBRUSH_HOME", str(tmp_path / "home"))
    path = start_log()
    assert path is not None
    return path


def test_a_full_disk_is_said_and_the_window_goes_on(
    application: QApplication, window: Window, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    until(application, lambda: window.view.image is not None)
    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        press(window, Qt.Key.Key_S)
        lasts(application, window, "the disk is full")
    assert not list(tmp_path.glob("*.png"))
    assert "No space left on device" in log.read_text()
    assert "Traceback" in log.read_text()
    press(window, Qt.Key.Key_S)
    until(application, lambda: "full" not in window.view.words)
    until(application, lambda: len(list(tmp_path.glob("*.png"))) == 1)
    usable(application, window)


def test_an_unplugged_camera_is_said_until_it_comes_back(
    application: QApplication, opened: Open, styles: Path, log: Path
) -> None:
    plugged, unplug = threading.Event(), threading.Event()

    class Cable(Steady):
        def read(self) -> np.ndarray | None:
            if unplug.is_set() and not plugged.is_set():
                raise InputError("Camera 0 has stopped giving pictures: plug it in again.")
            return super().read()

    def camera(_: str) -> Source:
        return Cable()

    window = opened(styles, "negative", camera)
    until(application, lambda: window.view.image is not None)
    unplug.set()
    lasts(application, window, "Camera 0 has stopped")
    press(window, Qt.Key.Key_F)
    press(window, Qt.Key.Key_F)
    lasts(application, window, "Camera 0 has stopped")
    assert "Traceback" in log.read_text()
    plugged.set()
    until(application, lambda: window.view.words == "")
    usable(application, window)


def test_a_source_that_breaks_before_the_first_picture_is_said(
    application: QApplication, opened: Open, styles: Path
) -> None:
    class Short(Steady):
        count = 0

        def read(self) -> np.ndarray | None:
            Short.count += 1
            if Short.count > 1:
                raise InputError("The stream has ended.")
            return super().read()

    window = opened(styles, "negative", lambda _: Short())
    until(application, lambda: window.view.image is not None)
    lasts(application, window, "The stream has ended.")


def test_a_frame_that_raises_is_said_while_it_lasts(
    application: QApplication, window: Window, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(application, lambda: window.view.image is not None)
    used = window.live._styling.in_use
    assert used is not None

    def broken(*_: object, **__: object) -> np.ndarray:
        raise ZeroDivisionError("oops")

    with monkeypatch.context() as style:
        style.setattr(type(used.stylizer), "__call__", broken)
        lasts(application, window, "ZeroDivisionError: oops")
        window.controls.sliders["strength"].setValue(50)
        lasts(application, window, "ZeroDivisionError: oops")
    assert "ZeroDivisionError" in log.read_text()
    window.controls.sliders["strength"].setValue(100)
    until(application, lambda: window.view.words == "")
    usable(application, window)


def test_a_style_that_fails_is_said_until_the_user_does_something(
    application: QApplication, window: Window, log: Path
) -> None:
    until(application, lambda: window.view.image is not None)
    window.chooser.pick("gone")
    lasts(application, window, "no style called 'gone'")
    assert window.chooser.name == "negative"
    assert window.gallery.list.currentIndex().row() == 0
    assert "no style called 'gone'" in log.read_text()
    assert "Traceback" in log.read_text()
    usable(application, window)
    assert window.view.words == ""


def test_a_first_style_that_fails_is_said_and_a_click_on_it_tries_it_again(
    application: QApplication, opened: Open, pack: Path
) -> None:
    away = pack / "negative.off"
    (pack / "negative.onnx").rename(away)
    window = opened(pack, "negative")
    lasts(application, window, "negative.onnx is missing")
    assert window.view.image is None
    away.rename(pack / "negative.onnx")
    tile = window.gallery.list.visualRect(window.gallery.tiles.index(window.gallery.tiles.names.index("negative")))
    viewport = window.gallery.list.viewport()
    assert viewport is not None
    click(viewport, tile.center())
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    until(application, lambda: window.view.words == "")


def test_a_slow_source_is_said_while_the_window_is_usable(
    application: QApplication, opened: Open, styles: Path
) -> None:
    gate = threading.Event()

    def slow(_: str) -> Source:
        gate.wait(8)
        return Steady()

    began = time.monotonic()
    window = opened(styles, "negative", slow)
    assert time.monotonic() - began < 2
    lasts(application, window, "Opening steady.mp4 ...")
    press(window, Qt.Key.Key_Right)
    assert window.live.style == "same"
    gate.set()
    until(application, lambda: shows(window, picture(48, 64)))
    until(application, lambda: window.view.words == "")


def test_an_exception_in_the_window_is_said_and_logged_and_ends_nothing(
    application: QApplication, opened: Open, styles: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def oops(*_: object) -> None:
        raise ZeroDivisionError("oops")

    with Faults(log) as faults:
        window = opened(styles, "negative", faults=faults)
        until(application, lambda: window.view.image is not None)
        QTimer.singleShot(0, oops)
        lasts(application, window, f"(ZeroDivisionError: oops). The log has more: {log}")
        usable(application, window)
        with monkeypatch.context() as drawing:
            drawing.setattr(window.view, "_draw", oops)
            window.view.repaint()
            lasts(application, window, "ZeroDivisionError")
        usable(application, window)
        thread = threading.Thread(target=oops)
        thread.start()
        thread.join()
        lasts(application, window, "ZeroDivisionError")
    assert log.read_text().count("Traceback") >= 1


def test_trouble_leaves_a_blend_alone(application: QApplication, opened: Open, pack: Path) -> None:
    def source(name: str) -> Source:
        if name == "nothing.mp4":
            raise InputError("There is no file nothing.mp4.")
        return Steady()

    window = opened(pack, "red", source)
    controls = window.controls
    until(application, lambda: window.view.image is not None)
    window.chooser.pair("blue")
    controls.mix.setValue(99)
    until(application, lambda: not window.live.loading)
    before = (window.chooser.names, controls.partner.currentText(), controls.mix.value())
    assert before == (["red", "blue"], "Blue", 99)
    window.showing.words.complain("The disk is full.")
    window.refresh()
    window.live.choose_source("nothing.mp4")
    until(application, lambda: "There is no file nothing.mp4." in window.view.words)
    assert (window.chooser.names, controls.partner.currentText(), controls.mix.value()) == before


def test_a_trouble_on_a_still_goes_when_a_good_style_is_chosen(
    application: QApplication, opened: Open, styles: Path
) -> None:
    class Single(Steady):
        given = False

        def read(self) -> np.ndarray | None:
            image, self.given = (None if self.given else picture(48, 64)), True
            return image

    window = opened(styles, "negative", lambda _: Single())
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    window.chooser.pick("gone")
    lasts(application, window, "no style called 'gone'")
    window.chooser.pick("same")
    until(application, lambda: shows(window, picture(48, 64)))
    until(application, lambda: window.view.words == "")
