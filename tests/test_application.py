"""The window as a program of its own: it opens at once, hears Ctrl-C at any moment, survives the unforeseen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import MakeClip

# isort: split
from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QApplication

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
import os, signal, sys, time
from realtime import __main__ as program
from realtime.window import application, window
from weights.errors import exit_code
from PyQt5.QtCore import QTimer
{}
sys.exit(exit_code(lambda: program.main(sys.argv[1:])))
"""

INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"


def run(code: str, styles: Path, clip: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the program offscreen with `code` before it; it must end within half a minute."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), "LIVEBRUSH_HOME": str(home)}
    words = ["--source", str(clip), "--weights", str(styles), "--device", "cpu", "--threads", "1"]
    command = [sys.executable, "-c", PROGRAM.format(code), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=home.parent, env=environment)


BEFORE_QT = f"""
make = application.make_application
application.make_application = lambda: ({INTERRUPT}, make())[1]
"""
BEFORE_IT_IS_SHOWN = f"""
show = window.Window.show
window.Window.show = lambda self: ({INTERRUPT}, show(self))[1]
"""
WHILE_IT_IS_SHOWN = f"""
show = window.Window.show
window.Window.show = lambda self: (show(self), QTimer.singleShot(300, lambda: {INTERRUPT}))[0]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize("code", [BEFORE_QT, BEFORE_IT_IS_SHOWN, WHILE_IT_IS_SHOWN])
def test_ctrl_c_ends_the_program_at_any_moment(code: str, styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    done = run(code, styles, make_clip(), tmp_path / "home")
    assert (done.returncode, done.stderr) == (130, "livebrush: stopped.\n")


def test_an_exception_in_a_slot_does_not_end_the_program(styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    code = """
show = window.Window.show
def oops(self):
    show(self)
    QTimer.singleShot(0, lambda: 1 / 0)
    QTimer.singleShot(1000, lambda: print("words:", self.view.words, flush=True))
    QTimer.singleShot(1200, self.close)
window.Window.show = oops
"""
    home = tmp_path / "home"
    done = run(code, styles, make_clip(), home)
    assert done.returncode == 0, done.stderr
    log = home / "livebrush.log"
    assert f"ZeroDivisionError: division by zero). The log has more: {log}" in done.stdout
    assert "Traceback" in log.read_text()


def test_a_window_that_is_closed_while_a_style_loads_and_a_source_hangs(
    styles: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    """The style is loaded to its end, as nothing ends an engine in the middle; the source is left behind."""
    code = """
from realtime.styles import Opener
load, show = Opener.__call__, window.Window.show
Opener.__call__ = lambda *words: (time.sleep(1), print("loading"), load(*words), print("loaded"))[2]
application.open_source = lambda *_, **__: time.sleep(60)
def closing(self):
    show(self)
    QTimer.singleShot(300, self.close)
window.Window.show = closing
"""
    began = time.monotonic()
    done = run(code, styles, make_clip(), tmp_path / "home")
    assert time.monotonic() - began < 20
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("loaded\n")


def test_screens_of_high_density_are_asked_for(application: QApplication) -> None:
    assert QCoreApplication.testAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
    assert QCoreApplication.testAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    assert QGuiApplication.highDpiScaleFactorRoundingPolicy() == Qt.HighDpiScaleFactorRoundingPolicy.PassThrough


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize("arguments", [["--list"], ["photo.png"]])
def test_ctrl_c_while_the_program_loads_leaves_no_traceback(styles: Path, tmp_path: Path, arguments: list[str]) -> None:
    """The signal comes in the middle of an import: of the standard library's, or of an inference engine."""
    code = """
import builtins, os, signal, sys, runpy
load, wanted = builtins.__import__, sys.argv.pop(1)
def interrupted(name, *rest, **options):
    if name == wanted:
        os.kill(os.getpid(), signal.SIGINT)
    return load(name, *rest, **options)
builtins.__import__ = interrupted
runpy.run_module("realtime", run_name="__main__")
"""
    (tmp_path / "photo.png").write_bytes(b"")
    wanted = "json" if arguments == ["--list"] else "onnxruntime"
    arguments = arguments if arguments == ["--list"] else [*arguments, "--engine", "onnxruntime"]
    command = [sys.executable, "-c", code, wanted, *arguments, "--weights", str(styles)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (130, "livebrush: stopped.\n")
