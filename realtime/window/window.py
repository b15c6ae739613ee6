"""The window: the painted picture over its controls, the keys and one line on how it goes."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

# ONNX Runtime (in styles) before Qt: on Windows the libraries that Qt brings would hide its own.
from realtime.live import Dials, Live, Painted
from realtime.live.sources import describe, open_source
from realtime.options import Options
from realtime.stills import StillPicture, write_still
from realtime.styles import Opener
from weights.card import Card
from weights.catalog import installed_styles
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import QEvent, QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PyQt5.QtGui import QCloseEvent, QKeyEvent
from PyQt5.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from realtime.window.controls import Controls
from realtime.window.view import View

_WORDS_SECONDS = 4.0
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
    """Shows what `live` paints and hands it what the user chooses. `cards` are the styles of the menu, in order."""

    def __init__(self, live: Live, cards: list[Card], snapshots: Path = Path()) -> None:
        super().__init__()
        self.live, self._snapshots = live, snapshots
        self._painted: Painted | None = None
        self._comparing = False
        self._words_until = 0.0
        self.view = View()
        self.controls = Controls(live, cards)
        self.controls.status.setToolTip(KEYS)
        self.setWindowTitle(f"Livebrush - {describe(live.source)}")
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
        painted = self.live.newest()
        if painted is not None:
            if self._painted is None:
                self.say(self.live.note or KEYS, 2 * _WORDS_SECONDS)
            self._painted = painted
            self._show()
        trouble = self.live.trouble()
        if trouble:
            self.say(trouble.words, 2 * _WORDS_SECONDS)
            self.controls.follow()
        elif time.monotonic() > self._words_until:
            self.view.show_words(self.live.state.words)
        self.controls.status.setText(self._status())

    def _show(self) -> None:
        if self._painted is not None:
            self.view.show_image(self._painted.original if self._comparing else self._painted.image)

    def _status(self) -> str:
        if self._painted is None:
            return f"loading {self.live.style} ..."
        speed = self.live.meter.read()
        h, w = self._painted.image.shape[:2]
        parts = [f"{w}x{h}", self.live.device.upper()]
        if speed.frames > 1 and not self.live.paused:
            parts = [f"{speed.fps:.1f} fps", f"{speed.p50_ms:.0f} ms", *parts]
        if self.live.loading:
            parts.append(f"loading {self.live.style} ...")
        elif self.live.paused:
            parts.append("paused")
        return " · ".join(parts)

    def say(self, words: str, seconds: float = _WORDS_SECONDS) -> None:
        """Show `words` over the picture for a while."""
        self._words_until = time.monotonic() + seconds
        self.view.show_words(words)

    # --- keys ---

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The keys of `KEYS`."""
        if event is None or (event.isAutoRepeat() and event.key() == Qt.Key.Key_C):
            return
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
            self.say(str(error))
            return None
        self.say(f"Saved {path.resolve()}")
        return path

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


def _say_only_what_matters(kind: QtMsgType, _: QMessageLogContext, message: str | None) -> None:
    """Qt's remarks about the desktop are of no use to someone who paints."""
    if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
        print(f"livebrush: the window system says: {message}", file=sys.stderr)


def run(options: Options, style: str, height: int, source: str) -> int:
    """Open the window on the source that `source` names and run it until it is closed; returns the exit code."""
    cards = [style.card for style in installed_styles(options.weights)]
    qInstallMessageHandler(_say_only_what_matters)
    application = QApplication.instance() or QApplication(["livebrush"])
    opener = Opener(options.weights, options.device, options.threads)
    dials = Dials(options.strength, options.keep_colors, options.stroke, height)
    live = Live(partial(open_source, height=height, loop=True), source, opener, style, dials)
    window = Window(live, cards)
    signal.signal(signal.SIGINT, lambda *_: window.close())  # Ctrl-C; the timer lets Python see it
    live.start()
    window.show()
    return int(application.exec_())
