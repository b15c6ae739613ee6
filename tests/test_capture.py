"""Sources are opened off-thread, opened again where they are lost, and swapped while the picture goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from realtime.live import Condition, Live, State, capture
from realtime.live.sources import Source
from tests.live_fakes import Clock, Fake, Numbered, Start, number, shown, trouble, until
from weights.errors import InputError


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_SECONDS", (0.01,))


def captures() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "capture"]


def flat(live: Live, level: int) -> Callable[[], bool]:
    """Whether the newest frame's source is the one of this level."""
    return lambda: (painted := live.newest()) is not None and number(painted) == level


class Flat(Source):
    """The same frame for ever; `level` tells who it is."""

    live = True

    def __init__(self, level: int) -> None:
        super().__init__(f"flat {level}")
        self.level, self.closed = level, False

    def read(self) -> np.ndarray | None:
        time.sleep(0.002)
        return None if self._stopped.is_set() else np.full((32, 32, 3), self.level, np.uint8)

    def close(self) -> None:
        super().close()
        self.closed = True


def test_a_source_that_takes_long_to_open_is_a_state_and_holds_nobody_up(started: Start) -> None:
    gate = threading.Event()

    def slow(_: str) -> Source:
        gate.wait(5)
        return Flat(7)

    began = time.monotonic()
    live = started(slow, {"a": Fake(1)})
    assert time.monotonic() - began < 1
    until(lambda: live.device == "cpu")
    assert live.state == State(Condition.OPENING, "Opening numbered ...")
    gate.set()
    assert number(shown(live)) == 7
    until(lambda: live.state == State(Condition.RUNNING))


def test_stop_does_not_wait_for_a_source_that_is_opening() -> None:
    gate, opened = threading.Event(), Flat(1)

    def slow(_: str) -> Source:
        gate.wait(20)
        return opened

    live = Live(slow, "slow", lambda _: Fake(1), "a")
    live.start()
    began = time.monotonic()
    live.stop()
    assert time.monotonic() - began < 2
    gate.set()
    until(lambda: opened.closed)


def test_a_lost_source_is_opened_again_and_comes_back(started: Start, caplog: pytest.LogCaptureFixture) -> None:
    plugged = threading.Event()
    opened: list[Numbered] = []

    def camera(_: str) -> Source:
        if opened and not plugged.is_set():
            raise InputError("no camera here")
        opened.append(Numbered(fails_at=3 if not opened else None, free=True))
        return opened[-1]

    live = started(camera, {"a": Fake(1)})
    until(lambda: "no camera here" in live.state.words)
    time.sleep(0.1)  # some ten tries
    assert live.state == State(Condition.SOURCE_LOST, "no camera here Trying again ...")
    assert opened[0].closed
    assert [record.message for record in caplog.records] == [
        "source lost: the cable is out",
        "source lost: no camera here",
    ]
    plugged.set()
    until(lambda: live.state == State(Condition.RUNNING))
    live.newest()
    assert number(shown(live)) > 0
    assert len(captures()) == 1


def test_a_source_that_can_not_be_opened_at_first_comes_when_it_can(started: Start) -> None:
    there = threading.Event()

    def camera(_: str) -> Source:
        if not there.is_set():
            raise InputError("no camera here")
        return Flat(7)

    live = started(camera, {"a": Fake(1)})
    until(lambda: live.state.condition is Condition.SOURCE_LOST)
    there.set()
    assert number(shown(live)) == 7


def test_a_bug_in_a_source_is_a_state_and_the_log_has_it_whole(
    started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    class Buggy(Flat):
        def read(self) -> np.ndarray | None:
            raise ZeroDivisionError("oops")

    live = started(lambda _: Buggy(1), {"a": Fake(1)})
    until(lambda: live.state.condition is Condition.SOURCE_LOST)
    assert live.state.unforeseen
    assert "ZeroDivisionError: oops" in live.state.words
    assert "Traceback" in caplog.text


def test_a_source_that_ends_is_not_opened_again(started: Start) -> None:
    opened: list[Source] = []

    def still(_: str) -> Source:
        opened.append(Numbered(last=1, free=True))
        return opened[-1]

    live = started(still, {"a": Fake(1)})
    until(lambda: live.state == State(Condition.ENDED))
    time.sleep(0.1)
    assert len(opened) == 1


def test_a_live_source_that_falls_silent_is_said_and_comes_back(started: Start) -> None:
    source, clock = Numbered(), Clock()
    live = started(source, {"a": Fake(1)}, clock=clock)
    source.let()
    shown(live)
    assert live.state.well
    clock.now += 3
    assert live.state.condition is Condition.SOURCE_LOST
    assert "Nothing comes from numbered" in live.state.words
    source.let()
    until(lambda: live.state.well)


def test_another_source_takes_over_at_its_first_frame(started: Start) -> None:
    gate, opened = threading.Event(), {}

    def opener(name: str) -> Source:
        if name == "2":
            gate.wait(5)
        opened[name] = Flat(2 if name == "2" else 1)
        return opened[name]

    live = started(opener, {"a": Fake(9)})
    assert number(shown(live)) == 1
    live.choose_source("2")
    assert live.source == "2"
    assert live.state == State(Condition.OPENING, "Opening camera 2 ...")
    live.newest()
    assert number(shown(live)) == 1, "the old one goes on meanwhile"
    gate.set()
    until(flat(live, 2))
    until(lambda: opened["numbered"].closed and len(captures()) == 1)
    assert live.state.well
    assert {number(shown(live)) for _ in range(5)} == {2}


def test_a_source_that_is_refused_leaves_the_old_one(started: Start) -> None:
    def opener(name: str) -> Source:
        if name != "numbered":
            raise InputError(f"no {name}")
        return Flat(1)

    live = started(opener, {"a": Fake(9)})
    shown(live)
    live.choose_source("clip.mp4")
    assert trouble(live) == State(Condition.SOURCE_LOST, "no clip.mp4")
    assert (live.source, live.state.well) == ("numbered", True)
    until(flat(live, 1))
    until(lambda: len(captures()) == 1)


def test_the_newest_source_wins(started: Start) -> None:
    live = started(lambda name: Flat(int(name) if name.isdecimal() else 0), {"a": Fake(9)})
    shown(live)
    for name in "12345":
        live.choose_source(name)
    until(flat(live, 5))
    until(lambda: len(captures()) == 1)


def test_the_source_in_use_is_let_go_before_it_is_opened_anew(started: Start) -> None:
    opened: list[Flat] = []

    def camera(_: str) -> Source:
        assert all(other.closed for other in opened), "a camera can be opened once"
        opened.append(Flat(len(opened) + 1))
        return opened[-1]

    live = started(camera, {"a": Fake(9)})
    shown(live)
    live.choose_source("numbered")
    until(flat(live, 2))


def test_another_source_takes_the_place_of_a_lost_one_at_once(started: Start) -> None:
    def opener(name: str) -> Source:
        if name != "7":
            raise InputError(f"no {name}")
        return Flat(7)

    live = started(opener, {"a": Fake(9)})
    until(lambda: live.state.condition is Condition.SOURCE_LOST)
    live.choose_source("7")
    assert number(shown(live)) == 7
    until(lambda: live.state.well)


def test_a_late_frame_of_the_old_source_is_dropped(started: Start) -> None:
    gate = threading.Event()
    style = Fake(9, gate)
    live = started(lambda name: Flat(2 if name == "2" else 1), {"a": style})
    assert style.entered.wait(5)
    live.choose_source("2")
    until(lambda: live._capture.stamp == 1)
    gate.set()  # the old source's frame comes out only now
    assert number(shown(live)) == 2


def test_a_new_source_shows_its_first_picture_in_a_pause(started: Start) -> None:
    live = started(lambda name: Numbered(free=True) if name == "numbered" else Flat(200), {"a": Fake(9)})
    shown(live)
    live.pause(True)
    live.choose_source("2")
    until(flat(live, 200))


def test_frames_are_fitted_where_they_are_captured(started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()
    from realtime.frames import fit_live

    def watched(*arguments: object, **options: object) -> np.ndarray:
        threads.add(threading.current_thread().name)
        return fit_live(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(capture, "fit_live", watched)
    source = Flat(1)
    source.pixel_aspect = 1.5
    live = started(source, {"a": Fake(9)}, height=16)
    assert shown(live).image.shape == (16, 24, 3)
    for _ in range(5):
        shown(live)
    assert threads == {"capture"}
