"""Part after part of a clip: which picture belongs to which, and each of them written to a file of its own."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from realtime.clip_writer import ClipFormat, ClipWriter
from realtime.codecs import Encoding
from realtime.render.journal import Journal, Note
from realtime.render.opened import InParts
from realtime.render.picture import Picture, Timed
from realtime.render.reader import ClipReader
from weights.files import replacing


def count_parts(reader: InParts, seconds: float) -> int:
    """Into how many parts of some `seconds` the clip goes; the last one may be half as long, or longer."""
    length = reader.length
    if length is None:  # a recording that was cut off, say: its packets know
        with ClipReader(reader.path) as other:
            ends = (p.pts * p.time_base for p in other.container.demux(other.video) if p.pts is not None)
            length = max(ends, default=Fraction(0))
    return max(1, round(float(reader.trim.length_in(length)) / seconds))


class PartReader:
    """The pictures of the parts `wanted`, in their order, each known by its part; `lead` pictures before them lead in.

    A picture belongs to the part in whose `seconds` its time lies, the last of `count` parts having no end.
    """

    def __init__(self, reader: InParts, wanted: Collection[int], count: int, seconds: float, lead: int) -> None:
        self._reader, self._wanted, self._count, self._lead = reader, frozenset(wanted), count, lead
        self._seconds = Fraction(seconds)

    def __iter__(self) -> Iterator[Picture]:
        before: deque[Timed] = deque(maxlen=self._lead)
        last = -1
        for timed in self._reader.frames(min(self._wanted) * self._seconds, self._lead):
            part = self._part_of(timed.pts)
            if part > max(self._wanted):
                return
            if part in self._wanted:
                if last != part and last not in self._wanted:
                    for earlier in before:
                        yield replace(self._reader.picture(earlier), part=part, lead=True)
                yield replace(self._reader.picture(timed), part=part)
            before.append(timed)
            last = part

    def _part_of(self, pts: int) -> int:
        assert self._reader.form is not None, "it is known from the first frame on"
        return min(int(pts * self._reader.form.time_base / self._seconds), self._count - 1)


class PartWriter:
    """Writes the pictures of the parts `wanted` to their files; a part that gets none is noted as empty."""

    def __init__(self, reader: InParts, journal: Journal, wanted: Collection[int], encoding: Encoding) -> None:
        self._reader, self._journal = reader, journal
        self._encoding = replace(encoding, codec=encoding.name_for(journal.target))
        self._wanted = sorted(wanted)
        self._part = -1
        self._open = ExitStack()
        self._temporary = Path()
        self._writer: _Timed | None = None
        self._lost = 0

    def write(self, picture: Any) -> None:
        """Encode `picture`, unless it only leads in."""
        if picture.lead:
            return
        if picture.part != self._part:
            self._end()
            self._empty(picture.part)
            self._begin(picture.part)
        assert self._writer is not None
        self._writer.write(picture.image, picture.pts, picture.duration, picture.alpha)

    def finish(self) -> None:
        """End the last part."""
        self._end()
        self._empty(self._journal.count)

    def close(self) -> None:
        """Let go of the file; a part that is not whole is thrown away."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with suppress(_Broken):
                self._open.__exit__(_Broken, _Broken(), None)
            with suppress(OSError, av.error.FFmpegError):  # a full disk, which was said
                writer.close()

    def _begin(self, part: int) -> None:
        assert self._reader.form is not None, "it is known from the first picture on"
        if self._part < 0 and part:
            self._lost = self._reader.losses.damaged  # what is damaged before is in other parts' notes
        self._part = part
        self._open = ExitStack()
        self._temporary = self._open.enter_context(replacing(self._journal.path(part)))
        self._writer = _Timed(self._temporary, self._reader.form, self._encoding)

    def _end(self) -> None:
        if self._writer is None:
            return
        self._writer.finish()
        self._writer.close()
        with self._temporary.open("rb+") as file:
            os.fsync(file.fileno())  # a note must not outlive what it tells of
        size = self._temporary.stat().st_size
        self._open.close()
        damaged = self._reader.losses.damaged
        note = Note(tuple(self._writer.times), size, damaged - self._lost, self._writer.drops_alpha)
        self._writer, self._lost = None, damaged
        self._journal.done(self._part, note)
        self._wanted.remove(self._part)
        gc.collect()  # PyAV's frames and files lie in circles, which Python seldom looks for among old objects

    def _empty(self, until: int) -> None:
        for part in [part for part in self._wanted if part < until]:
            self._journal.done(part, Note())
            self._wanted.remove(part)


class _Broken(Exception):
    """What a part's file is left with that is not whole."""


class _Timed(ClipWriter):
    """Notes the time and duration of each packet: Matroska counts in milliseconds, clips in anything."""

    def __init__(self, path: Path, form: ClipFormat, encoding: Encoding) -> None:
        super().__init__(path, form, encoding)
        self.times: list[tuple[int, int]] = []

    def _mux(self, packets: list[Any]) -> None:
        self.times.extend((packet.pts, packet.duration or 0) for packet in packets)
        super()._mux(packets)
