"""Pictures that are dropped on the window or pasted into it become styles; with Shift, a picture is painted."""

from __future__ import annotations

from pathlib import Path

from realtime.live.sources import open_source
from realtime.window.window import Window
from tests.predictor_fakes import colour_picture, tiny_predictor
from tests.window_fakes import Open, Steady, press, until

# isort: split
from PyQt5.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent, QImage
from PyQt5.QtWidgets import QApplication


def drop(window: Window, path: Path, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    centre = QPointF(window.rect().center())
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(window.rect().center(), Qt.DropAction.CopyAction, data, left, modifiers)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    event = QDropEvent(centre, Qt.DropAction.CopyAction, data, left, modifiers)
    QApplication.sendEvent(window, event)


def all_of(window: Window, colour: tuple[int, int, int]) -> bool:
    return window.view.image is not None and bool((window.view.image == colour).all())


def test_a_picture_that_is_dropped_is_a_style_at_once(
    application: QApplication, opened: Open, pack: Path, tmp_path: Path
) -> None:
    tiny_predictor(pack)
    window = opened(pack, "black")
    path = colour_picture(tmp_path / "My Garden.png", 0, 255, 0)
    drop(window, path)
    until(application, lambda: all_of(window, (0, 255, 0)))
    assert window.live.style == str(path)
    assert window.chooser.words() == "my-garden"
    drop(window, colour_picture(path, 255, 0, 0))
    until(application, lambda: all_of(window, (255, 0, 0)))


def test_a_picture_that_is_pasted_is_a_style_too(application: QApplication, opened: Open, pack: Path) -> None:
    tiny_predictor(pack)
    window = opened(pack, "black")
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.blue)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    clipboard.setImage(image)
    press(window, Qt.Key.Key_V, modifiers=Qt.KeyboardModifier.ControlModifier)
    until(application, lambda: all_of(window, (0, 0, 255)))
    clipboard.clear()
    pasted = Path(window.live.style)
    window.close()
    assert not pasted.exists()


def test_with_shift_the_picture_itself_is_painted(
    application: QApplication, opened: Open, pack: Path, tmp_path: Path
) -> None:
    window = opened(pack, "black", lambda name: Steady() if name == "steady.mp4" else open_source(name, loop=True))
    path = colour_picture(tmp_path / "still.png", 0, 255, 0)
    drop(window, path, Qt.KeyboardModifier.ShiftModifier)
    assert (window.live.source, window.live.style) == (str(path), "black")
