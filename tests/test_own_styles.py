"""Styles of the user's own in the window: a picture has a tile at once, is kept under a name, renamed and removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.styles import Opener
from realtime.window.memory import Memory
from realtime.window.previews import Previews
from realtime.window.settings import Settings
from realtime.window.shelf import Shelf
from realtime.window.window import Window
from tests.predictor_fakes import colour_picture, tiny_predictor
from tests.test_window_drops import all_of, drop
from tests.window_fakes import Open, click, press, until
from weights.catalog import installed_styles

# isort: split
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QContextMenuEvent
from PyQt5.QtWidgets import QApplication, QInputDialog, QMenu, QMessageBox

GREEN = (0, 255, 0)


@pytest.fixture
def folders(pack: Path, own_styles: Path) -> tuple[Path, Path]:
    """The user's own styles, and those of `pack` with a predictor."""
    tiny_predictor(pack)
    return own_styles, pack


@pytest.fixture
def green(tmp_path: Path) -> Path:
    return colour_picture(tmp_path / "Mine.png", *GREEN)


def open_one(opened: Open, folders: tuple[Path, Path], style: str = "red", **parts: object) -> Window:
    opener = Opener(folders, "cpu", 1)
    previews = Previews(Opener(folders, "cpu", 1, "onnxruntime"), installed_styles(folders))
    previews.start()
    return opened(folders, style, shelf=Shelf(opener), previews=previews, **parts)


def pictured(application: QApplication, window: Window, path: Path) -> None:
    """Drop the picture, and wait for its style and its tile."""
    drop(window, path)
    until(application, lambda: str(path) in window.gallery.tiles.names and all_of(window, GREEN))


def answer(window: Window, name: str) -> None:
    """Type `name` into the question, and say yes."""
    dialog = next(dialog for dialog in window.findChildren(QInputDialog) if dialog.isVisible())
    dialog.setTextValue(name)
    dialog.accept()


def kept(application: QApplication, window: Window, path: Path, name: str = "My Garden") -> None:
    pictured(application, window, path)
    press(window, Qt.Key.Key_K)
    answer(window, name)
    until(application, lambda: window.live.style != str(path))


def test_a_picture_that_is_dropped_has_a_tile_at_once(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders)
    tiles = window.gallery.tiles
    assert not window.gallery.keep.isVisible()
    pictured(application, window, green)
    assert tiles.names[0] == str(green)
    assert tiles.index(0).data() == "Mine" and "not kept" in tiles.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert tiles.index(0).data(Qt.ItemDataRole.DecorationRole).width() > 0
    assert window.gallery.list.currentIndex().row() == 0
    assert window.gallery.keep.isVisible() and not window.gallery.own.isVisible()
    assert "blue" in window.chooser.partners()
    press(window, Qt.Key.Key_Delete)
    assert str(green) not in tiles.names and window.live.style != str(green)
    assert not installed_styles(folders[:1])


def test_a_style_that_is_kept_is_there_again(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders)
    pictured(application, window, green)
    click(window.gallery.keep)
    answer(window, "My Garden")
    until(application, lambda: window.live.style == "my-garden")
    tiles = window.gallery.tiles
    assert str(green) not in tiles.names and tiles.index(tiles.names.index("my-garden")).data() == "My Garden"
    assert window.chooser.words() == "My Garden"
    assert not window.gallery.keep.isVisible() and window.gallery.own.isVisible()
    until(application, lambda: "My Garden is among your styles" in window.view.words)
    until(application, lambda: bool(tiles.index(tiles.names.index("my-garden")).data(Qt.ItemDataRole.DecorationRole)))
    window.close()
    green.unlink()
    again = open_one(opened, folders, "my-garden")
    until(application, lambda: all_of(again, GREEN))
    assert "my-garden" in again.gallery.tiles.own


def test_a_picture_in_use_at_the_end_is_in_use_at_the_next_start(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders, settings=(settings := Settings()))
    pictured(application, window, green)
    window.close()
    style = Memory(settings).style({"red"})
    assert style == str(green)
    again = open_one(opened, folders, style)
    until(application, lambda: str(green) in again.gallery.tiles.pictures and all_of(again, GREEN))
    green.unlink()
    assert Memory(settings).style({"red"}) == ""


def test_a_kept_style_is_renamed_and_stays_a_favourite(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders, settings=(settings := Settings()))
    kept(application, window, green)
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_F2)
    answer(window, "Our Garden")
    until(application, lambda: window.live.style == "our-garden")
    assert settings.texts("favourites") == ["our-garden"]
    assert "my-garden" not in window.gallery.tiles.names and "my-garden" not in window.chooser.cards
    assert [style.card.title for style in installed_styles(folders[:1])] == ["Our Garden"]
    until(application, lambda: all_of(window, GREEN))


def test_a_kept_style_is_removed_after_a_question(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders)
    kept(application, window, green)
    for answered, left in ((QMessageBox.StandardButton.Cancel, 1), (QMessageBox.StandardButton.Yes, 0)):
        press(window, Qt.Key.Key_Delete)
        box = next(box for box in window.findChildren(QMessageBox) if box.isVisible())
        button = box.button(answered)
        assert button is not None
        button.click()
        until(application, lambda left=left: len(installed_styles(folders[:1])) == left)  # type: ignore[misc]
    until(application, lambda: "my-garden" not in window.gallery.tiles.names)
    assert window.live.style in window.gallery.tiles.names
    until(application, lambda: window.view.words == "Removed")


def test_a_blend_is_kept_too(application: QApplication, opened: Open, folders: tuple[Path, Path]) -> None:
    window = open_one(opened, folders)
    window.chooser.pair("blue")
    assert window.gallery.keep.isVisible()
    press(window, Qt.Key.Key_K)
    answer(window, "Violet")
    until(application, lambda: window.live.style == "violet")
    assert window.chooser.names == ["violet"]


def test_only_what_is_ones_own_is_kept_renamed_and_removed(
    application: QApplication, opened: Open, folders: tuple[Path, Path]
) -> None:
    window = open_one(opened, folders)
    for key in (Qt.Key.Key_K, Qt.Key.Key_F2, Qt.Key.Key_Delete):
        press(window, key)
        window.refresh()
        assert not window.findChildren(QInputDialog) and not window.findChildren(QMessageBox)
    press(window, Qt.Key.Key_Delete)
    until(application, lambda: "that you have kept" in window.view.words)


def test_a_name_that_is_taken_is_said(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders)
    pictured(application, window, green)
    press(window, Qt.Key.Key_K)
    answer(window, "Blue")
    until(application, lambda: "There is a style called blue already" in window.view.words)
    assert window.live.style == str(green)


def test_the_menu_of_a_tile_says_what_can_be_done_with_it(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path
) -> None:
    window = open_one(opened, folders)
    kept(application, window, green)
    said = {}
    for name in ("red", "my-garden"):
        before = set(window.findChildren(QMenu))
        rows, tiles = window.gallery.list, window.gallery.tiles
        place = rows.visualRect(tiles.index(tiles.names.index(name))).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, rows.mapToGlobal(place))
        QApplication.sendEvent(rows.viewport(), event)
        (menu,) = set(window.findChildren(QMenu)) - before
        said[name] = [action.text() for action in menu.actions()]
        menu.close()
    assert said == {"red": ["Favourite, or not"], "my-garden": ["Favourite, or not", "Rename …", "Remove …"]}


def test_a_picture_that_can_not_be_read_has_no_tile(
    application: QApplication, opened: Open, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    window = open_one(opened, folders)
    until(application, lambda: window.view.image is not None)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    drop(window, broken)
    until(application, lambda: "broken.png" in window.view.words)
    until(application, lambda: window.live.style == "red")  # the loader may say so after the shelf
    assert str(broken) not in window.gallery.tiles.names
