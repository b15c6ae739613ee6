"""What the tests of the window share: a source that never changes, and windows that are closed again."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from realtime.live import Dials, Live
from realtime.live.sources import Source
from realtime.log import Faults
from realtime.styles import Opener
from realtime.window.window import Window
from tests.conftest import picture
from weights.catalog import installed_styles
from weights.folders import Folders

# isort: split
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QApplication, QWidget


class Steady(Source):
    """The same picture for ever."""

    live = True

    def __init__(self) -> None:
        super().__init__("steady")

    def read(self) -> np.ndarray | None:
        time.sleep(0.005)
        return None if self._stopped.is_set() else picture(48, 64)


Open = Callable[..., Window]


def open_window(
    styles: Folders,
    style: str,
    source: Callable[[str], Source] | None = None,
    faults: Faults | None = None,
    **parts: Any,
) -> Window:
    """A window on the `styles` of folders; `source` opens another source by its name, `parts` go to the window."""
    live = Live(source or (lambda _: Steady()), "steady.mp4", Opener(styles, "cpu", 1), style, Dials(height=None))
    window = Window(live, installed_styles(styles), faults=faults, **parts)
    live.start()
    window.show()
    return window


def opener(saved: Path) -> Iterator[Open]:
    """`open_window`, whose windows save into `saved` and are closed again."""
    windows: list[Window] = []

    def opened(*words: Any, **parts: Any) -> Window:
        windows.append(open_window(*words, folder=saved, **parts))
        return windows[-1]

    yield opened
    for window in windows:
        window.close()


def until(application: QApplication, condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        application.processEvents()
        time.sleep(0.002)


def press(
    window: Window,
    key: int,
    kind: QEvent.Type = QEvent.Type.KeyPress,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QApplication.sendEvent(window, QKeyEvent(kind, key, modifiers))


def click(widget: QWidget, place: QPoint | None = None) -> None:
    """Click with the left button, in the middle where no place is given."""
    where = widget.rect().center() if place is None else place
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        mouse(widget, kind, where)


def mouse(widget: QWidget, kind: QEvent.Type, place: QPoint) -> None:
    """Press, move or let go of the left button; QTest's own way does not move it without a screen."""
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    QApplication.sendEvent(widget, QMouseEvent(kind, QPointF(place), button, held, Qt.KeyboardModifier.NoModifier))


def type_key(widget: QWidget, key: int, text: str = "") -> None:
    """Press and let go of a key on `widget`."""
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(widget, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))


def shows(window: Window, image: np.ndarray) -> bool:
    return window.view.image is not None and np.array_equal(window.view.image, image)


def held() -> tuple[int, int]:
    """How many threads and open files or handles the process has."""
    process = psutil.Process()
    gc.collect()
    return threading.active_count(), process.num_handles() if sys.platform == "win32" else process.num_fds()
