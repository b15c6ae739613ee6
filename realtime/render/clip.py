"""A clip painted to a file: every frame, at its own time, with its sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from realtime.clip_writer import ClipWriter
from realtime.codecs import MOVING_PICTURES, VIDEO_SUFFIXES, Encoding
from realtime.frames import Image
from realtime.layout import OWN_SIZE, Layout
from realtime.numbered import is_numbered
from realtime.render.journal import Journal, is_begun
from realtime.render.numbered_out import write_numbered
from realtime.render.opened import InParts, Reader, open_clip, pictures_of
from realtime.render.painter import Painter
from realtime.render.picture import Picture
from realtime.render.pipeline import Pipeline, Progress, Summary, Work, painting
from realtime.render.reader import ClipReader
from realtime.render.resume import Resume, join_shares, paint_parts
from realtime.render.sequence import RATE
from realtime.render.tracks import Tracks
from realtime.render.words import said_of, white_notes
from realtime.timeline import WHOLE, Trim
from weights.errors import InputError
from weights.files import not_the_original, replacing

_LATE = 20
"""Seconds before a part of a clip that are better searched over than read, as clips in parts are."""

_A_FRAME = 0.04
"""Seconds of a frame of a clip that doesn't say."""


def paint_clip(
    source: Path,
    target: Path,
    paint: Painter | Callable[[Image], Image],
    layout: Layout = OWN_SIZE,
    on_progress: Callable[[Progress], None] = lambda _: None,
    encoding: Encoding = Encoding(),  # noqa: B008, frozen
    steady: bool = False,
    resume: Resume | None = None,
    trim: Trim = WHOLE,
    rate: Fraction = RATE,
) -> Summary:
    """Paint the video `source` into `target`, coded as its suffix or `encoding` says.

    Every frame keeps its time, sound is copied, and what phones and old cameras leave to the player is done: frames are
    turned upright, and keep their pixel aspect and colours. `layout` says how large they are painted and delivered,
    `trim` which part of the clip is taken, `rate` how fast numbered pictures follow each other; `steady` takes the
    flicker out of the paintings. `target` appears whole or not at all. With `resume` a long clip is painted in parts,
    and goes on with the one where an earlier run was stopped. Raises InputError.
    """
    encoding.codec_of(target)  # what doesn't fit is said before the work
    not_the_original(target, source)
    paints = paint.picture if isinstance(paint, Painter) else painting(paint)
    work = Work(paints, getattr(paint, "at_once", 1), encoding, steady, on_progress)
    with open_clip(source, layout, trim, rate) as reader:
        journal = _journal(reader, target, resume)
        if journal and isinstance(reader, InParts):
            return paint_parts(reader, journal, work, resume or Resume())
        return (_paint_numbered if is_numbered(target) else _paint_whole)(reader, target, work)


def join_clip(
    source: Path,
    target: Path,
    resume: Resume,
    layout: Layout = OWN_SIZE,
    trim: Trim = WHOLE,
    rate: Fraction = RATE,
) -> Summary:
    """Put together what several machines have painted of `source`. Raises InputError where something is missing."""
    with open_clip(source, layout, trim, rate) as reader:
        journal = _journal(reader, target, resume)
        if journal and isinstance(reader, InParts):
            return join_shares(reader, journal, resume)
    if is_begun(target):  # this line would have painted it in one piece
        raise InputError(f"{target} was begun in other parts: join it with the --part-seconds that it was begun with.")
    raise still_to_be_painted(target)


def still_to_be_painted(target: Path) -> InputError:
    """What is said where there is nothing of `target` to join."""
    return InputError(f"{target} is still to be painted: paint it first, with --part.")


def parts_of(
    source: Path, target: Path, resume: Resume, trim: Trim = WHOLE, rate: Fraction = RATE
) -> tuple[int, float]:
    """In how many parts the clip is painted, and of how many seconds each is, about. Raises InputError."""
    with open_clip(source, trim=trim, rate=rate) as reader:
        journal = _journal(reader, target, resume)
        return (journal.count, resume.part_seconds) if journal else (1, max(reader.total, 1) * _A_FRAME)


def _journal(reader: Reader, target: Path, resume: Resume | None) -> Journal | None:
    """What is painted of the clip so far; None where it isn't painted in parts. Numbered pictures always are."""
    if isinstance(reader, InParts) and is_numbered(target):
        return (resume or Resume()).journal(reader, target)
    if resume is None or not isinstance(reader, InParts) or target.suffix.lower() not in VIDEO_SUFFIXES:
        return None
    journal = resume.journal(reader, target)
    return journal if journal.count > 1 or reader.trim.start > _LATE else None


def _paint_numbered(reader: Reader, target: Path, work: Work) -> Summary:
    """Paint what can't begin in the middle into numbered pictures."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=target.parent) as folder:
        whole = Path(folder) / "whole.mkv"
        summary = _paint_whole(reader, whole, replace(work, encoding=Encoding("ffv1")))
        assert reader.form is not None, "it is known from the first picture on"
        write_numbered([whole], target, reader.form.size, count(1))
    return summary


def _paint_whole(reader: Reader, target: Path, work: Work) -> Summary:
    summary = Summary()

    def counted() -> None:
        summary.frames += 1
        work.on_progress(Progress(summary.frames, reader.total))

    with replacing(target) as temporary:
        sink = Whole(reader, temporary, work.encoding)
        with said_of(target):
            late = reader.trim.start > _LATE and target.suffix.lower() in MOVING_PICTURES
            items = pictures_of(reader) if late else reader
            Pipeline(items, sink, work.steady).run(work.paint, counted, work.at_once)
        lost = reader.losses.notes(summary.frames) if isinstance(reader, InParts) else []
        summary.notes = [*sink.notes, *lost]
    return summary


class Whole:
    """Writes a clip in one go: its pictures, and the packets of its other tracks beside them."""

    def __init__(self, reader: Reader, target: Path, encoding: Encoding) -> None:
        self._reader, self._target, self._encoding = reader, target, encoding
        self._writer: ClipWriter | None = None
        self._tracks: Tracks | None = None

    @property
    def notes(self) -> list[str]:
        """What could not be kept, in words."""
        notes = self._tracks.notes if self._tracks else []
        return [*notes, *white_notes(self._reader.path)] if self._writer and self._writer.drops_alpha else notes

    def write(self, item: Any) -> None:
        """Write a picture or a packet; the first item is a picture."""
        if self._writer is None:
            assert self._reader.form is not None, "it is known from the first picture on"
            self._writer = ClipWriter(self._target, self._reader.form, self._encoding)
            if isinstance(self._reader, ClipReader):
                self._tracks = Tracks(self._reader, self._writer)
        if isinstance(item, Picture):
            self._writer.write(item.image, item.pts, item.duration, item.alpha)
        elif self._tracks:
            self._tracks.write(item)

    def finish(self) -> None:
        """Write what is still held back."""
        if self._writer:
            self._writer.finish()
        if self._tracks:
            self._tracks.finish()

    def close(self) -> None:
        """Let go of the file."""
        if self._writer:
            self._writer.close()
