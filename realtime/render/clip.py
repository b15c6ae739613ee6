"""A clip painted to a file: every frame, at its own time, with its sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from realtime.clip_writer import ClipWriter
from realtime.codecs import VIDEO_SUFFIXES, Encoding
from realtime.frames import Image
from realtime.layout import OWN_SIZE, Layout
from realtime.render.animation import AnimationReader
from realtime.render.journal import Journal
from realtime.render.painter import Painter
from realtime.render.parts import count_parts
from realtime.render.picture import Picture
from realtime.render.pipeline import Pipeline, Progress, Summary, Work, painting
from realtime.render.reader import ClipReader
from realtime.render.resume import Resume, paint_parts
from realtime.render.tracks import Tracks
from realtime.render.words import said_of, white_notes
from realtime.timeline import WHOLE, Trim
from weights.files import not_the_original, replacing

Reader = ClipReader | AnimationReader


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
) -> Summary:
    """Paint the video `source` into `target`, coded as its suffix or `encoding` says.

    Every frame keeps its time, sound is copied, and what phones and old cameras leave to the player is done: frames are
    turned upright, and keep their pixel aspect and colours. `layout` says how large they are painted and delivered,
    `trim` which part of the clip is taken; `steady` takes the flicker out of the paintings. `target` appears whole or
    not at all. With `resume` a long clip is painted in parts, and goes on with the one where an earlier run was
    stopped. Raises InputError.
    """
    encoding.codec_of(target)  # what doesn't fit is said before the work
    not_the_original(target, source)
    work = Work(paint.picture if isinstance(paint, Painter) else painting(paint), encoding, steady, on_progress)
    with open_clip(source, layout, trim) as reader:
        if resume and isinstance(reader, ClipReader) and target.suffix.lower() in VIDEO_SUFFIXES:
            count = count_parts(reader, resume.part_seconds)
            if count > 1:
                journal = Journal(target, count)
                return paint_parts(reader, journal, work, resume)
        return _paint_whole(reader, target, work)


def _paint_whole(reader: Reader, target: Path, work: Work) -> Summary:
    summary = Summary()

    def count() -> None:
        summary.frames += 1
        work.on_progress(Progress(summary.frames, reader.total))

    with replacing(target) as temporary:
        sink = _Whole(reader, temporary, work.encoding)
        with said_of(target):
            Pipeline(reader, sink, work.steady).run(work.paint, count)
        lost = reader.losses.notes(summary.frames) if isinstance(reader, ClipReader) else []
        summary.notes = [*sink.notes, *lost]
    return summary


def open_clip(source: Path, layout: Layout = OWN_SIZE, trim: Trim = WHOLE) -> Reader:
    """What reads the clip or moving picture `source`; raises InputError where nothing can."""
    return (AnimationReader if source.suffix.lower() == ".webp" else ClipReader)(source, layout, trim)


class _Whole:
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
