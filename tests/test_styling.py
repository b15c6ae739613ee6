"""Styles are swapped in when they are warm, fade within a trunk, and leave the old one in use where they fail."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from realtime.live import Condition, Live, State
from tests.live_fakes import Clock, Fake, Numbered, Start, Vectored, number, shown, trouble, until
from weights.errors import InputError


def test_a_late_frame_of_the_old_style_is_dropped(started: Start) -> None:
    gate, source = threading.Event(), Numbered()
    old, new = Fake(1, gate), Fake(2)
    live = started(source, {"a": old, "b": new})
    until(lambda: live.device == "cpu")
    source.let()
    assert old.entered.wait(5)
    live.choose("b", fade=0)
    until(lambda: live._styling.in_use is not None and live._styling.in_use.style == "b")
    gate.set()  # the old style's frame comes out only now
    painted = shown(live)
    assert (painted.style, painted.image[0, 0, 2]) == ("b", 2)
    assert live.newest() is None
    assert new.warmed == [(32, 32)], "warmed at the size of the frames before it was swapped in"


def test_a_frame_nobody_has_seen_goes_with_its_style(started: Start) -> None:
    source = Numbered()
    live = started(source, {"a": Fake(1), "b": Fake(2)})
    source.let()
    until(lambda: live._screen._slot._item is not None)
    live.choose("b")
    until(lambda: live._styling.in_use is not None and live._styling.in_use.style == "b")
    assert shown(live).style == "b"


def test_the_newest_choice_wins(started: Start) -> None:
    styles = {name: Fake(i) for i, name in enumerate("abcdef")}
    live = started(Numbered(free=True), styles)
    for name in "bcdef":
        live.choose(name)
    until(lambda: (painted := live.newest()) is not None and painted.style == "f")


def test_a_style_that_can_not_be_opened_is_refused_and_the_old_one_stays(started: Start) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    shown(live)
    live.choose("missing")
    assert trouble(live) == State(Condition.STYLE_BROKEN, "no style missing")
    assert live.trouble() is None
    assert live.style == "a"
    assert live.state.well
    assert shown(live).style == "a"


def test_a_first_style_that_can_not_be_opened_is_a_state_and_can_be_tried_again(started: Start) -> None:
    styles: dict[str, Fake] = {}
    live = started(Numbered(free=True), styles)
    until(lambda: live.state == State(Condition.STYLE_BROKEN, "no style a"))
    time.sleep(0.05)
    assert live.state.words == "no style a", "for as long as it lasts"
    styles["a"] = Fake(1)
    live.choose("a")
    assert shown(live).style == "a"
    until(lambda: live.state == State(Condition.RUNNING))


def test_a_first_style_says_that_it_is_loading(started: Start) -> None:
    gate = threading.Event()

    class Slow(Fake):
        def warm_up(self, height: int, width: int) -> None:
            gate.wait(5)

    source = Numbered()
    live = started(source, {"a": Fake(1), "b": Slow(2)})
    source.let()
    assert shown(live).style == "a"
    live.choose("b")
    assert live.loading
    assert live.state.well, "the old one paints on"
    gate.set()


def test_stop_while_a_loader_ends() -> None:
    """The loader takes itself away while `stop` looks for it."""
    for _ in range(50):
        live = Live(lambda _: Numbered(free=True), "x", lambda _: Fake(1), "a")
        live.start()
        live.stop()


def test_vectors_of_one_trunk_cross_fade_with_one_inference_a_frame(started: Start) -> None:
    trunk: list[float] = []
    source, clock = Numbered(), Clock()
    styles = {"a": Vectored(trunk, 10), "b": Vectored(trunk, 20), "c": Vectored(trunk, 80)}
    live = started(source, styles, clock=clock)
    until(lambda: live.device == "cpu")

    def painted_with(at: float) -> float:
        clock.now = 100 + at
        live.newest()
        source.let()
        while number(shown(live)) != source.number:
            pass
        return trunk[-1]

    assert painted_with(0) == 10
    live.choose("b")
    until(lambda: not live.loading)
    assert painted_with(0.1) == pytest.approx(12)
    assert painted_with(0.25) == pytest.approx(15)
    live.choose("c")  # in the middle of the way: it starts from where it is
    until(lambda: not live.loading)
    assert painted_with(0.35) == pytest.approx(15 + 65 * 0.2)
    assert painted_with(0.75) == 80
    count = len(trunk)
    assert painted_with(0.8) == 80
    assert len(trunk) == count + 1
    assert styles["b"].warmed == styles["c"].warmed == [], "the trunk is warm"


def test_a_picture_that_stands_still_fades_to_the_end(started: Start) -> None:
    trunk: list[float] = []
    source = Numbered(last=1)
    live = started(source, {"a": Vectored(trunk, 0), "b": Vectored(trunk, 100)})
    source.let()
    shown(live)
    source.gate.release()
    until(lambda: live.state.condition is Condition.ENDED)
    live.choose("b", fade=0.2)
    until(lambda: trunk[-1] == 100)
    assert trunk == sorted(trunk)
    assert 0 < trunk[-2] < 100
    count = len(trunk)
    assert live.wait_newest(5) is not None
    assert live.wait_newest(0.1) is None
    assert len(trunk) == count, "nothing is painted when the fade is over"


def test_styles_of_two_networks_fade_as_pictures_and_the_old_one_is_let_go(started: Start) -> None:
    source, clock = Numbered(), Clock()
    old, new = Fake(10), Fake(110)
    live = started(source, {"a": old, "b": new}, clock=clock)
    until(lambda: live.device == "cpu")

    def shade(at: float) -> int:
        clock.now = 100 + at
        live.newest()
        source.let()
        while number(painted := shown(live)) != source.number:
            pass
        return int(painted.image[0, 0, 2])

    assert shade(0) == 10
    live.choose("b")
    until(lambda: not live.loading)
    assert [shade(at) for at in (0.1, 0.25, 0.4)] == pytest.approx([30, 60, 90], abs=1)
    assert shade(0.5) == 110
    count = len(old.calls)
    assert shade(0.6) == 110
    assert len(old.calls) == count, "one network paints when the fade is over"
    assert live._styling.in_use is not None
    assert live._styling.in_use.before is None
    assert live._styling.in_use.stamp == 1


def test_a_style_that_can_not_paint_is_left_at_once(started: Start) -> None:
    class Broken(Fake):
        def __call__(self, *_: object, **__: object) -> np.ndarray:
            raise InputError("it is broken")

    live = started(Numbered(free=True), {"a": Broken(1), "b": Fake(2)})
    until(lambda: live.state == State(Condition.STYLE_BROKEN, "it is broken"))
    live.choose("b")
    assert shown(live).image[0, 0, 2] == 2
