"""Parts put together: their packets as they are, and the source's other tracks beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

import av

from realtime.av_frames import file_url
from realtime.clip_writer import ClipFormat, muxer_options
from realtime.render.journal import Journal, Note
from realtime.render.opened import InParts, open_again
from realtime.render.reader import ClipReader
from realtime.render.tracks import Tracks
from realtime.render.words import white_notes
from weights.errors import InputError


class Joined:
    """A file that takes encoded pictures, coded as those in the file `part`."""

    def __init__(self, path: Path, form: ClipFormat, part: Path) -> None:
        self.container: Any = av.open(file_url(path), "w", options=muxer_options(path, form))
        with av.open(file_url(part)) as template:
            self.stream: Any = self.container.add_stream_from_template(template.streams.video[0], opaque=True)
        context = self.stream.codec_context
        if context.name == "hevc" and self.container.format.name != "matroska":
            context.codec_tag = "hvc1"  # the name under which Apple's players know it
        if form.aspect is not None:  # Matroska rounds it to whole pixels
            context.sample_aspect_ratio = form.aspect
        self.stream.time_base = form.time_base


def join(source: InParts, journal: Journal, target: Path, upto: int | None = None) -> list[str]:
    """Write the first `upto` parts (all) and the rest of `source`, read anew, to `target`; returns notes in words.

    Raises InputError where a part is missing, PyAV's FFmpegError where the file can't be written.
    """
    whole = upto is None
    parts = parts_to_join(source.path, journal, upto)
    with open_again(source) as reader:
        packets = reader.packets()
        begun = list(islice(packets, 1))
        assert reader.form is not None, "it is known from the first packet on"
        output = Joined(target, reader.form, parts[0][0])
        notes: list[str] = []
        try:
            pictures = _Pictures(parts, output, reader.form.time_base)
            if isinstance(reader, ClipReader):
                tracks = Tracks(reader, output)
                _copy(reader, chain(begun, packets), pictures, tracks, None if whole else pictures.end)
                tracks.finish()
                notes = tracks.notes
            pictures.write_until(None)
        finally:
            output.container.close()
        reader.losses.damaged = sum(note.lost for _, note in parts)
        lost = reader.losses.notes(sum(len(note.packets) for _, note in parts)) if whole else []
        white = white_notes(source.path) if any(note.white for _, note in parts) else []
        return [*notes, *white, *lost]


def parts_to_join(source: Path, journal: Journal, upto: int | None) -> list[tuple[Path, Note]]:
    """Files and notes of the first `upto` parts (all), those that are empty left out.

    Raises InputError where one is missing, or all are empty.
    """
    parts = []
    for part in range(journal.count if upto is None else upto):
        note = journal.note(part)
        if note is None:
            raise InputError(
                f"{journal.target} can't be joined, as {len(journal.missing())} of its {journal.count} parts are "
                "still to be painted: paint them first."
            )
        if note.packets:
            parts.append((journal.path(part), note))
    if not parts:
        raise InputError(f"{source} holds no frame that can be read: choose another file.")
    return parts


def _copy(
    reader: ClipReader, packets: Iterable[Any], pictures: _Pictures, tracks: Tracks, end: Fraction | None
) -> None:
    """Write the painted pictures in step with the source's packets, those of the other tracks up to `end` seconds."""
    for packet in packets:
        if packet.stream is reader.video:
            if packet.dts is not None:
                pictures.write_until(packet.dts * packet.time_base)
        elif end is None or packet.pts is None or packet.pts * packet.time_base < end:
            tracks.write(packet)


class _Pictures:
    """The packets of all `parts`, one after the other, on their way to `output`."""

    def __init__(self, parts: Sequence[tuple[Path, Note]], output: Joined, time_base: Fraction) -> None:
        self._parts, self._output, self._time_base = parts, output, time_base
        self._times = with_durations([times for _, note in parts for times in note.packets])
        self._decoding = decoding_times([pts for pts, _ in self._times])
        self.end = Fraction(max(pts + duration for pts, duration in self._times)) * time_base
        self._packets = self._read()
        self._next = 0

    def write_until(self, time: Fraction | None) -> None:
        """Write those that are decoded up to `time`, seconds; all that are left where it is None."""
        while self._next < len(self._times):
            if time is not None and self._decoding[self._next] * self._time_base > time:
                return
            packet = next(self._packets, None)
            if packet is None:
                raise InputError("A part is damaged: --restart, without --join, paints the clip anew.")
            packet.stream, packet.time_base = self._output.stream, self._time_base
            packet.dts = self._decoding[self._next]
            packet.pts, packet.duration = self._times[self._next]
            self._output.container.mux(packet)
            self._next += 1

    def _read(self) -> Iterator[Any]:
        for path, note in self._parts:
            with av.open(file_url(path)) as part:
                packets = (packet for packet in part.demux(part.streams.video[0]) if packet.size)
                yield from islice(packets, len(note.packets))


def with_durations(packets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The packets' times and durations; where an encoder leaves these out, until the next, the last as that before it.

    A player of MP4 takes a last picture of no duration for none.
    """
    ordered = sorted(pts for pts, _ in packets)
    until = {a: b - a for a, b in pairwise(ordered)}
    last = until.get(ordered[-2], 1) if len(ordered) > 1 else 1
    return [(pts, duration or until.get(pts, last)) for pts, duration in packets]


def decoding_times(shown: Sequence[int]) -> list[int]:
    """When each packet must be decoded that is shown at `shown`, in the packets' order: ever later, and never too late.

    The times are those of an encoder that hands on the times it is given, delayed by as many frames as it needs.
    """
    ordered = sorted(shown)
    place = {time: number for number, time in enumerate(ordered)}
    delay = max((number - place[time] for number, time in enumerate(shown)), default=0)
    early = [time - (ordered[delay] - ordered[0]) for time in ordered[:delay]]
    return early + ordered[: len(ordered) - delay]
