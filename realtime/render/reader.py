"""A clip read from end to end: its pictures upright and at their times, and the packets of its other tracks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any

import av
from av.error import FFmpegError, InvalidDataError

from realtime.av_filters import is_hdr
from realtime.av_frames import ToImage, alpha_of, reason_of
from realtime.clip_writer import ClipFormat
from realtime.frames import fit_alpha, resize
from realtime.layout import OWN_SIZE, Layout, Size
from realtime.render.clip_form import BROADCAST, beginning_of, form_of
from realtime.render.clock import Clock
from realtime.render.container import decoder_with_alpha, is_cover, open_container, pictures_of
from realtime.render.cut import Cut
from realtime.render.losses import Losses
from realtime.render.picture import Picture, Timed
from realtime.timeline import WHOLE, Trim
from weights.errors import InputError

_CAN_SEARCH = frozenset(("mov", "mp4", "matroska", "webm"))
"""Containers that know where each key frame lies, and each frame's time."""

_WORTH_SEARCHING = 20
"""Seconds before which reading from the beginning is as soon done."""


class ClipReader:
    """Reads the clip `path`, or what `trim` says of it, for a file laid out as `layout` says.

    >>> with ClipReader(Path("clip.mp4")) as clip:
    ...     for item in clip:  # Picture, or a packet of another track
    ...         ...

    Everything comes in the file's order, but packets that lie before the first picture come after it. All pictures have
    the size of the first one; `losses` counts what can't be read. From the first picture on `form` is known,
    `begin`, the seconds that were taken from every time so that nothing painted lies before 0 (and that the part that
    `trim` takes begins there), and `covers`, the pictures that stand for the file, with their streams.
    Raises InputError where the file can't be read or holds no picture.
    """

    def __init__(self, path: Path, layout: Layout = OWN_SIZE, trim: Trim = WHOLE) -> None:
        self.path, self.layout, self.trim = path, layout, trim
        self.container: Any = open_container(path)
        self.video: Any = next(iter(pictures_of(self.container)), None)
        if self.video is None:
            self.container.close()
            raise InputError(f"{path} holds no video: choose another file.")
        self.video.thread_type = "AUTO"
        self._decoder = decoder_with_alpha(self.video)
        self.losses = Losses(path, self.container, self.video)
        self.form: ClipFormat | None = None
        self.begin = Fraction(0)
        self.covers: list[tuple[Any, bytes]] = []
        self._to_image = ToImage()
        self._next: int | None = None  # the earliest time that the next frame may have
        self._end: int | None = None  # when the last frame is over
        self._sizes: tuple[Size, Size] | None = None  # painted at, and delivered
        self.cut = Cut(trim)

    @property
    def total(self) -> int:
        """How many frames it has, 0 where the file doesn't say; about, of parts and where only its length is told."""
        rate = self.video.average_rate
        said = self.losses.said or (round(self.length * rate) if self.length and rate else 0)
        if not self.trim:
            return said
        return round(said * self.trim.length_in(self.length) / self.length) if self.length else 0

    @property
    def length(self) -> Fraction | None:
        """Seconds of the whole clip; None where the file doesn't say."""
        length = self.container.duration
        return None if length is None else Fraction(length, av.time_base)

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()

    def __enter__(self) -> ClipReader:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        raw: list[Any] = []
        held: list[Any] = []  # packets that come before the first picture, which opens the output
        begun = False
        for packet in self._demux():
            if packet.stream is self.video:
                self.losses.count(packet)
                for frame in () if self.cut.over else self._frames(packet):
                    for timed in self.cut.push(self._timed_of(frame), self.video.time_base):
                        begun = True
                        yield self.picture(timed)
            elif packet.stream.type == "video":
                self._keep_cover(packet)
            else:
                raw.append(packet)
            if self.form is not None:
                held.extend(self._placed(raw))
                raw = []
            if begun:
                yield from held
                held = []
        for timed in self.cut.last(self.video.time_base):
            begun = True
            yield self.picture(timed)
        if not begun:
            raise self._nothing()
        yield from held

    def packets(self) -> Iterator[Any]:
        """The packets of all tracks in the file's order, pictures too, of which only the first is decoded."""
        held: list[Any] = []
        for packet in self._demux():
            if packet.stream is self.video:
                self.losses.count(packet)
                if self.form is None:
                    for frame in self._frames(packet)[:1]:
                        self._timed_of(frame)
            elif packet.stream.type == "video":
                self._keep_cover(packet)
                continue
            held.append(packet)
            if self.form is not None:
                yield from self._placed(held)
                held = []
        if self.form is None:
            raise self._nothing()

    def frames(self, since: Fraction, lead: int) -> Iterator[Timed]:
        """Frames not yet turned into pictures; no other track.

        Where the file can be searched they begin at least `lead` frames before `since`, seconds of the times given,
        else with the first one. Not after anything else was read.
        """
        timed = self._timed()
        begun = list(islice(timed, 1))
        if not begun:
            raise self._nothing()
        found = self._found(since, max(lead, bool(self.trim)), chain(begun, timed))
        yield from self.cut.frames(found, self.video.time_base)
        if not self.cut.begun:
            raise self._nothing()

    def _found(self, since: Fraction, lead: int, from_the_first: Iterable[Timed]) -> Iterator[Timed]:
        """What `frames` gives, and what lies before the cut."""
        begin = since + self.trim.start
        if begin > _WORTH_SEARCHING and _CAN_SEARCH & set(self.container.format.name.split(",")):
            before: deque[Timed] = deque(maxlen=lead)
            found = self._search(since)
            for timed in found:
                if timed.pts * self.video.time_base >= since:
                    if len(before) < lead:
                        break
                    yield from before
                    yield timed
                    yield from found
                    return
                before.append(timed)
            self.container.seek(0)
            self._flush()
            from_the_first = self._timed()
        yield from from_the_first

    def _search(self, since: Fraction) -> Iterator[Timed]:
        """Frames from the second key frame before `since` on: what follows the first may lean on what lies before."""
        self.losses.whole = False
        at = round((since + self.begin) / self.video.time_base)
        for _ in range(2):
            self.container.seek(at, stream=self.video)
            first = next((p for p in self.container.demux(self.video) if p.pts is not None), None)
            if first is None:
                break
            at = first.pts - 1
        self.container.seek(at, stream=self.video)
        self._flush()
        return self._timed()

    def _flush(self) -> None:
        """Let the decoders forget what they hold, for the next packet comes from elsewhere."""
        self.video.codec_context.flush_buffers()
        if self._decoder is not None:
            self._decoder.flush_buffers()
        self._next = self._end = None
        self.losses.begin_anew()

    def _timed(self) -> Iterator[Timed]:
        for packet in self._demux():
            if packet.stream is self.video:
                self.losses.count(packet)
                yield from map(self._timed_of, self._frames(packet))

    def _keep_cover(self, packet: Any) -> None:
        if packet.size:
            self.covers.append((packet.stream, bytes(packet)))

    def _nothing(self) -> InputError:
        if self.form is not None:
            return InputError(f"{self.path} holds no frame in --trim {self.trim}: choose another part of it.")
        return InputError(f"{self.path} holds no frame that can be read: choose another file.")

    def _demux(self) -> Iterator[Any]:
        """Packets of the tracks that matter; where the file breaks off, what was read until there."""
        streams = self.container.streams
        covers = [s for s in streams.video if is_cover(s)]
        clock = Clock() if self.container.format.name in BROADCAST else None
        try:
            for packet in self.container.demux([self.video, *covers, *streams.audio, *streams.subtitles]):
                if clock and not clock.sets(packet):
                    continue
                self.losses.saw(packet)
                yield packet
                if self.cut.done(streams.audio):
                    self.losses.whole = False
                    return
        except FFmpegError as error:
            if self.form is None:
                raise InputError(
                    f"{self.path} can't be read as a video ({reason_of(error)}): choose another file."
                ) from (error)
            self.losses.damaged += 1

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(
                packet.decode() if self._decoder is None else self._decoder.decode(packet if packet.size else None)
            )
        except InvalidDataError:
            self.losses.damaged += 1
            return []
        except FFmpegError as error:
            raise InputError(f"{self.path} can't be decoded ({reason_of(error)}): choose another file.") from error

    def picture(self, timed: Timed) -> Picture:
        """The picture in `timed`, in the sizes of the first one."""
        image, alpha = self._to_image(timed.frame), alpha_of(timed.frame)
        assert self._sizes is not None, "it is known from the first frame on"
        painted, size = self._sizes
        original = resize(image, size) if self.layout.beside else None
        alpha = None if alpha is None else fit_alpha(alpha, size)
        seconds = timed.pts * self.video.time_base + self.trim.start
        image = resize(image, painted)
        return Picture(image, timed.pts, timed.duration, alpha, size, original, seconds=seconds)

    def _timed_of(self, frame: Any) -> Timed:
        """When the next `frame` is shown; the first one says what all have in common."""
        if self.form is None:
            self.losses.toned = is_hdr(frame)
            self.begin = beginning_of(self.container, self.video, frame) + self.trim.start
            image = self._to_image(frame)
            size = self.layout.size_of(image, even=True)
            self._sizes = self.layout.paint_size(image, even=True), size
            self.form = form_of(self.container, self.video, frame, self.layout.whole(size))
        return self._at(frame, round(self.begin / self.video.time_base))

    def _placed(self, packets: list[Any]) -> Iterator[Any]:
        """Those of `packets` that are within the cut, at their new times."""
        for packet in packets:
            shift = round(self.begin / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            if packet.stream is self.video:
                self.cut.passes(packet)
                yield packet
            elif self.cut.takes(packet):
                yield packet

    def _at(self, frame: Any, begin: int) -> Timed:
        """`frame` with its time after `begin`: where it has none, as in a bare stream, when the one before it is over.

        It is later than the one before it in any case, as an encoder takes no two of one time.
        """
        duration, rate = int(frame.duration or 0), self.video.average_rate or self.video.guessed_rate
        follows = -begin if self._end is None else self._end
        pts = follows if frame.pts is None else frame.pts - begin
        if self._next is not None:
            pts = max(pts, self._next)
        self._next = pts + 1
        self._end = pts + (duration or (round(1 / rate / self.video.time_base) if rate else 1))
        return Timed(frame, pts, duration)
