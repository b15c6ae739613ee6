"""What somebody does at the window in a minute: `python -m tests.display_scenario STYLES FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from realtime.window.application import make_application
from realtime.window.window import Window
from tests.conftest import picture
from tests.hand import Hand
from tests.window_fakes import open_window, shows, until

# isort: split
from PyQt5.QtCore import QPoint, Qt, QTimer
from PyQt5.QtWidgets import QApplication, QSlider


def flat(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((48, 64, 3), (red, green, blue), np.uint8)


def tile(window: Window, name: str) -> QPoint:
    """The middle of a tile of the gallery."""
    rows = window.gallery.list
    return rows.visualRect(window.gallery.tiles.index(window.gallery.tiles.names.index(name))).center()


def handle(slider: QSlider, value: int) -> QPoint:
    """Where the handle of a slider stands at `value`, about."""
    return QPoint(7 + round((slider.width() - 14) * value / 100), slider.height() // 2)


def choose(application: QApplication, window: Window, hand: Hand) -> None:
    viewport = window.gallery.list.viewport()
    assert viewport is not None
    hand.click(viewport, tile(window, "green"))
    until(application, lambda: shows(window, flat(0, 255, 0)))
    hand.click(window.view)
    hand.key(Qt.Key.Key_Slash)
    for letter in "BLUE":
        hand.key(ord(letter))
    assert window.gallery.tiles.names == ["blue"], window.gallery.search.text()
    hand.key(Qt.Key.Key_Escape)
    assert len(window.gallery.tiles.names) == 6 and window.live.style == "green"


def turn(application: QApplication, window: Window, hand: Hand) -> None:
    slider = window.controls.strength
    hand.drag(slider, handle(slider, 100), handle(slider, 0))
    until(application, lambda: shows(window, picture(48, 64)))
    hand.click(window.view)
    hand.key(Qt.Key.Key_2, control=True)
    hand.drag(slider, handle(slider, 0), handle(slider, 100))
    until(application, lambda: shows(window, flat(0, 255, 0)))
    hand.click(window.view)
    hand.key(Qt.Key.Key_2)
    until(application, lambda: shows(window, picture(48, 64)))
    hand.drag(slider, handle(slider, 0), handle(slider, 100))
    until(application, lambda: shows(window, flat(0, 255, 0)))


def look(window: Window, hand: Hand) -> None:
    hand.click(window.bar.buttons["split"])
    assert window.view.divider == 0.5
    place = window.view.place().toRect()
    hand.drag(window.view, place.center(), QPoint(place.left() + place.width() // 4, place.center().y()))
    assert abs(window.view.divider - 0.25) < 0.02
    hand.key(Qt.Key.Key_V)
    assert window.view.divider is None
    hand.key(Qt.Key.Key_M)
    assert window.view.mirrored and window.bar.buttons["mirror"].isChecked()
    hand.click(window.bar.buttons["keys"])
    assert window.card.isVisible()
    hand.key(Qt.Key.Key_Escape)
    assert not window.card.isVisible() and window.isVisible()
    hand.key(Qt.Key.Key_H)
    assert not window.bar.isVisible()
    hand.key(Qt.Key.Key_Escape)
    assert window.bar.isVisible()


def save(application: QApplication, window: Window, hand: Hand, folder: Path) -> None:
    hand.click(window.bar.buttons["snapshot"])
    until(application, lambda: len(list(folder.glob("*.png"))) == 1)
    hand.key(Qt.Key.Key_R)
    until(application, lambda: (window.outgoing.seconds or 0) > 0.2)
    hand.click(window.bar.buttons["record"])
    until(application, lambda: len(list(folder.glob("*.mp4"))) == 1 and window.outgoing.seconds is None)
    opened: list[bool] = []

    def leave() -> None:
        opened.append(window.out_menu.isVisible())
        hand.key(Qt.Key.Key_Escape)
        window.out_menu.close()

    QTimer.singleShot(400, leave)
    hand.click(window.bar.buttons["out"])  # does not come back before the menu is closed
    until(application, lambda: opened == [True] and not window.out_menu.isVisible())
    assert window.isVisible()


def main() -> int:
    pack, folder = Path(sys.argv[1]), Path(sys.argv[2])
    application = make_application()
    hand = Hand(application)
    print("the X server's events" if hand.real else "Qt's own events", flush=True)
    window = open_window(pack, "red", folder=folder)
    try:
        window.resize(1000, 700)
        window.activateWindow()
        until(application, lambda: shows(window, flat(255, 0, 0)))
        hand.rest(0.3)
        choose(application, window, hand)
        turn(application, window, hand)
        look(window, hand)
        save(application, window, hand, folder)
        hand.click(window.view)
        hand.key(Qt.Key.Key_Escape)
        assert not window.isVisible()
    finally:
        window.close()
    print("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
