"""The live loop gives a slow style the newest frame, holds nobody up, and outlives what goes wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from realtime.live import Condition, State
from tests.live_fakes import Fake, Numbered, Start, number, shown, until
from weights.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


def test_a_slow_style_gets_the_newest_frame(started: Start) -> None:
    gate, source = threading.Event(), Numbered()
    style = Fake(9, gate)
    live = started(source, {"a": style})
    until(lambda: live.device == "cpu")
    source.let()
    assert style.entered.wait(5)
    source.let(5)  # 2 .. 6 arrive while 1 is being painted
    until(lambda: live._frames._item is not None and live._frames._item.image[0, 0, 0] == 6)
    gate.set()
    first = shown(live)
    last = first if number(first) == 6 else shown(live)
    assert number(last) == 6
    assert len(style.calls) == 2, "2 to 5 are dropped"
    assert last.image[0, 0, 2] == 9


def test_a_screen_that_does_not_look_holds_nobody_up(started: Start) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    until(lambda: live.meter.read().frames > 20)
    assert source.number - number(shown(live)) < 20


def test_a_setting_repaints_a_picture_that_stands_still(started: Start) -> None:
    source, style = Numbered(last=1), Fake(1)
    live = started(source, {"a": style})
    source.let()
    assert number(shown(live)) == 1
    source.gate.release()
    until(lambda: live.state.condition is Condition.ENDED)
    live.change(strength=0.25, keep_colors=0.5, stroke=0.75)
    assert number(shown(live)) == 1
    assert style.calls[-1] == (0.25, 0.5, 0.75)
    live.change(height=16)
    assert shown(live).image.shape == (16, 16, 3)


def test_pause_holds_the_picture(started: Start) -> None:
    source = Numbered()
    live = started(source, {"a": Fake(1)})
    source.let()
    shown(live)
    live.pause(True)
    source.let(3)
    assert live.wait_newest(0.1) is None
    live.pause(False)
    source.let()
    assert number(shown(live)) == 5


class Sometimes(Fake):
    """Can't paint while `wrong` is set."""

    wrong: Exception | None = None

    def __call__(self, image: np.ndarray, *_: float, **__: float) -> np.ndarray:
        if self.wrong is not None:
            raise self.wrong
        return image


def test_frames_that_can_not_be_painted_are_a_state_until_one_can(
    started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    style = Sometimes(1)
    style.wrong = InputError("too large")
    live = started(Numbered(free=True), {"a": style})
    until(lambda: live.state.condition is Condition.STYLE_BROKEN)
    time.sleep(0.5)  # several more frames
    assert live.state == State(Condition.STYLE_BROKEN, "too large")
    assert [record.message for record in caplog.records] == ["style broken: too large"], "once, and not for each frame"
    style.wrong = None
    shown(live)
    assert live.state == State(Condition.RUNNING)


def test_a_bug_is_a_state_too_and_the_log_has_it_whole(started: Start, caplog: pytest.LogCaptureFixture) -> None:
    style = Sometimes(1)
    style.wrong = ZeroDivisionError("oops")
    live = started(Numbered(free=True), {"a": style})
    until(lambda: live.state.condition is Condition.STYLE_BROKEN)
    assert live.state.unforeseen
    assert "ZeroDivisionError: oops" in live.state.words
    assert "Traceback" in caplog.text
    style.wrong = None
    shown(live)
    assert live.state.well, "one bad frame does not end the painting"


def test_a_source_without_pace_waits_for_the_style_and_drops_nothing(started: Start) -> None:
    class Unpaced(Numbered):
        live = False

    source = Unpaced(last=30, free=True)
    source.paced = False
    style = Fake(1)
    live = started(source, {"a": style})
    until(lambda: live.state.condition is Condition.ENDED and len(style.calls) >= 29)
    assert live._frames.dropped <= 1  # the first, while the style was loading


def test_stop_leaves_no_thread_and_closes_the_source(started: Start) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    shown(live)
    began = time.monotonic()
    live.stop()
    assert time.monotonic() - began < 2
    assert source.closed
    assert not [t for t in threading.enumerate() if t.name in ("capture", "inference", "loader")]


def test_says_how_large_frames_come_and_how_many_are_passed_over(started: Start) -> None:
    gate = threading.Event()
    style = Fake(7, gate)
    source = Numbered()
    live = started(source, {"a": style}, height=16)
    assert live.captured_size is None and live.dropped == 0
    source.let()
    until(style.entered.is_set)
    assert live.captured_size == (32, 32)
    source.let(3)
    until(lambda: live.dropped == 2)
    gate.set()
    assert shown(live).image.shape == (16, 16, 3)


def test_a_program_that_forgets_to_stop_it_ends_after_its_loader() -> None:
    code = """
import sys, time
from realtime.live import Live
from tests.live_fakes import Fake, Numbered
def slow(name):
    time.sleep(1)
    print("loaded")
    return Fake(1)
Live(lambda _: Numbered(free=True), "numbered", slow, "a").start()
sys.exit(3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (3, "loaded\n", "")
