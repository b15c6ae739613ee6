"""The window, offscreen: it shows what is painted and hands on what is chosen."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realtime.live import Dials
from realtime.window.settings import Settings
from realtime.window.view import View
from realtime.window.window import Window
from tests.conftest import picture
from tests.read_back import read_picture
from tests.window_fakes import Open, click, mouse, press, shows, until

# isort: split
from PyQt5.QtCore import QEvent, QPoint, Qt
from PyQt5.QtWidgets import QApplication


def test_shows_the_painted_picture_and_how_it_goes(application: QApplication, window: Window) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    until(application, lambda: "fps" in window.status.toolTip())
    said = window.status.toolTip()
    assert "painted 64x48" in said
    assert "CPU" in said
    assert "dropped" in said
    assert window.gallery.tiles.names == ["negative", "same"]


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


def test_arrows_choose_styles(application: QApplication, window: Window) -> None:
    press(window, Qt.Key.Key_Right)
    until(application, lambda: shows(window, picture(48, 64)))
    press(window, Qt.Key.Key_Down)
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    press(window, Qt.Key.Key_Left)
    until(application, lambda: shows(window, picture(48, 64)))


def test_sliders(application: QApplication, window: Window) -> None:
    sliders = window.controls.sliders
    sliders["strength"].setValue(0)
    until(application, lambda: shows(window, picture(48, 64)))
    sliders["strength"].setValue(100)
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    sliders["keep_colors"].setValue(100)
    sliders["stroke"].setValue(30)
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
    assert "paused" in window.status.text()
    press(window, Qt.Key.Key_Space)
    assert not window.live.paused


def pngs(folder: Path) -> list[Path]:
    return list(folder.glob("livebrush-*.png"))


def test_snapshots_say_how_they_were_painted(application: QApplication, window: Window, tmp_path: Path) -> None:
    press(window, Qt.Key.Key_S)
    assert not pngs(tmp_path), "there is no picture yet"
    window.live.change(stroke=0.25)
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    press(window, Qt.Key.Key_S)
    press(window, Qt.Key.Key_S)
    until(application, lambda: len(pngs(tmp_path)) == 2)
    until(application, lambda: str(tmp_path) in window.view.words)
    path = pngs(tmp_path)[0]
    assert (read_picture(path) == 255 - picture(48, 64)).all()
    with Image.open(path) as png:
        words = png.info
    assert (words["Title"], words["Software"]) == ("Negative", "Livebrush")
    said = json.loads(words["livebrush"])
    assert (said["style"], said["stroke"], said["cards"][0]["license"]) == ("negative", 0.25, "MIT")


def test_a_snapshot_after_three_two_one(
    application: QApplication, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.window.snapshots._SECOND_MS", 20)
    until(application, lambda: window.view.image is not None)
    counts: list[int] = []
    window.snapshots.counted.connect(counts.append)
    press(window, Qt.Key.Key_S, modifiers=Qt.KeyboardModifier.ShiftModifier)
    until(application, lambda: len(pngs(tmp_path)) == 1)
    assert counts == [3, 2, 1, 0]
    window.snapshots.count_down()
    window.snapshots.count_down()
    assert counts[-1] == 0, "asked again, it is called off"


def test_full_screen_and_compact_show_the_picture_alone(application: QApplication, window: Window) -> None:
    parts = (window.bar, window.gallery, window.controls)
    press(window, Qt.Key.Key_F)
    assert window.isFullScreen()
    assert not any(part.isVisible() for part in parts)
    press(window, Qt.Key.Key_H)
    press(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert not any(part.isVisible() for part in parts)
    press(window, Qt.Key.Key_Escape)
    assert all(part.isVisible() for part in parts)


def test_always_on_top(application: QApplication, window: Window) -> None:
    press(window, Qt.Key.Key_T)
    assert window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    assert window.isVisible()
    press(window, Qt.Key.Key_T)
    assert not window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint


def test_closing_stops_the_threads(application: QApplication, window: Window) -> None:
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    names = ("capture", "inference", "loader", "previews", "snapshot")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(names)]


def red(view: View, part: float) -> int:
    """How red the picture is at three quarters of its height, and a part of its width."""
    view.show_words("")
    grabbed, place = view.grab().toImage(), view.place()
    ratio = grabbed.width() / view.width()
    x, y = place.left() + place.width() * part, place.top() + place.height() * 3 / 4
    return grabbed.pixelColor(int(x * ratio), int(y * ratio)).red()


def test_mirror_changes_what_is_seen_and_not_what_is_saved(
    application: QApplication, window: Window, tmp_path: Path
) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    left, right = red(window.view, 0.2), red(window.view, 0.8)
    assert abs(left - right) > 20
    click(window.bar.buttons["mirror"])
    assert red(window.view, 0.2) == pytest.approx(right, abs=3)
    assert red(window.view, 0.8) == pytest.approx(left, abs=3)
    press(window, Qt.Key.Key_S)
    until(application, lambda: len(pngs(tmp_path)) == 1)
    assert (read_picture(pngs(tmp_path)[0]) == 255 - picture(48, 64)).all()


def test_cameras_are_mirrored_and_clips_are_not(application: QApplication, window: Window) -> None:
    until(application, lambda: window.view.image is not None)
    assert not window.view.mirrored
    window.live.choose_source("0")
    window.refresh()
    assert window.view.mirrored
    press(window, Qt.Key.Key_M)
    for source in ("clip.mp4", "0"):
        window.live.choose_source(source)
        window.refresh()
        assert not window.view.mirrored, "of cameras it is remembered"


def test_before_and_after_with_a_divider_that_is_dragged(application: QApplication, window: Window) -> None:
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    view = window.view
    press(window, Qt.Key.Key_V)
    assert view.divider == 0.5
    place = view.place().toRect()
    before = int(picture(48, 64)[36, 19, 0])
    assert red(view, 0.3) == pytest.approx(before, abs=8)
    y = place.top() + place.height() * 3 // 4
    middle = QPoint(place.left() + place.width() // 2, y)
    mouse(view, QEvent.Type.MouseButtonPress, middle)
    mouse(view, QEvent.Type.MouseMove, QPoint(place.left() + round(place.width() * 0.1), y))
    mouse(view, QEvent.Type.MouseButtonRelease, middle)
    assert view.divider == pytest.approx(0.1, abs=0.01)
    assert red(view, 0.3) == pytest.approx(255 - before, abs=8)
    press(window, Qt.Key.Key_V)
    assert view.divider is None


def test_what_was_set_comes_back(application: QApplication, opened: Open, styles: Path, tmp_path: Path) -> None:
    settings = tmp_path / "window.ini"
    window = opened(styles, "negative", settings=Settings(settings))
    window.resize(700, 500)
    window.controls.sliders["strength"].setValue(40)
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_H)
    window.close()
    again = opened(styles, "negative", settings=Settings(settings))
    assert (again.width(), again.height()) == (700, 500)
    assert again.gallery.tiles.names == ["same", "negative"], "favourites first"
    assert not again.gallery.isVisible()
    assert again.memory.style({"negative", "same"}) == "same"
    assert again.memory.style({"negative"}) == "", "it has been removed meanwhile"
    assert again.memory.dials(Dials()).strength == 0.4
    assert again.memory.source() == "", "no file, no camera and no address"
