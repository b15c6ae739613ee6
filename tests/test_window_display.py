"""The window on a virtual display, with real clicks and keys, where Xvfb is installed; offscreen elsewhere.

python -m pytest tests/test_window_display.py -s      says which
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path

import pytest

from realtime.window.display_check import screen_trouble

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of a program that has a display, as good a one as there is here."""
    if not (shutil.which("Xvfb") and find_library("Xtst")):
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-dpi", "96", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            name = f":{told.readline().strip()}"
        with monkeypatch.context() as asked:
            asked.setenv("QT_QPA_PLATFORM", "xcb")
            asked.setenv("DISPLAY", name)
            real = screen_trouble() is None
        yield {"QT_QPA_PLATFORM": "xcb", "DISPLAY": name} if real else {"QT_QPA_PLATFORM": "offscreen"}
    finally:
        server.terminate()
        server.wait(10)


def test_clicks_and_keys_do_what_they_say(display: dict[str, str], pack: Path, tmp_path: Path) -> None:
    environment = {**os.environ, **display, "PYTHONPATH": str(ROOT), "LIVEBRUSH_HOME": str(tmp_path / "home")}
    environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    command = [sys.executable, "-m", "tests.display_scenario", str(pack), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment)
    print(done.stdout, end="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("done\n")
