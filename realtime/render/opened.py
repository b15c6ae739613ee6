"""Which reader reads which kind of clip."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from realtime.layout import OWN_SIZE, Layout
from realtime.numbered import is_numbered
from realtime.render.animation import AnimationReader
from realtime.render.picture import Picture
from realtime.render.reader import ClipReader
from realtime.render.sequence import RATE, SequenceReader
from realtime.timeline import WHOLE, Trim

InParts = ClipReader | SequenceReader
"""What can begin in the middle."""

Reader = InParts | AnimationReader


def open_clip(source: Path, layout: Layout = OWN_SIZE, trim: Trim = WHOLE, rate: Fraction = RATE) -> Reader:
    """What reads the clip, the moving picture or, at `rate`, the numbered pictures `source`.

    Raises InputError where nothing can.
    """
    if is_numbered(source):
        return SequenceReader(source, layout, trim, rate)
    return (AnimationReader if source.suffix.lower() == ".webp" else ClipReader)(source, layout, trim)


def pictures_of(reader: Reader) -> Iterator[Picture]:
    """The pictures of the clip alone; those before the part that is wanted are searched over where that can be."""
    if isinstance(reader, InParts):
        return map(reader.picture, reader.frames(Fraction(0), 0))
    return iter(reader)


def open_again(reader: InParts) -> InParts:
    """Another reader of the same."""
    if isinstance(reader, SequenceReader):
        return SequenceReader(reader.path, reader.layout, reader.trim, reader.rate)
    return ClipReader(reader.path, reader.layout, reader.trim)
