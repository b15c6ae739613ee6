"""The window: the painted picture over its controls, the keys and one line on how it goes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from realtime.live import Live, Painted, State
from realtime.live.meter import Meter
from realtime.live.sources import describe
from realtime.log import Faults
from realtime.stills import StillPicture, write_still
from weights.card import Card
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import QEvent, Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QKeyEvent
from PyQt5.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from realtime.window.controls import Controls
from realtime.window.view import View
from realtime.window.words import REMARK_SECONDS, Words

_log = logging.getLogger(__name__)
_LOOK = """
QMainWindow, QWidget { background: #1b1b1d; color: #d8d8d8; font-size: 13px; }
QComboBox { background: #2b2b2e; border: 1px solid #3c3c40; border-radius: 4px; padding: 4px 10px; }
QComboBox:disabled { color: #6a6a6e; }
QComboBox QAbstractItemView { background: #2b2b2e; selection-background-color: #3d5a80; }
QSlider::groove:horizontal { height: 4px; background: #3c3c40; border-radius: 2px; }
QSlider { background: transparent; }
QSlider::sub-page:horizontal { background: #6c93c4; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; margin: -6px 0; background: #e6e6e6; border-radius: 7px; }
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: #4a4a4e; }
QToolTip { background: #2b2b2e; color: #d8d8d8; border: 1px solid #3c3c40; }
"""
KEYS = "1-9 or arrows: style · hold C: compare · space: pause · S: save · F: full screen · Esc: leave"


class Window(QMainWindow):
    """Shows what `live` paints and hands it what the user chooses.

    `cards` are the styles of the menu, in order; `faults` are said as they come.
    """

    def __init__(self, live: Live, cards: list[Card], snapshots: Path = Path(), faults: Faults | None = None) -> None:
        super().__init__()
        self.live, self._snapshots, self._faults = live, snapshots, faults or Faults()
        self._painted: Painted | None = None
        self._comparing = False
        self._drawn = True  # whether the newest picture has reached the screen, or is an old one painted anew
        self._words, self._delay = Words(), Meter()
        self.view = View()
        self.view.clicked.connect(self._words.settle)
        self.view.drawn.connect(self._measure)
        self.controls = Controls(live, cards)
        self.controls.changed.connect(self._words.settle)
        self.controls.status.setToolTip(KEYS)
        self.setStyleSheet(_LOOK)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self.controls)
        self.setCentralWidget(body)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(self._interval())

    def _interval(self) -> int:
        screen = QApplication.primaryScreen()
        rate = screen.refreshRate() if screen is not None else 60.0
        return max(5, int(1000 / max(rate, 30.0)))

    def refresh(self) -> None:
        """Show the newest painted frame and how it goes; the timer calls it at display rate."""
        self._speak()
        painted = self.live.newest()
        if painted is not None:
            if self._painted is None:
                self._words.remark(self.live.note or KEYS, 2 * REMARK_SECONDS)
            self._drawn = self._painted is not None and painted.captured == self._painted.captured
            self._painted = painted
            self._show()
        self.controls.follow()
        self.controls.status.setText(self._status())
        self.setWindowTitle(f"Livebrush - {describe(self.live.source)}")

    def _speak(self) -> None:
        trouble = self.live.trouble()
        if trouble is not None:
            self._words.complain(self._whole(trouble))
        fault = self._faults.take()
        if fault:
            self._words.complain(fault)
        self.view.show_words(self._words.now(self._whole(self.live.state)))

    def _whole(self, state: State) -> str:
        return f"{state.words} {self._faults.more()}".rstrip() if state.unforeseen else state.words

    def _show(self) -> None:
        if self._painted is not None:
            self.view.show_image(self._painted.original if self._comparing else self._painted.image)

    def _measure(self) -> None:
        """The newest picture is on the screen: how late it is."""
        if self._painted is not None and not self._drawn:
            self._drawn = True
            self._delay.add(time.monotonic() - self._painted.captured)

    def _status(self) -> str:
        if self._painted is None:
            return f"loading {self.live.style} ..." if self.live.loading else "no picture yet"
        speed = self.live.meter.read()
        h, w = self._painted.image.shape[:2]
        parts = [f"{w}x{h}", self.live.runs_on]
        if speed.frames > 1 and not self.live.paused:
            delay = f"delay {self._delay.read().p50_ms:.0f} ms"
            parts = [f"{speed.fps:.1f} fps", f"{speed.p50_ms:.0f} ms", delay, *parts]
        if self.live.loading:
            parts.append(f"loading {self.live.style} ...")
        elif self.live.paused:
            parts.append("paused")
        return " · ".join(parts)

    # --- keys ---

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The keys of `KEYS`."""
        if event is None or (event.isAutoRepeat() and event.key() == Qt.Key.Key_C):
            return
        self._words.settle()
        key = event.key()
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.controls.pick(key - Qt.Key.Key_1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.controls.step(1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.controls.step(-1)
        elif key in self._actions():
            self._actions()[key]()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Letting go of C ends the comparison."""
        if event is not None and event.key() == Qt.Key.Key_C and not event.isAutoRepeat():
            self.compare(False)

    def _actions(self) -> dict[int, Callable[[], object]]:
        return {
            Qt.Key.Key_C: partial(self.compare, True),
            Qt.Key.Key_Space: lambda: self.live.pause(not self.live.paused),
            Qt.Key.Key_S: self.save,
            Qt.Key.Key_F: self.toggle_full_screen,
            Qt.Key.Key_Escape: self.leave,
        }

    def compare(self, on: bool) -> None:
        """Show the frame as it was, or painted again."""
        self._comparing = on
        self._show()

    def toggle_full_screen(self) -> None:
        """Fill the screen with the picture alone, or go back."""
        full = not self.isFullScreen()
        self.controls.setVisible(not full)
        (self.showFullScreen if full else self.showNormal)()

    def leave(self) -> None:
        """Leave full screen, else the program."""
        if self.isFullScreen():
            self.toggle_full_screen()
        else:
            self.close()

    def save(self) -> Path | None:
        """Save the picture shown as a PNG in the working folder; returns where."""
        if self.view.image is None:
            return None
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = self._snapshots / f"livebrush-{stamp}.png"
        number = 2
        while path.exists():
            path = self._snapshots / f"livebrush-{stamp}-{number}.png"
            number += 1
        try:
            write_still(StillPicture(self.view.image), path)
        except InputError as error:
            _log.warning("%s", error, exc_info=error)
            self._words.complain(str(error))
        else:
            self._words.remark(f"Saved {path.resolve()}")
        self._speak()
        return path if path.exists() else None

    def changeEvent(self, event: QEvent | None) -> None:
        """Losing the focus ends the comparison: the key may be let go elsewhere."""
        if event is not None and event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.compare(False)
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop the threads before the window goes."""
        self._timer.stop()
        self.live.stop()
        super().closeEvent(event)
