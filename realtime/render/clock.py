"""A broadcast's clock, which begins anew in the middle of some recordings: a DVD's, or two that were put together."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

_BACK = Fraction(1, 10)
"""Seconds by which a track that is whole never falls back."""


class Clock:
    """Sets packets that count anew to a clock that runs on.

    A track that falls back goes on where all tracks were over, and the others, when they fall back, are moved as far,
    so that sound and pictures stay in step.
    """

    def __init__(self) -> None:
        self._shifts = [Fraction(0)]  # after each fall, how far times are moved
        self._falls: dict[int, int] = {}  # of each track
        self._begins: dict[int, Fraction] = {}  # of each track's last packet
        self._ends: dict[int, Fraction] = {}

    def sets(self, packet: Any) -> bool:
        """Set `packet`; returns whether it may stay: sound must come after what its track had already."""
        if packet.dts is None:
            return True
        track, base = packet.stream.index, packet.time_base
        seldom = packet.stream.type == "subtitle"  # too much so to tell by it
        fall = len(self._shifts) - 1 if seldom else self._fall(track, packet.dts * base)
        shift = round(self._shifts[fall] / base)
        packet.dts += shift
        packet.pts = None if packet.pts is None else packet.pts + shift
        begin = packet.dts * base
        if packet.stream.type == "audio" and begin <= self._begins.get(track, begin - 1):
            return False
        self._begins[track], self._ends[track] = begin, begin + (packet.duration or 1) * base
        return True

    def _fall(self, track: int, time: Fraction) -> int:
        """How often the track fell back, now that it has a packet of this `time`."""
        fall, end = self._falls.get(track, 0), self._ends.get(track)
        if end is not None and time + self._shifts[fall] < end - _BACK:
            fall += 1
            if fall == len(self._shifts):
                self._shifts.append(max(self._ends.values()) - time)
        self._falls[track] = fall
        return fall
