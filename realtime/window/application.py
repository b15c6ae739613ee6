"""The window as a program: Qt is set up, faults are caught, Ctrl-C is heard."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from realtime.live import Dials, Live
from realtime.live.asked import outputs_of
from realtime.live.pace import Pace
from realtime.live.sources import open_source
from realtime.log import Faults, start_log
from realtime.options import Options
from realtime.styles import Opener, before_qt  # noqa: F401
from weights.catalog import installed_styles

# isort: split
from PyQt5.QtCore import QCoreApplication, QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QApplication

from realtime.window.window import Window

_WATCH_MS = 100


def _say_only_what_matters(kind: QtMsgType, _: QMessageLogContext, message: str | None) -> None:
    """Qt's remarks about the desktop are of no use to someone who paints."""
    if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
        print(f"livebrush: the window system says: {message}", file=sys.stderr)


def make_application() -> QApplication:
    """The application, made as screens of any density want it; one that exists already is taken as it is."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)  # Qt 5 wants it said, and before
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    return QApplication(["livebrush"])


def run(options: Options, style: str, height: int, source: str) -> int:
    """Open the window on the source that `source` names and run it until it is closed; returns the exit code.

    Raises KeyboardInterrupt after Ctrl-C, at whatever moment it came, when everything is stopped.
    """
    cards = [style.card for style in installed_styles(options.weights)]
    outputs = outputs_of(options)
    with _hears_ctrl_c() as stopped, Faults(start_log()) as faults:
        qInstallMessageHandler(_say_only_what_matters)
        application = make_application()
        opener = Opener(options.weights, options.device, options.threads, options.engine, options.precision)
        dials = Dials(options.strength, options.keep_colors, options.stroke, height)
        pace = Pace(options.fps, options.height is None)
        live = Live(partial(open_source, height=height, loop=True), source, opener, style, dials, pace=pace)
        for output in outputs:
            live.add(output)
        window = Window(live, cards, faults=faults)
        watch = QTimer(window)  # lets Python see signals, too
        watch.timeout.connect(partial(_close_if, stopped, window))
        watch.start(_WATCH_MS)
        live.start()
        window.show()
        code = int(application.exec_())
    if stopped.is_set():
        raise KeyboardInterrupt
    return code


def _close_if(stopped: threading.Event, window: Window) -> None:
    if stopped.is_set():
        window.close()


@contextmanager
def _hears_ctrl_c() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets: an exception would come out of whatever Qt is doing. A second one ends."""
    stopped = threading.Event()

    def hear(*_: object) -> None:
        if stopped.is_set():
            os._exit(130)
        stopped.set()

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
