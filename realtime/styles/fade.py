"""A cross-fade between two styles: of one trunk the vector moves, and each frame is still painted once."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.styles.vectors import Vector, mix

FADE_SECONDS = 0.5


def part_of(began: float, seconds: float, now: float) -> float:
    """How much of a fade that `began` at a monotonic time and lasts `seconds` is done at `now`, from 0 to 1."""
    return 1.0 if seconds <= 0 else min(1.0, max(0.0, (now - began) / seconds))


@dataclass(frozen=True)
class Fade:
    """The way from the vector `start` to the vector `end`, `began` at a monotonic time and `seconds` long."""

    start: Vector
    end: Vector
    began: float
    seconds: float = FADE_SECONDS

    def part(self, now: float) -> float:
        """How much of the way is done at `now`, from 0 to 1."""
        return part_of(self.began, self.seconds, now)

    def at(self, now: float) -> Vector:
        """The vector at `now`; exactly `end` from the end on."""
        part = self.part(now)
        return self.end if part == 1.0 else mix([self.start, self.end], [1.0 - part, part])
