"""The window: the painted picture, the styles, two sliders and one line on how it goes."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

# ONNX Runtime (in styles) before Qt: on Windows the libraries that Qt brings would hide its own.
from realtime.live import Live, Painted, Settings
from realtime.options import Options
from realtime.sources import Source
from realtime.stills import StillPicture, write_still
from realtime.styles import open_style
from weights.card import Card, read_catalog
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import QEvent, QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PyQt5.QtGui import QCloseEvent, QKeyEvent
from PyQt5.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QMainWindow, QSlider, QVBoxLayout, QWidget

from realtime.view import View

_WORDS_SECONDS = 4.0
_LOOK = """
QMainWindow, QWidget { background: #1b1b1d; color: #d8d8d8; font-size: 13px; }
QComboBox { background: #2b2b2e; border: 1px solid #3c3c40; border-radius: 4px; padding: 4px 10px; }
QComboBox QAbstractItemView { background: #2b2b2e; selection-background-color: #3d5a80; }
QSlider::groove:horizontal { height: 4px; background: #3c3c40; border-radius: 2px; }
QSlider { background: transparent; }
QSlider::sub-page:horizontal { background: #6c93c4; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; margin: -6px 0; background: #e6e6e6; border-radius: 7px; }
QToolTip { background: #2b2b2e; color: #d8d8d8; border: 1px solid #3c3c40; }
"""
KEYS = "1-9 or arrows: style · hold C: compare · space: pause · S: save · F: full screen · Esc: leave"


class Window(QMainWindow):
    """Shows what `live` paints and hands it what the user chooses. `cards` are the styles of the menu, in order."""

    def __init__(self, live: Live, cards: list[Card], snapshots: Path = Path()) -> None:
        super().__init__()
        self.live, self._cards, self._snapshots = live, cards, snapshots
        self._painted: Painted | None = None
        self._comparing = False
        self._words_until = 0.0
        self.view = View()
        self.styles = QComboBox()
        self.strength = _slider(live.settings.strength)
        self.keep_colors = _slider(live.settings.keep_colors)
        self.status = QLabel("opening ...")
        self._build()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(self._interval())

    def _build(self) -> None:
        self.setWindowTitle(f"Livebrush - {self.live.source.name}")
        for card in self._cards:
            self.styles.addItem(card.title or card.name, card.name)
            self.styles.setItemData(self.styles.count() - 1, card.picture.painter, Qt.ItemDataRole.ToolTipRole)
        self.styles.setCurrentIndex(max(0, self.styles.findData(self.live.style)))
        self.styles.currentIndexChanged.connect(lambda index: self.live.choose(self.styles.itemData(index)))
        self.strength.valueChanged.connect(lambda value: self.live.change(strength=value / 100))
        self.keep_colors.valueChanged.connect(lambda value: self.live.change(keep_colors=value / 100))
        self.setStyleSheet(_LOOK)
        self.controls = QWidget()
        row = QHBoxLayout(self.controls)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(self.styles)
        self.styles.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.styles.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the window
        for words, slider in (("Strength", self.strength), ("Keep colours", self.keep_colors)):
            row.addWidget(_labelled(words, slider))
            row.addWidget(slider, 1)
            slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self.status, 0, Qt.AlignmentFlag.AlignVCenter)
        self.status.setToolTip(KEYS)
        self.status.setMinimumWidth(self.fontMetrics().horizontalAdvance("00.0 fps · 000 ms · 0000x0000 · CUDA"))
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self.controls)
        self.setCentralWidget(body)

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
            self.say(trouble, seconds=3600 if self.live.ended or self._painted is None else 2 * _WORDS_SECONDS)
            self._follow_style()
        elif self.view.words and time.monotonic() > self._words_until:
            self.view.show_words("")
        self.status.setText(self._status())

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
        if self._painted.style != self.live.style:
            parts.append(f"loading {self.live.style} ...")
        elif self.live.paused:
            parts.append("paused")
        return " · ".join(parts)

    def say(self, words: str, seconds: float = _WORDS_SECONDS) -> None:
        """Show `words` over the picture for a while."""
        self._words_until = time.monotonic() + seconds
        self.view.show_words(words)

    def _follow_style(self) -> None:
        """Show the style in use again, after one could not be opened."""
        self.styles.blockSignals(True)
        self.styles.setCurrentIndex(max(0, self.styles.findData(self.live.style)))
        self.styles.blockSignals(False)

    # --- keys ---

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The keys of `KEYS`."""
        if event is None or (event.isAutoRepeat() and event.key() == Qt.Key.Key_C):
            return
        key = event.key()
        count = self.styles.count()
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and key - Qt.Key.Key_1 < count:
            self.styles.setCurrentIndex(key - Qt.Key.Key_1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down) and count:
            self.styles.setCurrentIndex((self.styles.currentIndex() + 1) % count)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Up) and count:
            self.styles.setCurrentIndex((self.styles.currentIndex() - 1) % count)
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


def _slider(value: float) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setPageStep(10)
    slider.setMinimumWidth(80)
    slider.setValue(round(value * 100))
    return slider


def _labelled(words: str, slider: QSlider) -> QLabel:
    """A label that says `words` and where `slider` stands, as wide as it will ever be."""
    label = QLabel()
    slider.valueChanged.connect(lambda value: label.setText(f"{words} {value} %"))
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(f"{words} 100 %") + 12)
    label.setText(f"{words} {slider.value()} %")
    return label


def _say_only_what_matters(kind: QtMsgType, _: QMessageLogContext, message: str | None) -> None:
    """Qt's remarks about the desktop are of no use to someone who paints."""
    if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
        print(f"livebrush: the window system says: {message}", file=sys.stderr)


def run(options: Options, style: str, height: int, source: Source) -> int:
    """Open the window on `source` and run it until it is closed; returns the exit code."""
    cards = [entry.card for entry in read_catalog(options.weights)]
    qInstallMessageHandler(_say_only_what_matters)
    application = QApplication.instance() or QApplication(["livebrush"])
    opener = partial(open_style, folder=options.weights, device=options.device, threads=options.threads)
    live = Live(source, opener, style, Settings(options.strength, options.keep_colors, height))
    window = Window(live, cards)
    signal.signal(signal.SIGINT, lambda *_: window.close())  # Ctrl-C; the timer lets Python see it
    live.start()
    window.show()
    return int(application.exec_())
