"""The meter counts right by a clock that the test moves."""

from __future__ import annotations

import pytest

from realtime.live.meter import Meter, Speed


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_seen_is_all_zero() -> None:
    assert Meter().read() == Speed(0.0, 0.0, 0.0, 0)


def test_rate_and_percentiles() -> None:
    clock = Clock()
    meter = Meter(window=10, clock=clock)
    for i in range(21):
        meter.add(i / 1000)
        clock.now += 0.05
    speed = meter.read()
    assert speed.fps == pytest.approx(20)
    assert speed.p50_ms == pytest.approx(10)
    assert speed.p95_ms == pytest.approx(19)
    assert speed.frames == 21


def test_old_frames_are_forgotten() -> None:
    clock = Clock()
    meter = Meter(window=2, clock=clock)
    meter.add(0.5)
    clock.now += 1.9
    assert meter.read().frames == 1
    clock.now += 0.2
    assert meter.read() == Speed()


def test_one_frame_has_no_rate() -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    meter.add(0.01)
    assert meter.read().fps == 0.0
    assert meter.read().p50_ms == pytest.approx(10)
