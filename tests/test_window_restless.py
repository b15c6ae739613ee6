"""Windows that are opened and closed, and styles that are chosen, at random moments: nothing crashes, nothing is left.

A few in the slow suite; the hundred and the five hundred with

    python -m pytest -m soak tests/test_window_restless.py
"""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from tests.live_fakes import THREADS
from tests.window_fakes import Open, held, open_window, press, until
from weights.catalog import installed_styles

# isort: split
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtWidgets import QApplication

KEYS = (Qt.Key.Key_V, Qt.Key.Key_M, Qt.Key.Key_R, Qt.Key.Key_S, Qt.Key.Key_Space, Qt.Key.Key_H, Qt.Key.Key_Question)


def wait(application: QApplication, seconds: float) -> None:
    until_then = time.monotonic() + seconds
    until(application, lambda: time.monotonic() > until_then)


def running() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name in THREADS or t.name.startswith(("output", "snapshot"))]


@pytest.mark.parametrize("count", [pytest.param(10, marks=pytest.mark.slow), pytest.param(100, marks=pytest.mark.soak)])
def test_windows_opened_and_closed_at_random_moments(
    application: QApplication, pack: Path, tmp_path: Path, count: int
) -> None:
    chance, before = random.Random(count), None
    for number in range(count):
        window = open_window(pack, chance.choice(["red", "white", "negative"]), folder=tmp_path / "saved")
        wait(application, chance.random() * 0.3)
        if chance.random() < 0.5:
            press(window, chance.choice(KEYS))
            wait(application, chance.random() * 0.1)
        window.close()
        window.outgoing.finish(5)
        window.deleteLater()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        until(application, lambda: not running())
        if number == count // 5:
            before = held()
    print(f"threads and files {before} -> {held()}")
    assert before is not None
    assert all(now <= then for now, then in zip(held(), before, strict=True))


@pytest.mark.parametrize("count", [pytest.param(50, marks=pytest.mark.slow), pytest.param(500, marks=pytest.mark.soak)])
def test_styles_chosen_at_random_moments(application: QApplication, opened: Open, pack: Path, count: int) -> None:
    chance, window, before = random.Random(count), opened(pack, "red"), None
    names = [style.card.name for style in installed_styles(pack)]
    until(application, lambda: window.view.image is not None)
    for number in range(count):
        done = chance.random()
        if done < 0.6:
            window.chooser.pick(chance.choice(names))
        elif done < 0.8:
            press(window, chance.choice([Qt.Key.Key_Left, Qt.Key.Key_Right]))
        elif window.chooser.partners():
            window.chooser.pair(chance.choice(window.chooser.partners()))
            window.controls.mix.setValue(chance.randrange(100))
        wait(application, chance.choice([0.0, 0.001, 0.01, 0.05, 0.1]))
        if number == count // 5:
            before = held()
    last = window.live.style
    until(application, lambda: not window.live.loading)
    until(application, lambda: (used := window.live._styling.in_use) is not None and not used.fading(time.monotonic()))
    until(application, lambda: window.showing.painted is not None and window.showing.painted.style == last)
    until(application, lambda: window.view.words == "" or "keys" in window.view.words)
    print(f"threads and files {before} -> {held()}")
    assert before is not None
    assert held()[1] <= before[1] and window.live.state.well
