"""SMPTE timecode, as editing programs count frames: 01:02:03:04, with a semicolon where numbers are dropped."""

from __future__ import annotations

import re
from fractions import Fraction

_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")


def advanced(timecode: str, seconds: Fraction, rate: Fraction) -> str:
    """`timecode` that many `seconds` later, in a clip of `rate` frames a second; unchanged where it can't be read.

    >>> advanced("00:00:59;28", Fraction(1, 10), Fraction(30000, 1001))
    '00:01:00;03'
    """
    found = _TIMECODE.fullmatch(timecode)
    whole = round(rate)
    if not found or whole <= 0:
        return timecode
    hours, minutes, secs, frames = (int(found[group]) for group in (1, 2, 3, 5))
    minutes += hours * 60
    count = (minutes * 60 + secs) * whole + frames
    dropped = whole // 15 if found[4] != ":" and whole % 30 == 0 else 0  # numbers a minute, but in every tenth
    count += round(seconds * rate) - dropped * (minutes - minutes // 10)
    if dropped:
        tens, rest = divmod(count, whole * 600 - 9 * dropped)
        count += 9 * dropped * tens + dropped * max(0, (rest - dropped) // (whole * 60 - dropped))
    frames, secs = count % whole, count // whole
    return f"{secs // 3600 % 24:02d}:{secs // 60 % 60:02d}:{secs % 60:02d}{found[4]}{frames:02d}"
