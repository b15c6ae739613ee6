"""The window, offscreen: it shows what is painted and hands on what is chosen."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from realtime.live import Dials
from realtime.window.window import Window
from tests.conftest import picture
from tests.read_back import read_picture
from tests.window_fakes import Open, press, shows, until

# isort: split
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtWidgets import QApplication, QComboBox


def test_shows_the_painted_picture_and_how_it_goes(application: QApplication, window: Window) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    until(application, lambda: "fps" in window.controls.status.text())
    assert "64x48" in window.controls.status.text()
    assert "CPU" in window.controls.status.text()
    assert [window.controls.styles.itemText(i) for i in range(window.controls.styles.count())] == ["Negative", "Same"]


def test_the_pixels_reach_the_screen_with_their_aspect(application: QApplication, window: Window) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    window.view.show_words("")
    grabbed = window.view.grab().toImage()
    w, h = grabbed.width(), grabbed.height()
    scale = min(w / 64, h / 48)
    left, top = (w - 64 * scale) / 2, (h - 48 * scale) / 2
    for y, x in ((24, 32), (40, 50), (30, 12)):
        got = grabbed.pixelColor(int(left + (x + 0.5) * scale), int(top + (y + 0.5) * scale))
        want = 255 - picture(48, 64)[y, x].astype(int)
        assert np.abs(np.array([got.red(), got.green(), got.blue()]) - want).max() < 8
    if left > 3:
        assert grabbed.pixelColor(1, h // 2).lightness() < 30


def test_menu_keys_and_arrows_choose_styles(application: QApplication, window: Window) -> None:
    press(window, Qt.Key.Key_2)
    until(application, lambda: shows(window, picture(48, 64)))
    press(window, Qt.Key.Key_Right)
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    window.controls.styles.setCurrentIndex(1)
    until(application, lambda: shows(window, picture(48, 64)))
    press(window, Qt.Key.Key_9)
    assert window.controls.styles.currentIndex() == 1


def test_sliders(application: QApplication, window: Window) -> None:
    window.controls.strength.setValue(0)
    until(application, lambda: shows(window, picture(48, 64)))
    window.controls.strength.setValue(100)
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    window.controls.keep_colors.setValue(100)
    window.controls.stroke.setValue(30)
    until(application, lambda: shows(window, picture(48, 64)))
    assert window.live.dials == Dials(1.0, 1.0, 0.3, None)


def test_hold_to_compare(application: QApplication, window: Window) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    press(window, Qt.Key.Key_C)
    assert shows(window, picture(48, 64))
    press(window, Qt.Key.Key_C, QEvent.Type.KeyRelease)
    assert shows(window, 255 - picture(48, 64))


def test_pause(application: QApplication, window: Window) -> None:
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_Space)
    window.refresh()
    assert "paused" in window.controls.status.text()
    press(window, Qt.Key.Key_Space)
    assert not window.live.paused


def test_save(application: QApplication, window: Window, tmp_path: Path) -> None:
    assert window.save() is None
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    press(window, Qt.Key.Key_S)
    path = window.save()
    assert path is not None
    assert len(list(tmp_path.glob("livebrush-*.png"))) == 2
    assert (read_picture(path) == 255 - picture(48, 64)).all()
    assert str(path) in window.view.words


def test_full_screen_shows_the_picture_alone(application: QApplication, window: Window) -> None:
    press(window, Qt.Key.Key_F)
    assert window.isFullScreen()
    assert not window.controls.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.controls.isVisible()


def test_closing_stops_the_threads(application: QApplication, window: Window) -> None:
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    assert not [thread for thread in threading.enumerate() if thread.name in ("capture", "inference", "loader")]


def colour(window: Window) -> list[int]:
    """The colour in the middle of the picture shown, that of the whole picture with a tiny trunk."""
    image = window.view.image
    return [] if image is None else image[24, 32].tolist()


def texts(menu: QComboBox) -> list[str]:
    return [menu.itemText(i) for i in range(menu.count())]


def test_blend(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red")
    controls = window.controls
    until(application, lambda: colour(window) == [255, 0, 0])
    assert texts(controls.partner) == ["Blend with ...", "Blue", "Green"]
    assert not controls.mix.isEnabled()
    controls.partner.setCurrentIndex(1)
    assert controls.mix.isEnabled()
    until(application, lambda: colour(window) == [128, 0, 128])
    controls.mix.setValue(80)
    until(application, lambda: colour(window) == [51, 0, 204])
    controls.partner.setCurrentIndex(0)
    until(application, lambda: colour(window) == [255, 0, 0])
    assert not controls.mix.isEnabled()


def test_another_style_ends_the_blend(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red:1,blue:3")
    controls = window.controls
    assert (controls.styles.currentText(), controls.partner.currentText(), controls.mix.value()) == ("Red", "Blue", 75)
    until(application, lambda: colour(window) == [64, 0, 191])
    controls.styles.setCurrentIndex(controls.styles.findData("white"))
    assert texts(controls.partner) == ["Blend with ...", "Black"]
    until(application, lambda: colour(window) == [255, 255, 255])
    controls.styles.setCurrentIndex(controls.styles.findData("negative"))
    assert not controls.partner.isEnabled(), "a network of its own"
    until(application, lambda: shows(window, 255 - picture(48, 64)))


def test_a_blend_of_three_is_an_item_of_its_own(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red,green,blue")
    until(application, lambda: colour(window) == [85, 85, 85])
    assert window.controls.styles.currentText() == "Red + Green + Blue"
    press(window, Qt.Key.Key_1)
    until(application, lambda: window.live.style == window.controls.styles.itemData(0) and not window.live.loading)
    window.controls.follow()
    assert window.controls.styles.currentIndex() == 0


def test_no_blend_menu_where_nothing_can_be_blended(window: Window) -> None:
    assert not window.controls.partner.isVisible()
    assert not window.controls.mix.isVisible()
