"""What all pictures of a clip have in common, as its first frame says it, and where its clock begins."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

from realtime.av_frames import Colors, has_alpha, turns_sideways
from realtime.clip_writer import ClipFormat
from realtime.layout import Size

BROADCAST = frozenset(("mpegts", "mpeg", "mpegtsraw", "wtv"))
"""Containers whose clock starts anywhere, and anew: players take the first moment for 0, and so do we."""

_FASTEST_CLOCK = 2**31
"""Ticks a second that a file can't count in: its header has 32 bits for them."""


def beginning_of(container: Any, video: Any, first: Any) -> Fraction:
    """What the clip's clock shows where it begins: 0, but for a broadcast's clock and pictures before 0."""
    if container.format.name in BROADCAST:
        streams = (video, *container.streams.audio)
        starts = [Fraction(s.start_time * s.time_base) for s in streams if s.start_time is not None]
        return min(starts, default=Fraction(0))
    # No kind of file that can be written shows a picture that lies before 0.
    return min(Fraction(0), Fraction((first.pts or 0) * video.time_base))


def form_of(container: Any, video: Any, first: Any, size: Size) -> ClipFormat:
    """The form of a file of pictures of `size` that keeps what the frame `first` and its track say."""
    aspect = video.sample_aspect_ratio
    if not aspect or aspect < 0:
        aspect = None
    elif turns_sideways(first):
        aspect = 1 / aspect
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    bases = [stream.time_base for stream in (video, *container.streams.audio)]
    clock = lcm(*(base.denominator for base in bases))
    clock = clock if clock < _FASTEST_CLOCK else 0
    return ClipFormat(size, video.time_base, Colors.of(first), rate, aspect, has_alpha(first), clock)
