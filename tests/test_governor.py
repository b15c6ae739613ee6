"""The governor in simulated time, with noise: the rate is held soon after a load comes, and nothing goes to and fro."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import numpy as np
import pytest

from realtime.live import Dials, Live
from realtime.live.governor import LEAST, Governor, ladder
from realtime.live.pace import Pace
from tests.live_fakes import Fake, Numbered, shown, until

TOP, FPS, PREPARING = 480, 30.0, 0.4


class Machine:
    """A camera of 30 frames a second, and a painter who takes as long as pixels, load, a fixed part and chance say."""

    def __init__(self, full: float, fixed: float = 0.002, noise: float = 0.1) -> None:
        """`full` is how many seconds a frame of TOP lines takes without load."""
        self.full, self.fixed, self.noise, self.load = full, fixed, noise, 1.0
        self.now, self.frame, self.height, self.chance = 0.0, 0, TOP, random.Random(0)
        self.governor = Governor()
        self.done: list[float] = []
        self.changes: list[tuple[float, int]] = []
        self.coming: tuple[float, int] | None = None  # a size that is being prepared

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            took = self.fixed + self.full * (self.height / TOP) ** 2 * self.load
            took *= 1 + self.noise * (2 * self.chance.random() - 1)
            began = max(
                self.now, (int(self.now * FPS) + 1) / FPS if self.now * FPS % 1 and took < 1 / FPS else self.now
            )
            self.now = began + took
            self.done.append(self.now)
            if self.coming is None:
                wanted = self.governor.judge(took, self.now, 1 / FPS, self.height, TOP)
                self.coming = None if wanted is None else (self.now + PREPARING, wanted)
            elif self.now > self.coming[0]:
                self.height = self.coming[1]
                self.changes.append((self.now, self.height))
                self.governor.restart()
                self.coming = None

    def fps(self, seconds: float = 1.0) -> float:
        """Over the last `seconds`."""
        return sum(at > self.now - seconds for at in self.done) / seconds


@pytest.mark.parametrize("full", [0.008, 0.02])
@pytest.mark.parametrize("load", [2.0, 3.0, 5.0])
def test_the_rate_is_held_under_a_load_put_on_and_taken_off(full: float, load: float) -> None:
    machine = Machine(full)
    machine.run(10)
    assert (machine.height, machine.changes) == (TOP, []), "nothing to do"
    machine.load = load
    machine.run(3)
    machine.run(1)
    assert machine.fps() > 0.9 * FPS
    settled = len(machine.changes)
    assert settled <= 3
    machine.run(60)
    assert len(machine.changes) - settled <= 2, machine.changes
    assert machine.fps(60) > 0.9 * FPS
    machine.load = 1.0
    machine.run(3)
    assert machine.fps() > 0.9 * FPS
    machine.run(60)
    assert machine.height >= 0.85 * TOP
    assert machine.fps(60) > 0.9 * FPS


def test_loads_that_come_and_go_change_little() -> None:
    machine = Machine(0.02)
    for _ in range(20):
        machine.load = 2.0
        machine.run(2)
        machine.load = 1.0
        machine.run(2)
    assert len([height for at, height in machine.changes if at > 40]) <= 12, machine.changes


def test_a_hiccup_changes_nothing() -> None:
    machine = Machine(0.02)
    for _ in range(10):
        machine.run(3)
        machine.now += 0.7
        assert machine.governor.judge(0.7, machine.now, 1 / FPS, TOP, TOP) is None
    assert machine.changes == []


def test_what_can_not_be_held_is_painted_small_and_stays_so() -> None:
    machine = Machine(2.0)
    machine.run(40)
    assert machine.height == ladder(TOP)[-1] == LEAST
    assert len(machine.changes) <= 6


def test_steps_are_small_and_even() -> None:
    for top in (480, 1080, 721):
        heights = ladder(top)
        assert heights[0] == top
        assert all(0.82 < low / high < 0.97 for high, low in pairwise(heights))
        assert all(height % 8 == 0 for height in heights[1:])
    assert ladder(100) == [100]


class Slow(Fake):
    """Takes so and so many seconds for a whole frame, on the test's clock."""

    def __init__(self, clock: list[float], full: float) -> None:
        super().__init__(7)
        self.clock, self.full = clock, full
        self.sizes: list[int] = []

    def __call__(self, image: np.ndarray, *_: float, **__: float) -> np.ndarray:
        self.sizes.append(image.shape[0])
        self.clock[0] += self.full * (image.shape[0] / TOP) ** 2
        return image.copy()


class Tall(Numbered):
    """A camera of frames of TOP lines."""

    fps = FPS

    def read(self) -> np.ndarray | None:
        image = super().read()
        return None if image is None else np.repeat(np.repeat(image, 15, axis=0), 15, axis=1)


def test_the_loop_works_at_a_size_that_is_prepared_and_shows_the_full_one() -> None:
    clock = [0.0]
    style, source = Slow(clock, 0.06), Tall(free=True)
    live = Live(lambda _: source, "tall", lambda _: style, "a", Dials(height=None), lambda: clock[0], Pace())
    live.start()
    try:
        until(lambda: bool(style.warmed) and style.sizes[-1] < 400)
        live.newest()
        painted = shown(live)
        assert painted.image.shape == painted.original.shape == (TOP, TOP, 3)
        assert (painted.size[0], 0) == (style.sizes[-1], painted.size[0] % 8)
        assert painted.size in style.warmed
        live.govern(False)
        until(lambda: style.sizes[-1] == TOP)
    finally:
        live.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "pace"]
