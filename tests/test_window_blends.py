"""Blends and looks in the window: what the second menu, its slider and the digits do."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.looks import Look, numbered, save_look
from realtime.window.window import Window
from tests.conftest import picture
from tests.window_fakes import Open, press, shows, until

# isort: split
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QComboBox


def colour(window: Window) -> list[int]:
    """The colour in the middle of the picture shown, that of the whole picture with a tiny trunk."""
    image = window.view.image
    return [] if image is None else image[24, 32].tolist()


def texts(menu: QComboBox) -> list[str]:
    return [menu.itemText(i) for i in range(menu.count())]


def pair(window: Window, index: int) -> None:
    """Choose an item of the second menu, as a user does."""
    window.controls.partner.setCurrentIndex(index)
    window.controls.partner.activated.emit(index)


def test_blend(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red")
    controls = window.controls
    until(application, lambda: colour(window) == [255, 0, 0])
    assert texts(controls.partner) == ["Blend with …", "Blue", "Green"]
    assert not controls.mix.isEnabled()
    pair(window, 1)
    assert controls.mix.isEnabled()
    until(application, lambda: colour(window) == [128, 0, 128])
    controls.mix.setValue(80)
    until(application, lambda: colour(window) == [51, 0, 204])
    pair(window, 0)
    until(application, lambda: colour(window) == [255, 0, 0])
    assert not controls.mix.isEnabled()


def test_another_style_ends_the_blend(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red:1,blue:3")
    controls = window.controls
    assert (window.chooser.name, controls.partner.currentText(), controls.mix.value()) == ("red", "Blue", 75)
    until(application, lambda: colour(window) == [64, 0, 191])
    window.chooser.pick("white")
    assert texts(controls.partner) == ["Blend with …", "Black"]
    until(application, lambda: colour(window) == [255, 255, 255])
    window.chooser.pick("negative")
    assert not controls.partner.isEnabled(), "a network of its own"
    until(application, lambda: shows(window, 255 - picture(48, 64)))


def test_a_blend_of_three_is_an_item_of_its_own(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red,green,blue")
    until(application, lambda: colour(window) == [85, 85, 85])
    assert window.controls.partner.currentText() == "Green + Blue"
    assert not window.controls.mix.isEnabled()
    press(window, Qt.Key.Key_Right)
    until(application, lambda: window.live.style == window.chooser.name and not window.live.loading)
    assert window.controls.partner.currentText() == "Blend with …"


def test_digits_recall_looks_and_keep_them_with_ctrl(
    application: QApplication, opened: Open, pack: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIVEBRUSH_HOME", str(tmp_path / "home"))
    window = opened(pack, "red:1,blue:3")
    until(application, lambda: colour(window) == [64, 0, 191])
    press(window, Qt.Key.Key_4)
    until(application, lambda: "There is no look 4 yet" in window.view.words)
    window.controls.sliders["stroke"].setValue(20)
    press(window, Qt.Key.Key_4, modifiers=Qt.KeyboardModifier.ControlModifier)
    until(application, lambda: "Kept as look 4" in window.view.words)
    window.chooser.pick("green")
    window.controls.sliders["stroke"].setValue(90)
    until(application, lambda: colour(window) == [0, 255, 0])
    press(window, Qt.Key.Key_4)
    until(application, lambda: colour(window) == [64, 0, 191])
    assert window.live.dials.stroke == 0.2
    assert (window.controls.sliders["stroke"].value(), window.controls.mix.value()) == (20, 75)
    (tmp_path / "home" / "looks" / "4.json").write_text("{")
    press(window, Qt.Key.Key_4)
    until(application, lambda: "4.json can't be read" in window.view.words)


@pytest.mark.parametrize(
    ("style", "said"), [("red:x", "The look 4 can't be used"), ("gone", "the style gone, which isn't here")]
)
def test_a_look_whose_style_can_not_be_had_changes_nothing(
    application: QApplication,
    opened: Open,
    pack: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    style: str,
    said: str,
) -> None:
    monkeypatch.setenv("LIVEBRUSH_HOME", str(tmp_path / "home"))
    window = opened(pack, "red")
    until(application, lambda: colour(window) == [255, 0, 0])
    save_look(numbered(4), Look(style, stroke=0.2))
    press(window, Qt.Key.Key_4)
    until(application, lambda: said in window.view.words)
    assert (window.live.style, window.live.dials.stroke, window.chooser.names) == ("red", 1.0, ["red"])
