"""The gallery, the row of neighbours and their small paintings; what the keys and tooltips say."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.thumbnails import refresh
from realtime.live.styling import Paints
from realtime.styles import Opener
from realtime.window.keys import KEYS
from realtime.window.previews import Preview, Previews
from realtime.window.settings import Settings
from realtime.window.status import StatusLine
from realtime.window.strip import COUNT, Strip, around
from realtime.window.tiles import FAVOURITE, PAINTER, Tiles
from realtime.window.view import View
from realtime.window.window import Window
from tests.conftest import picture
from tests.window_fakes import Open, click, press, type_key, until
from weights.catalog import installed_styles
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import QPoint, QRect, Qt
from PyQt5.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QSlider,
    QStyle,
    QToolButton,
)


def click_tile(window: Window, name: str, inset: QPoint | None = None) -> None:
    """Click on the tile of `name`, in its middle or so far from its top right corner."""
    rows = window.gallery.list
    tile = rows.visualRect(window.gallery.tiles.index(window.gallery.tiles.names.index(name)))
    viewport = rows.viewport()
    assert viewport is not None
    click(viewport, tile.center() if inset is None else tile.topRight() + inset)


def test_a_click_chooses_and_a_star_makes_a_favourite(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red", settings=(kept := Settings()))
    tiles = window.gallery.tiles
    click_tile(window, "green")
    assert window.live.style == "green"
    click_tile(window, "white", QPoint(-18, 18))
    assert window.live.style == "green", "a star chooses nothing"
    assert tiles.names[0] == "white" and tiles.index(0).data(FAVOURITE)
    assert kept.texts("favourites") == ["white"]
    assert window.gallery.list.currentIndex().row() == tiles.names.index("green")
    click_tile(window, "white", QPoint(-18, 18))
    assert kept.texts("favourites") == []


def test_the_search_finds_titles_and_painters(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red")
    press(window, Qt.Key.Key_Slash)
    for letter in "NOBODY bl":
        type_key(window.gallery.search, 0, letter)
    assert window.gallery.tiles.names == ["black", "blue"]
    type_key(window.gallery.search, Qt.Key.Key_Return)
    assert window.live.style == "black"
    press(window, Qt.Key.Key_Right)
    assert window.live.style == "blue", "the arrows go among what was found"
    window.gallery.search.setFocus()
    type_key(window.gallery.search, Qt.Key.Key_Escape)
    assert window.gallery.search.text() == ""
    assert len(window.gallery.tiles.names) == 6


def test_the_arrow_keys_choose_in_the_list(application: QApplication, opened: Open, pack: Path) -> None:
    window = opened(pack, "red")
    window.activateWindow()
    window.gallery.list.setFocus()
    until(application, window.gallery.list.hasFocus)
    names = window.gallery.tiles.names
    type_key(window.gallery.list, Qt.Key.Key_Home)
    assert window.live.style == names[0]
    type_key(window.gallery.list, Qt.Key.Key_Right)
    assert window.live.style == names[1]
    type_key(window.gallery.list, Qt.Key.Key_M)
    assert window.view.mirrored, "letters are the window's"


def test_styles_of_one_title_can_be_told_apart(opened: Open, pack: Path) -> None:
    styles = installed_styles([pack])
    twin = replace(styles[1], card=replace(styles[1].card, title=styles[0].card.title))
    tiles = Tiles([styles[0], twin, styles[2]], set())
    assert [tiles.index(row).data(PAINTER) for row in range(3)] == [styles[0].card.name, twin.card.name, "Nobody"]


def test_neighbours_go_round() -> None:
    order = list("abcdefg")
    assert around("a", order) == ["f", "g", "a", "b", "c"]
    assert around("b", list("abc")) == ["a", "b", "c"]
    assert around("x", order) == order[:COUNT]


@pytest.fixture
def small(pack: Path) -> Previews:
    return Previews(Opener(pack, "cpu", 1, "onnxruntime"), installed_styles([pack]))


def taken(previews: Previews, seconds: float = 5.0) -> list[Preview]:
    deadline = time.monotonic() + seconds
    while not (found := previews.take()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


def test_thumbnails_come_from_their_files_or_are_painted(pack: Path, small: Previews) -> None:
    refresh(pack)
    for style in installed_styles([pack]):
        if style.card.name in ("red", "white"):
            style.thumbnail.unlink()
    (pack / "thumbnails" / "blue.webp").write_bytes(b"damaged")
    small.start()
    found: dict[str, Preview] = {}
    while len(found) < 6:
        found |= {preview.style: preview for preview in taken(small)}
    small.stop()
    small.join(5)
    assert not any(preview.live for preview in found.values())
    assert all(preview.image.shape == (240, 320, 3) for preview in found.values())
    for name, colour in (("red", [255, 0, 0]), ("blue", [0, 0, 255]), ("green", [0, 255, 0])):
        assert np.abs(found[name].image[100, 100].astype(int) - colour).max() < 12


def test_the_row_of_neighbours_paints_the_newest_frame(
    application: QApplication, opened: Open, pack: Path, small: Previews
) -> None:
    refresh(pack)
    window = opened(pack, "red", previews=small)
    small.start()
    strip = window.browsing.strip
    assert not strip.isVisible()
    press(window, Qt.Key.Key_Right)
    assert strip.isVisible() and window.live.style in strip.names
    seen: set[str] = set()
    offered = small._put

    def put(preview: Preview) -> None:
        if preview.live:
            seen.add(preview.style)
        offered(preview)

    small._put = put  # type: ignore[method-assign]
    until(application, lambda: seen == set(strip.names))
    name, place = strip.places()[0]
    click(strip, place.center().toPoint())
    assert window.live.style == name
    strip._until = 0.0
    until(application, lambda: not strip.isVisible() and not small.wanted)


def test_a_style_that_can_not_be_opened_has_no_preview(pack: Path) -> None:
    def gone(name: str) -> Paints:
        raise InputError(f"{name} is gone")

    previews = Previews(gone, [])
    previews.start()
    previews.neighbours("red")
    previews.offer(picture(48, 64))
    time.sleep(0.1)
    assert previews.take() == []
    assert previews._thread.is_alive()
    previews.stop()
    previews.join(5)
    assert not previews._thread.is_alive()


def test_the_question_mark_shows_the_keys(application: QApplication, window: Window) -> None:
    press(window, Qt.Key.Key_Question, modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert window.card.isVisible()
    type_key(window.card, Qt.Key.Key_A)
    assert not window.card.isVisible()
    click(window.bar.buttons["keys"])
    assert window.card.isVisible()
    click(window.card)
    assert not window.card.isVisible()


def test_the_keys_fit_into_a_small_window(application: QApplication, window: Window) -> None:
    window.resize(640, 480)
    press(window, Qt.Key.Key_Question, modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert window.rect().contains(window.card.geometry()), window.card.geometry()


def test_icons_and_gaps_grow_with_a_tall_window(application: QApplication, window: Window) -> None:
    def sizes(height: int) -> np.ndarray:
        window.resize(1000, height)
        search, style = window.gallery.search, window.gallery.search.style()
        layout = window.controls.layout()
        assert style is not None and layout is not None
        icon = style.pixelMetric(QStyle.PixelMetric.PM_SmallIconSize, None, search)
        status = window.status.width() - window.status.contentsRect().width()
        return np.array([icon, layout.spacing(), layout.contentsMargins().left(), status])

    usual = sizes(1000)
    assert usual.tolist() == [16, 18, 12, 24]
    assert (sizes(2160) == 2 * usual).all()


def test_the_row_grows_with_its_letters(application: QApplication, window: Window) -> None:
    strip = window.browsing.strip

    def tile(height: int) -> float:
        window.resize(1000, height)
        strip.browse("same", {}, ["negative", "same"])
        strip.lie_in(QRect(0, 0, 4000, 2000))
        return strip.places()[0][1].width()

    assert tile(2160) > 1.8 * tile(1000)


def test_each_key_does_something() -> None:
    actions = [key.action for key in KEYS if key.action]
    assert len(set(actions)) == len(actions)


def test_the_keys_and_the_actions_are_one(window: Window) -> None:
    assert {key.action for key in KEYS if key.action} == set(window._actions)


def test_everything_one_can_use_says_what_it_is(window: Window) -> None:
    kinds = (QToolButton, QPushButton, QSlider, QComboBox, QLineEdit, QListView, View, Strip, StatusLine)
    found = [widget for kind in kinds for widget in window.findChildren(kind)]
    own = [
        w for w in found if w.window() is window and not isinstance(w.parent(), QLineEdit)
    ]  # Qt has parts of its own
    assert len(own) > 15
    for widget in own:
        assert widget.accessibleName(), f"{type(widget).__name__} with the tooltip {widget.toolTip()!r}"
        assert widget.toolTip() or isinstance(widget, View), widget.accessibleName()
    for menu in window.findChildren(QMenu):
        assert menu.title() and menu.toolTipsVisible()
        assert all(action.toolTip() for action in menu.actions() if not action.isSeparator())
