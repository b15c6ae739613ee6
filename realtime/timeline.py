"""Times that the command line names, in seconds of the clip: what of it is painted, and in which style from when on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from weights.errors import InputError

_TIME = r"(?:(?:\d+:)?\d+:)?\d+(?:\.\d*)?|\.\d+"
_NEXT = re.compile(rf",\s*(?=(?:{_TIME})\s)")
_STEP = re.compile(rf"({_TIME})\s+(\S.*)")
_RANGE = re.compile(rf"\s*({_TIME})?\s*-\s*({_TIME})?\s*")


@dataclass(frozen=True)
class Trim:
    """The part of a clip from `start` to `end`, seconds of its own times; None is its end.

    >>> Trim.read("1:05-70.5")
    Trim(start=Fraction(65, 1), end=Fraction(141, 2))
    """

    start: Fraction = Fraction(0)
    end: Fraction | None = None

    @classmethod
    def read(cls, text: str) -> Trim:
        """What `--trim` says, as in 5-12.5, 5-, -12.5 or 1:05-1:30; raises InputError."""
        found = _RANGE.fullmatch(text)
        if not found or not any(found.groups()):
            raise InputError(f"--trim {text} can't be read: give seconds from and to, as in 5-12.5, 5- or -12.5.")
        start, end = (None if time is None else seconds(time) for time in found.groups())
        if end is not None and end <= (start or 0):
            raise InputError(f"--trim {text} ends where it begins: give a later second after the dash.")
        return cls(start or Fraction(0), end)

    def __bool__(self) -> bool:
        return self.start != 0 or self.end is not None

    def __str__(self) -> str:
        return f"{_shown(self.start)}-{'' if self.end is None else _shown(self.end)}"

    @property
    def length(self) -> Fraction | None:
        """Its seconds; None where it goes on until the clip's end."""
        return None if self.end is None else self.end - self.start

    def length_in(self, clip: Fraction) -> Fraction:
        """How much of a clip of so many seconds it takes."""
        return max(Fraction(0), (clip if self.end is None else min(self.end, clip)) - self.start)


WHOLE = Trim()
"""All of a clip."""


Schedule = tuple[tuple[Fraction, str], ...]
"""From which second on which style or blend paints."""


def read_schedule(text: str) -> Schedule:
    """What `--style-schedule` says, as in "0 starry-night, 5.0 great-wave:0.6,udnie:0.4"; raises InputError."""
    steps = [_STEP.fullmatch(step.strip()) for step in _NEXT.split(text)]
    schedule = tuple((seconds(step[1]), step[2]) for step in steps if step)
    if len(schedule) < len(steps):
        raise InputError(
            f'--style-schedule "{text}" can\'t be read: give seconds and styles, as in "0 starry-night, 5 great-wave".'
        )
    for (earlier, _), (later, style) in pairwise(schedule):
        if later <= earlier:
            raise InputError(
                f"--style-schedule has {style} at {_shown(later)} after a style at {_shown(earlier)}: "
                "let each second be later than the one before it."
            )
    return schedule


def shown_schedule(schedule: Schedule) -> str:
    """The text that `read_schedule` reads."""
    return ", ".join(f"{_shown(time)} {style}" for time, style in schedule)


def read_time(text: str) -> Fraction:
    """What `--at` says, as in 12.5 or 1:05; raises InputError."""
    if not re.fullmatch(_TIME, text.strip()):
        raise InputError(f"--at {text} is no time: give seconds, as in 12.5, or minutes and seconds, as in 1:05.")
    return seconds(text.strip())


def seconds(time: str) -> Fraction:
    """What 12.5, 1:05 or 1:02:03.5 is in seconds."""
    total = Fraction(0)
    for number in time.split(":"):
        total = total * 60 + Fraction(f"0{number}")
    return total


def _shown(time: Fraction) -> str:
    return f"{float(time):.9g}"
