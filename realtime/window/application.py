"""The window as a program: Qt is set up, faults are caught, Ctrl-C is heard."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NoReturn

from realtime.live import Dials, Live
from realtime.live.asked import outputs_of
from realtime.live.camera_names import list_cameras
from realtime.live.pace import Pace
from realtime.live.sources import Source, open_source
from realtime.log import Faults, start_log
from realtime.options import Options
from realtime.styles import Opener, before_qt  # noqa: F401
from weights.catalog import installed_styles
from weights.errors import exit_code

# isort: split
from PyQt5.QtCore import QCoreApplication, QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QApplication

from realtime.window.memory import Memory
from realtime.window.previews import Previews
from realtime.window.settings import Settings, settings_path
from realtime.window.shelf import Shelf
from realtime.window.theme import dark
from realtime.window.window import Window

_WATCH_MS = 100
_FINISH_SECONDS = 60.0  # a long recording becomes an MP4 at the pace of the disk


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
    application = QApplication(["livebrush"])
    application.setStyle("Fusion")  # the same everywhere; the sheet does the rest
    application.setPalette(dark())
    application.setApplicationDisplayName("Livebrush")
    return application


def run(options: Options, style: str, height: int) -> int:
    """Open the window and run it until it is closed; returns the exit code.

    What the command line doesn't say is as it was the last time, else `style` and the first camera; `style` is "" where
    none is installed. Raises KeyboardInterrupt after Ctrl-C, at whatever moment it came, when everything is stopped.
    """
    styles = installed_styles(options.weights)
    settings, outputs = Settings(settings_path()), outputs_of(options)
    with _hears_ctrl_c() as stopped, Faults(start_log()) as faults:
        qInstallMessageHandler(_say_only_what_matters)
        application = make_application()
        opener = Opener(options.weights, options.device, options.threads, options.engine, options.precision)
        live = _live(options, style, height, Memory(settings), {style.card.name for style in styles}, opener)
        previews = Previews(Opener(options.weights, "cpu", 1, "onnxruntime"), styles)  # opens faster than others
        window = Window(
            live,
            styles,
            faults=faults,
            settings=settings,
            previews=previews,
            cameras=list_cameras,
            outputs=outputs,
            shelf=Shelf(opener),
        )
        watch = QTimer(window)  # lets Python see signals, too
        watch.timeout.connect(partial(_close_if, stopped, window))
        watch.start(_WATCH_MS)
        try:
            live.start()
            previews.start()
            window.show()
            code = int(application.exec_())
        finally:
            live.stop()
            previews.stop()
        window.finish(_FINISH_SECONDS)
    if live.reads:
        _end_at_once(stopped, code)
    return _code(stopped, code)


def _code(stopped: threading.Event, code: int) -> int:
    if stopped.is_set():
        raise KeyboardInterrupt
    return code


def _end_at_once(stopped: threading.Event, code: int) -> NoReturn:
    """End the program beside a source that doesn't answer: Python would be aborted beneath it, at its very end."""
    code = exit_code(lambda: _code(stopped, code))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _live(options: Options, style: str, height: int, memory: Memory, installed: set[str], opener: Opener) -> Live:
    """The loop as the command line wants it, and for the rest as it was the last time."""
    dials = Dials(options.strength, options.keep_colors, options.stroke, height)
    default = Options()
    said = options.style is not None or any(
        getattr(options, name) != getattr(default, name) for name in ("strength", "stroke", "keep_colors")
    )
    if not said:
        style, dials = memory.style(installed) or style, memory.dials(dials)
    source = options.source or memory.source() or "0"
    pace = Pace(options.fps, options.height is None)
    live: Live = Live(partial(_open, lambda: live.dials.height), source, opener, style, dials, pace=pace)
    return live


def _open(height: Callable[[], int | None], source: str) -> Source:
    """The source at the height that is painted now."""
    return open_source(source, height=height(), loop=True)


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
