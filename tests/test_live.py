"""The live loop drops old frames, never shows a late frame of an old style, and tells of errors as values.

One file for one module, and longer than the others: the threads share the fakes below, which stand for camera and
network.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from realtime.live.loop import Live, Painted, Settings
from realtime.live.slot import Slot
from realtime.live.sources import Source
from weights.errors import InputError

BLANK = np.zeros((32, 32, 3), np.uint8)


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


class Numbered(Source):
    """Hands out frames whose pixels say their number, each when the test lets it go."""

    live = True

    def __init__(self, fails_at: int | None = None, last: int | None = None, free: bool = False) -> None:
        super().__init__("numbered")
        self.gate = threading.Semaphore(0)
        self.number, self.fails_at, self.last, self.free, self.closed = 0, fails_at, last, free, False

    def let(self, count: int = 1) -> None:
        target = self.number + count
        self.gate.release(count)
        until(lambda: self.number >= target)

    def read(self) -> np.ndarray | None:
        while not (self.free or self.gate.acquire(timeout=0.01)):
            if self._stopped.is_set():
                return None
        if self._stopped.is_set() or self.number == self.last:
            return None
        self.number += 1
        if self.number == self.fails_at:
            raise InputError("the cable is out")
        if self.free:
            time.sleep(0.001)
        return np.full((32, 32, 3), self.number, np.uint8)

    def close(self) -> None:
        super().close()
        self.closed = True


class Fake:
    """A stylizer that marks its frames; `gate` holds it in the middle of a frame."""

    device = "cpu"
    network: object = None
    vector: np.ndarray | None = None

    def __init__(self, mark: int, gate: threading.Event | None = None) -> None:
        self.mark, self.gate, self.entered, self.warmed = mark, gate, threading.Event(), []
        self.calls: list[tuple[float, float]] = []

    def with_vector(self, vector: np.ndarray) -> Fake:
        raise AssertionError("a network of its own has no vector")

    def warm_up(self, height: int, width: int) -> None:
        self.warmed.append((height, width))

    def __call__(
        self, image: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0
    ) -> np.ndarray:
        self.calls.append((strength, keep_colors, stroke))
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(5)
        painted = image.copy()
        painted[..., 2] = self.mark
        return painted


@pytest.fixture
def started() -> Iterator[Callable[..., Live]]:
    lives: list[Live] = []

    def start(
        source: Source,
        styles: dict[str, Fake],
        first: str = "a",
        clock: Callable[[], float] | None = None,
        **settings: float,
    ) -> Live:
        def opened(name: str) -> Fake:
            if name not in styles:
                raise InputError(f"no style {name}")
            return styles[name]

        live = Live(source, opened, first, Settings(height=None, **settings), clock or time.monotonic)
        lives.append(live)
        live.start()
        return live

    yield start
    for live in lives:
        live.stop()
    until(lambda: not [t for t in threading.enumerate() if t.name in ("capture", "inference", "loader")])


def shown(live: Live) -> Painted:
    painted = live.wait_newest(5)
    assert painted is not None
    return painted


def number(painted: Painted) -> int:
    return int(painted.original[0, 0, 0])


def test_slot_newest_wins() -> None:
    slot: Slot[int] = Slot()
    assert slot.take() is None
    slot.put(1)
    slot.put(2)
    slot.offer(3)
    assert slot.dropped == 1
    assert slot.take() == 2
    slot.offer(4)
    assert slot.take() == 4


def test_slot_wakes_who_waits() -> None:
    slot: Slot[int] = Slot()
    threading.Timer(0.02, slot.take).start()  # another taker, who finds nothing, must not end the wait
    threading.Timer(0.05, slot.put, [7]).start()
    assert slot.take(5) == 7
    assert slot.wait_empty(0)
    slot.put(8)
    assert not slot.wait_empty(0.01)
    threading.Timer(0.05, slot.take).start()
    assert slot.wait_empty(5)


def test_a_slow_style_gets_the_newest_frame(started: Callable[..., Live]) -> None:
    gate, source = threading.Event(), Numbered()
    style = Fake(9, gate)
    live = started(source, {"a": style})
    until(lambda: live.device == "cpu")
    source.let()
    assert style.entered.wait(5)
    source.let(5)  # 2 .. 6 arrive while 1 is being painted
    until(lambda: live._in._item is not None and live._in._item.image[0, 0, 0] == 6)
    gate.set()
    first = shown(live)
    last = first if number(first) == 6 else shown(live)
    assert number(last) == 6
    assert len(style.calls) == 2, "2 to 5 are dropped"
    assert last.image[0, 0, 2] == 9


def test_a_screen_that_does_not_look_holds_nobody_up(started: Callable[..., Live]) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    until(lambda: live.meter.read().frames > 20)
    assert source.number - number(shown(live)) < 20


def test_a_late_frame_of_the_old_style_is_dropped(started: Callable[..., Live]) -> None:
    gate, source = threading.Event(), Numbered()
    old, new = Fake(1, gate), Fake(2)
    live = started(source, {"a": old, "b": new})
    until(lambda: live.device == "cpu")
    source.let()
    assert old.entered.wait(5)
    live.choose("b")
    until(lambda: live._loaded is not None and live._loaded.style == "b")
    gate.set()  # the old style's frame comes out only now
    painted = shown(live)
    assert (painted.style, painted.image[0, 0, 2]) == ("b", 2)
    assert live.newest() is None
    assert new.warmed == [(32, 32)], "warmed at the size of the frames before it was swapped in"


def test_a_frame_nobody_has_seen_goes_with_its_style(started: Callable[..., Live]) -> None:
    source = Numbered()
    live = started(source, {"a": Fake(1), "b": Fake(2)})
    source.let()
    until(lambda: live._out._item is not None)
    live.choose("b")
    until(lambda: live._loaded is not None and live._loaded.style == "b")
    assert shown(live).style == "b"


def test_the_newest_choice_wins(started: Callable[..., Live]) -> None:
    styles = {name: Fake(i) for i, name in enumerate("abcdef")}
    live = started(Numbered(free=True), styles)
    for name in "bcdef":
        live.choose(name)
    until(lambda: (painted := live.newest()) is not None and painted.style == "f")


def test_a_setting_repaints_a_picture_that_stands_still(started: Callable[..., Live]) -> None:
    source, style = Numbered(last=1), Fake(1)
    live = started(source, {"a": style})
    source.let()
    assert number(shown(live)) == 1
    source.gate.release()
    until(lambda: live.ended)
    live.change(strength=0.25, keep_colors=0.5, stroke=0.75)
    assert number(shown(live)) == 1
    assert style.calls[-1] == (0.25, 0.5, 0.75)
    live.change(height=16)
    assert shown(live).image.shape == (16, 16, 3)


def test_pause_holds_the_picture(started: Callable[..., Live]) -> None:
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


def test_a_style_that_can_not_be_opened_is_a_value_and_the_old_one_stays(started: Callable[..., Live]) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    shown(live)
    live.choose("missing")
    words: list[str | None] = []
    until(lambda: words.append(live.trouble()) or words[-1] is not None)
    assert words[-1] == "no style missing"
    assert live.trouble() is None
    assert live.style == "a"
    assert shown(live).style == "a"
    live.choose("a")


def test_a_source_that_breaks_is_a_value(started: Callable[..., Live]) -> None:
    source = Numbered(fails_at=3, free=True)
    live = started(source, {"a": Fake(1)})
    words: list[str | None] = []
    until(lambda: words.append(live.trouble()) or words[-1] is not None)
    assert words[-1] == "the cable is out"
    until(lambda: source.closed)


def test_a_frame_that_can_not_be_painted_is_a_value_and_the_next_one_is(started: Callable[..., Live]) -> None:
    class Sometimes(Fake):
        def __call__(
            self, image: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0
        ) -> np.ndarray:
            if image[0, 0, 0] == 1:
                raise InputError("too large")
            return image

    source = Numbered()
    live = started(source, {"a": Sometimes(1)})
    until(lambda: live.device == "cpu")
    source.let()
    words: list[str | None] = []
    until(lambda: words.append(live.trouble()) or words[-1] is not None)
    assert words[-1] == "too large"
    source.let()
    assert number(shown(live)) == 2


def test_a_bug_is_said_too(started: Callable[..., Live]) -> None:
    class Buggy(Fake):
        def __call__(
            self, image: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0
        ) -> np.ndarray:
            raise ZeroDivisionError("oops")

    live = started(Numbered(free=True), {"a": Buggy(1)})
    words: list[str | None] = []
    until(lambda: words.append(live.trouble()) or words[-1] is not None)
    assert "ZeroDivisionError: oops" in (words[-1] or "")


def test_a_source_without_pace_waits_for_the_style_and_drops_nothing(started: Callable[..., Live]) -> None:
    class Unpaced(Numbered):
        live = False

    source = Unpaced(last=30, free=True)
    source.paced = False
    style = Fake(1)
    live = started(source, {"a": style})
    until(lambda: live.ended and len(style.calls) >= 29)
    assert live._in.dropped <= 1  # the first, while the style was loading


def test_stop_leaves_no_thread_and_closes_the_source(started: Callable[..., Live]) -> None:
    source = Numbered(free=True)
    live = started(source, {"a": Fake(1)})
    shown(live)
    began = time.monotonic()
    live.stop()
    assert time.monotonic() - began < 2
    assert source.closed
    assert not [t for t in threading.enumerate() if t.name in ("capture", "inference", "loader")]


class Vectored(Fake):
    """A style of a trunk: its vector is the number it marks its frames with; all of one trunk count their frames."""

    def __init__(self, trunk: list[float], number: float) -> None:
        super().__init__(0)
        self.network, self.vector = trunk, np.array([number], np.float32)

    def with_vector(self, vector: np.ndarray) -> Vectored:
        return Vectored(self.network, float(vector[0]))  # type: ignore[arg-type]

    def __call__(
        self, image: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0
    ) -> np.ndarray:
        self.network.append(float(self.vector[0]))  # type: ignore[attr-defined,index]
        return image


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_vectors_of_one_trunk_cross_fade_with_one_inference_a_frame(started: Callable[..., Live]) -> None:
    source, clock, trunk = Numbered(), Clock(), []
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


def test_a_picture_that_stands_still_fades_to_the_end(started: Callable[..., Live]) -> None:
    source, trunk = Numbered(last=1), []
    live = started(source, {"a": Vectored(trunk, 0), "b": Vectored(trunk, 100)})
    source.let()
    shown(live)
    source.gate.release()
    until(lambda: live.ended)
    live.choose("b", fade=0.2)
    until(lambda: trunk[-1] == 100)
    assert trunk == sorted(trunk)
    assert 0 < trunk[-2] < 100
    count = len(trunk)
    assert live.wait_newest(5) is not None
    assert live.wait_newest(0.1) is None
    assert len(trunk) == count, "nothing is painted when the fade is over"


def test_styles_of_two_trunks_do_not_fade(started: Callable[..., Live]) -> None:
    source, one, other = Numbered(free=True), [], []
    live = started(source, {"a": Vectored(one, 0), "b": Vectored(other, 100)})
    shown(live)
    live.choose("b")
    until(lambda: bool(other))
    assert set(other) == {100}
    assert live._loaded is not None
    assert live._loaded.stamp == 1
