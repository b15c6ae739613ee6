"""A new size is painted at the last one and scaled, until its network is there; and for ever where it can't be."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from realtime.live.bridge import Bridge
from tests.live_fakes import Fake, Numbered, Start, shown, until

SMALL, LARGE = (32, 32), (64, 64)


class Making(Fake):
    """Is fast at SMALL, and at what `gate` has let it make."""

    def __init__(self, makes: bool = True) -> None:
        super().__init__(7)
        self.made, self.makes, self.may = {SMALL}, makes, threading.Event()
        self.sizes: list[tuple[int, ...]] = []

    def ready(self, height: int, width: int) -> bool:
        return (height, width) in self.made

    def warm_up(self, height: int, width: int) -> None:
        super().warm_up(height, width)
        if self.makes:
            self.made.add((height, width))
        assert self.may.wait(5), "painting its first frame takes so long"
        if not self.makes:
            raise RuntimeError("no memory")

    def __call__(self, image: np.ndarray, *_: float, **__: float) -> np.ndarray:
        self.sizes.append(image.shape[:2])
        return super().__call__(image)


@pytest.mark.parametrize("makes", [True, False])
def test_a_new_size_is_worked_at_when_it_is_made_or_was_tried(makes: bool) -> None:
    told = threading.Event()
    bridge, style = Bridge(told.set), Making(makes)
    assert [bridge.size(style, size) for size in (SMALL, LARGE, LARGE)] == [SMALL, SMALL, SMALL]
    assert style.warmed == [LARGE]
    style.may.set()
    assert told.wait(5)
    assert [bridge.size(style, size) for size in (LARGE, SMALL, LARGE)] == [LARGE, SMALL, LARGE]
    assert style.warmed == [LARGE]


def test_the_first_size_is_worked_at_whatever_it_costs_and_made_fast_after_a_frame() -> None:
    told = threading.Event()
    bridge, style = Bridge(told.set), Making()
    style.may.set()
    assert bridge.size(style, LARGE) == LARGE
    assert style.warmed == []
    assert bridge.size(style, LARGE) == LARGE
    assert told.wait(5)
    assert style.warmed == [LARGE]


def test_the_loop_shows_the_new_size_at_once_and_a_still_again_when_it_is_made(started: Start) -> None:
    style, source = Making(), Numbered()
    live = started(source, {"a": style})
    source.let()
    assert shown(live).size == SMALL
    live.change(height=LARGE[0])
    first = shown(live)
    assert (first.image.shape[:2], first.size) == (LARGE, SMALL)
    style.may.set()
    until(lambda: style.sizes[-1] == LARGE)
    painted = shown(live)
    assert (painted.image.shape[:2], painted.size) == (LARGE, LARGE)
