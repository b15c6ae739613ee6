"""A clip read from end to end: its pictures upright and at their times, and the packets of its other tracks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import lcm
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.error import FFmpegError, InvalidDataError
from numpy.typing import NDArray

from realtime.av_filters import is_hdr
from realtime.av_frames import Colors, ToImage, alpha_of, has_alpha, reason_of, turns_sideways
from realtime.clip_writer import ClipFormat
from realtime.frames import Image, fit, fit_alpha, resize
from realtime.render.container import decoder_with_alpha, is_cover, open_container, pictures_of
from weights.errors import InputError

_BROADCAST = frozenset(("mpegts", "mpeg", "mpegtsraw", "wtv"))
"""Containers whose clock starts anywhere: players take the first moment for 0, and so do we."""

_CAN_SEARCH = frozenset(("mov", "mp4", "matroska", "webm"))
"""Containers that know where each key frame lies, and each frame's time."""

_WORTH_SEARCHING = 20
"""Seconds before which reading from the beginning is as soon done."""

_FASTEST_CLOCK = 2**31
"""Ticks a second that a file can't count in: its header has 32 bits for them."""


@dataclass(frozen=True)
class Picture:
    """One frame: `image` `(H, W, 3) uint8 RGB`, shown at `pts` for `duration` (0: unsaid) in the clip's time base.

    `alpha` is how opaque it is, `(H, W) uint8`; None where it is all opaque. Of a clip that is written in parts, `part`
    is its part's number, and a picture that is in the `lead` only leads to the part: it is painted, not written.
    """

    image: Image
    pts: int
    duration: int
    alpha: NDArray[np.uint8] | None = None
    part: int = 0
    lead: bool = False


class ClipReader:
    """Reads the clip `path`; `height` scales its frames.

    >>> with ClipReader(Path("clip.mp4")) as clip:
    ...     for item in clip:  # Picture, or a packet of another track
    ...         ...

    Everything comes in the file's order, but packets that lie before the first picture come after it. All pictures have
    the size of the first one; `damaged` counts what was passed over. From the first picture on `form` is known,
    `begin`, the seconds that were taken from every time so that nothing painted lies before 0, and `covers`, the
    pictures that stand for the file, with their streams. When all is read, `notes` say what was lost.
    Raises InputError where the file can't be read or holds no picture.
    """

    def __init__(self, path: Path, height: int | None = None) -> None:
        self.path, self._height = path, height
        self.container: Any = open_container(path)
        self.video: Any = next(iter(pictures_of(self.container)), None)
        if self.video is None:
            self.container.close()
            raise InputError(f"{path} holds no video: choose another file.")
        self.video.thread_type = "AUTO"
        self._decoder = decoder_with_alpha(self.video)
        self.total = int(self.video.frames or 0)
        self.form: ClipFormat | None = None
        self.begin = Fraction(0)
        self.covers: list[tuple[Any, bytes]] = []
        self._to_image = ToImage()
        self._next: int | None = None  # the earliest time that the next frame may have
        self._packets, self.damaged, self._toned = 0, 0, False
        self._counts_ticks = self.container.format.name == "avi"
        self._end = 0.0  # of what was read, in seconds

    @property
    def notes(self) -> list[str]:
        """What could not be read, in words."""
        notes = []
        if self._toned:
            notes.append(f"{self.path.name} is HDR: its brightness was toned down to BT.709.")
        if self.damaged:
            notes.append(f"{self.damaged} damaged pieces of {self.path.name} were passed over.")
        if self._packets < self.total:
            notes.append(
                f"{self.path.name} breaks off: {self.total - self._packets} of its {self.total} frames are missing."
            )
        elif not self.total and self.container.duration and "matroska" in self.container.format.name:
            missing = self.container.duration / av.time_base - self._end
            if missing > 1 or missing > 0.1 * self._end:
                notes.append(f"{self.path.name} breaks off: its last {missing:.1f} seconds are missing.")
        return notes

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()

    def __enter__(self) -> ClipReader:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        held: list[Any] = []  # packets that come before the first picture, which opens the output
        for packet in self._demux():
            if packet.stream is self.video:
                self._count(packet)
                for frame in self._frames(packet):
                    yield self.picture(frame, self._time_of(frame))
                    yield from map(self._shifted, held)
                    held = []
            elif packet.stream.type == "video":
                self._keep_cover(packet)
            elif self.form is None:
                held.append(packet)
            else:
                yield self._shifted(packet)
        if self.form is None:
            raise self._nothing()

    def packets(self) -> Iterator[Any]:
        """The packets of all tracks in the file's order, pictures too, of which only the first is decoded."""
        held: list[Any] = []
        for packet in self._demux():
            if packet.stream is self.video:
                self._count(packet)
                if self.form is None:
                    for frame in self._frames(packet)[:1]:
                        self._time_of(frame)
            elif packet.stream.type == "video":
                self._keep_cover(packet)
                continue
            held.append(packet)
            if self.form is not None:
                yield from map(self._shifted, held)
                held = []
        if self.form is None:
            raise self._nothing()

    def frames(self, since: Fraction, lead: int) -> Iterator[tuple[Any, int]]:
        """Frames not yet turned into pictures, with their times; no other track.

        Where the file can be searched they begin at least `lead` frames before `since`, seconds of the times given,
        else with the first one. Not after anything else was read.
        """
        begun = list(islice(self._timed(), 1))
        if not begun:
            raise self._nothing()
        assert self.form is not None
        if since > _WORTH_SEARCHING and _CAN_SEARCH & set(self.container.format.name.split(",")):
            before: deque[tuple[Any, int]] = deque(maxlen=lead)
            found = self._search(since)
            for timed in found:
                if timed[1] * self.form.time_base >= since:
                    if len(before) < lead:
                        break
                    yield from before
                    yield timed
                    yield from found
                    return
                before.append(timed)
        self.container.seek(0)
        self._flush()
        yield from self._timed()

    def _search(self, since: Fraction) -> Iterator[tuple[Any, int]]:
        """Frames from the second key frame before `since` on: what follows the first may lean on what lies before."""
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
        self._next, self._packets, self.damaged = None, 0, 0

    def _timed(self) -> Iterator[tuple[Any, int]]:
        for packet in self._demux():
            if packet.stream is self.video:
                self._count(packet)
                for frame in self._frames(packet):
                    yield frame, self._time_of(frame)

    def _count(self, packet: Any) -> None:
        self._packets += packet.size > 0
        if self._counts_ticks and packet.pts is not None:  # of an AVI, which leaves out what repeats
            self._packets = max(self._packets, packet.pts + 1)

    def _keep_cover(self, packet: Any) -> None:
        if packet.size:
            self.covers.append((packet.stream, bytes(packet)))

    def _nothing(self) -> InputError:
        return InputError(f"{self.path} holds no frame that can be read: choose another file.")

    def _demux(self) -> Iterator[Any]:
        """Packets of the tracks that matter; where the file breaks off, what was read until there."""
        streams = self.container.streams
        covers = [s for s in streams.video if is_cover(s)]
        try:
            for packet in self.container.demux([self.video, *covers, *streams.audio, *streams.subtitles]):
                if packet.pts is not None:
                    self._end = max(self._end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                yield packet
        except FFmpegError as error:
            if self.form is None:
                raise InputError(
                    f"{self.path} can't be read as a video ({reason_of(error)}): choose another file."
                ) from (error)
            self.damaged += 1

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(
                packet.decode() if self._decoder is None else self._decoder.decode(packet if packet.size else None)
            )
        except InvalidDataError:
            self.damaged += 1
            return []
        except FFmpegError as error:
            raise InputError(f"{self.path} can't be decoded ({reason_of(error)}): choose another file.") from error

    def picture(self, frame: Any, pts: int) -> Picture:
        """The picture in `frame`, shown at `pts`."""
        alpha = alpha_of(frame)
        image = self._fitted(self._to_image(frame))
        alpha = None if alpha is None else fit_alpha(alpha, image)
        return Picture(image, pts, int(frame.duration or 0), alpha)

    def _time_of(self, frame: Any) -> int:
        """When the next `frame` is shown; the first one says what all have in common."""
        if self.form is None:
            self._toned = is_hdr(frame)
            self.begin = self._begin(frame)
            self.form = self._form(frame, self._fitted(self._to_image(frame)))
        return self._time(None if frame.pts is None else frame.pts - round(self.begin / self.form.time_base))

    def _begin(self, first: Any) -> Fraction:
        """What the clip's clock shows where it begins: 0, but for a broadcast's clock and pictures before 0."""
        if self.container.format.name in _BROADCAST:
            streams = (self.video, *self.container.streams.audio)
            starts = [Fraction(s.start_time * s.time_base) for s in streams if s.start_time is not None]
            return min(starts, default=Fraction(0))
        # No kind of file that can be written shows a picture that lies before 0.
        return min(Fraction(0), Fraction((first.pts or 0) * self.video.time_base))

    def _shifted(self, packet: Any) -> Any:
        shift = round(self.begin / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        return packet

    def _time(self, pts: int | None) -> int:
        """When a frame is shown: at `pts`, but after the one before it, as an encoder takes no two of one time."""
        if self._next is not None and (pts is None or pts < self._next):
            pts = self._next
        self._next = (pts or 0) + 1
        return self._next - 1

    def _fitted(self, image: Image) -> Image:
        """`image` at the height asked for, and always at the size of the first one."""
        image = fit(image, self._height, even=True)
        return image if self.form is None else resize(image, self.form.size)

    def _form(self, frame: Any, image: Image) -> ClipFormat:
        video = self.video
        aspect = video.sample_aspect_ratio
        if not aspect or aspect < 0:
            aspect = None
        elif turns_sideways(frame):
            aspect = 1 / aspect
        rate = video.average_rate or video.guessed_rate or Fraction(25)
        size = image.shape[0], image.shape[1]
        bases = [stream.time_base for stream in (video, *self.container.streams.audio)]
        clock = lcm(*(base.denominator for base in bases))
        clock = clock if clock < _FASTEST_CLOCK else 0
        return ClipFormat(size, video.time_base, Colors.of(frame), rate, aspect, has_alpha(frame), clock)
