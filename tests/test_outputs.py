"""Outputs take painted frames in threads of their own: a slow or a broken one harms nobody else."""

from __future__ import annotations

import threading
import time

import pytest

from realtime.live import Condition, Live, Painted, QueuedOutput, State
from tests.live_fakes import Fake, Numbered, Start, number, shown, until
from weights.errors import InputError


class Kept(QueuedOutput):
    """Remembers what it was given; `gate` holds it in the middle of a frame."""

    def __init__(self, room: int = 4, keep_order: bool = False, gate: threading.Event | None = None) -> None:
        super().__init__("kept", room, keep_order)
        self.numbers: list[int] = []
        self.gate, self.entered, self.finished = gate, threading.Event(), False
        self.wrong: Exception | None = None

    def write(self, painted: Painted) -> None:
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(5)
        if self.wrong is not None:
            raise self.wrong
        self.numbers.append(number(painted))

    def finish(self) -> None:
        self.finished = True


def feed(source: Numbered, live: Live, count: int) -> None:
    """Let `count` frames through the loop, one after the other."""
    for _ in range(count):
        source.let()
        assert number(shown(live)) == source.number


def test_every_frame_reaches_every_output(started: Start) -> None:
    source = Numbered()
    live = started(source, {"a": Fake(1)})
    one, other = Kept(room=99), Kept(room=99)
    live.add(one)
    live.add(other)
    feed(source, live, 20)
    live.remove(one)
    live.remove(other)
    for output in (one, other):
        output.join(5)
        assert output.numbers == list(range(1, 21)), "what waits at the end is still written"
        assert output.finished
        assert output.state == State(Condition.ENDED)


@pytest.mark.parametrize(("keep_order", "kept"), [(False, [1, 8, 9, 10]), (True, [1, 2, 3, 4])])
def test_a_slow_output_drops_its_own_frames_and_slows_nobody(started: Start, keep_order: bool, kept: list[int]) -> None:
    gate, source = threading.Event(), Numbered()
    live = started(source, {"a": Fake(1)})
    slow, quick = Kept(3, keep_order, gate), Kept(99)
    live.add(slow)
    live.add(quick)
    feed(source, live, 1)
    assert slow.entered.wait(5)
    feed(source, live, 9)  # the screen goes on
    until(lambda: len(quick.numbers) == 10)
    assert slow.dropped == 6
    gate.set()
    live.remove(slow)
    slow.join(5)
    assert slow.numbers == kept


@pytest.mark.parametrize("error", [InputError("the disk is full"), ZeroDivisionError("oops")])
def test_an_output_that_fails_ends_alone_and_says_so_until_it_is_removed(
    started: Start, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    output = Kept()
    live.add(output)
    until(lambda: bool(output.numbers))
    output.wrong = error
    until(lambda: live.state.condition is Condition.OUTPUT_BROKEN)
    assert str(error) in live.state.words
    assert live.state.unforeseen == isinstance(error, ZeroDivisionError)
    assert "Traceback" in caplog.text
    assert output.finished
    live.newest()
    shown(live)
    assert live.state.condition is Condition.OUTPUT_BROKEN, "it lasts"
    live.remove(output)
    assert live.state.well


def test_an_output_that_can_not_be_opened_is_said(started: Start) -> None:
    class Closed(Kept):
        def open(self) -> None:
            raise InputError("the port is taken")

    live = started(Numbered(free=True), {"a": Fake(1)})
    live.add(Closed())
    until(lambda: live.state.words == "the port is taken")
    shown(live)


def test_stop_finishes_the_outputs(started: Start) -> None:
    source = Numbered()
    live = started(source, {"a": Fake(1)})
    output = Kept(room=99)
    live.add(output)
    feed(source, live, 3)
    began = time.monotonic()
    live.stop()
    assert time.monotonic() - began < 2
    assert (output.numbers, output.finished) == ([1, 2, 3], True)
