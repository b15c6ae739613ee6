"""A painted clip written as numbered pictures, as in painted/%05d.png."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from realtime.av_frames import ToImage, alpha_of, file_url
from realtime.layout import Size
from realtime.numbered import names_of
from realtime.render.join import parts_to_join
from realtime.render.journal import Journal
from realtime.render.opened import InParts, open_again
from realtime.render.sequence import SequenceReader
from realtime.stills import StillPicture, write_still

_ROUNDED = Fraction(1, 500)
"""Seconds by which even times differ that were rounded to milliseconds."""


def join_numbered(source: InParts, journal: Journal, target: Path, upto: int | None = None) -> list[str]:
    """Write the pictures of the first `upto` parts (all); returns notes in words.

    Pictures that came with numbers keep them, a clip's are counted from 1. Raises InputError where a part is missing.
    """
    parts = parts_to_join(source.path, journal, upto)
    times = [times for _, note in parts for times in note.packets]
    with open_again(source) as reader:
        for _ in reader.packets():  # they know the form of the pictures, and what is missing
            pass
        assert reader.form is not None, "it is known from the first packet on"
        numbers: Iterable[int] = range(1, len(times) + 1)
        if isinstance(reader, SequenceReader):
            numbers = [reader.number_of(pts) for pts, _ in times]
        write_numbered([path for path, _ in parts], target, reader.form.size, numbers)
        reader.losses.damaged = sum(note.lost for _, note in parts)
        return [*_left_out(reader, times), *(reader.losses.notes(len(times)) if upto is None else [])]


def write_numbered(files: Iterable[Path], target: Path, size: Size, numbers: Iterable[int]) -> None:
    """Write the pictures in `files`, clips without loss, under the names that `target` stands for; each appears whole.

    `size` is theirs without the line and the column that made them even.
    """
    name, (h, w), numbered = names_of(target), size, iter(numbers)
    for file in files:
        to_image = ToImage()
        with av.open(file_url(file)) as clip:
            for frame in clip.decode(video=0):
                alpha = alpha_of(frame)
                still = StillPicture(to_image(frame)[:h, :w], None if alpha is None else alpha[:h, :w])
                write_still(still, name(next(numbered)))


def _left_out(source: InParts, times: Sequence[tuple[int, int]]) -> list[str]:
    """What numbered pictures don't tell of a clip."""
    if isinstance(source, SequenceReader) or source.form is None:
        return []
    steps = [b - a for (a, _), (b, _) in pairwise(sorted(times))]
    even = not steps or max(steps) - min(steps) <= _ROUNDED / source.form.time_base
    rate = f"The pictures are {float(source.form.rate):.6g} a second."
    notes = [rate if even else "When each picture is shown was left out: the clip's times are uneven."]
    return [*notes, "The sound was left out, as pictures hold none."] if source.container.streams.audio else notes
