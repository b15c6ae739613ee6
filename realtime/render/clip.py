"""A clip painted to a file: every frame, at its own time, with its sound."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError, InvalidDataError

from realtime.av_frames import Colors, ToImage, reason_of, turns_sideways
from realtime.clip_writer import ANIMATION, VIDEO_SUFFIXES, ClipFormat, ClipWriter
from realtime.frames import Image, fit, resize
from realtime.render.tracks import Track, open_tracks
from weights.errors import InputError
from weights.files import not_the_original, replacing

_AHEAD = 4  # frames between two stages: enough to smooth their pace, little memory at 4K


@dataclass(frozen=True)
class Progress:
    """How far a clip is: frames written, frames in all (0 where the file doesn't say)."""

    done: int
    total: int


@dataclass
class Summary:
    """What became of a clip: `frames` painted, and `notes` in words about what could not be kept."""

    frames: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Picture:
    """One frame on its way: `pts` and `duration` count in the stream's time base."""

    image: Image
    pts: int
    duration: int


_END = object()
Paint = Callable[[Image], Image]


def paint_clip(
    source: Path,
    target: Path,
    paint: Paint,
    height: int | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Paint the video `source` into `target`: H.264 in .mp4, .m4v, .mov or .mkv, or a .webp that repeats for ever.

    Every frame keeps its time, sound is copied, and what phones and old cameras leave to the player is done: frames are
    turned upright, and keep their pixel aspect and colours. `height` scales the frames first. `target` appears whole or
    not at all. Raises InputError.
    """
    if target.suffix.lower() not in VIDEO_SUFFIXES | {ANIMATION}:
        raise InputError(f"A clip can't be written as {target.name}: end its name in .mp4, .mov, .mkv or .webp.")
    not_the_original(target, source)
    with _open_clip(source) as clip, replacing(target) as temporary:
        try:
            return _Job(source, clip, temporary, height).run(paint, on_progress)
        except FFmpegError as error:
            raise InputError(
                f"{target} can't be written ({reason_of(error)}): try .mkv, or another place with -o."
            ) from error


@contextmanager
def _open_clip(source: Path) -> Iterator[Any]:
    try:
        clip = av.open(str(source))
    except (FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{source} can't be read as a video ({reason_of(error)}): choose another file.") from error
    with clip:
        if not clip.streams.video:
            raise InputError(f"{source} holds no video: choose another file.")
        yield clip


class _Job:
    """One clip on its way through three threads: decode, paint (the caller's thread), encode."""

    def __init__(self, source: Path, clip: Any, target: Path, height: int | None) -> None:
        self._source, self._clip, self._target, self._height = source, clip, target, height
        self._video = clip.streams.video[0]
        self._video.thread_type = "AUTO"
        self._decoded: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._painted: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._writer: ClipWriter | None = None
        self._to_image = ToImage()
        self._tracks: dict[int, Track] = {}
        self._summary = Summary()
        self._damaged = 0

    def run(self, paint: Paint, on_progress: Callable[[Progress], None]) -> Summary:
        """Paint everything; raises what went wrong in any of the three threads."""
        threads = [
            threading.Thread(target=self._guard, args=(stage,), daemon=True) for stage in (self._decode, self._encode)
        ]
        for thread in threads:
            thread.start()
        try:
            self._paint(paint, on_progress)
        except BaseException:
            self._stop.set()
            raise
        finally:
            for thread in threads:
                thread.join()
            if self._writer is not None:
                self._writer.close()
        if self._errors:
            raise self._errors[0]
        if not self._summary.frames:
            raise InputError(f"{self._source} holds no frame that can be read: choose another file.")
        if self._damaged:
            self._summary.notes.append(f"{self._damaged} damaged pieces of {self._source.name} were passed over.")
        return self._summary

    def _paint(self, paint: Paint, on_progress: Callable[[Progress], None]) -> None:
        total = int(self._video.frames or 0)
        while (item := self._get(self._decoded)) is not _END:
            if isinstance(item, _Picture):
                item = replace(item, image=paint(item.image))
                self._summary.frames += 1
                on_progress(Progress(self._summary.frames, total))
            self._put(self._painted, item)
        self._put(self._painted, _END)

    def _guard(self, stage: Callable[[], None]) -> None:
        try:
            stage()
        except BaseException as error:  # raised again in the caller's thread
            self._errors.append(error)
            self._stop.set()

    # Both wait in short steps: a stage that has failed must not leave the others waiting for ever.
    def _get(self, items: queue.Queue[Any]) -> Any:
        while not self._stop.is_set():
            try:
                return items.get(timeout=0.1)
            except queue.Empty:
                continue
        return _END

    def _put(self, items: queue.Queue[Any], item: Any) -> None:
        while not self._stop.is_set():
            try:
                return items.put(item, timeout=0.1)
            except queue.Full:
                continue

    def _decode(self) -> None:
        """Pictures of the first video stream and packets of the copied tracks, in the order of the file."""
        first = True
        next_pts = 0
        streams = [self._video, *self._clip.streams.audio, *self._clip.streams.subtitles]
        held: list[Any] = []  # packets that come before the first frame, which opens the output
        for packet in self._clip.demux(streams):
            if self._stop.is_set():
                return
            if packet.stream is not self._video:
                if first:
                    held.append(packet)
                else:
                    self._put(self._decoded, packet)
                continue
            for frame in self._frames(packet):
                if first:
                    self._open_output(frame)
                    first = False
                    for early in held:
                        self._put(self._decoded, early)
                pts = next_pts if frame.pts is None else max(int(frame.pts), next_pts)
                next_pts = pts + 1  # an encoder takes no two frames of one time
                self._put(self._decoded, _Picture(self._fitted(self._to_image(frame)), pts, int(frame.duration or 0)))
        self._put(self._decoded, _END)

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(packet.decode())
        except InvalidDataError:
            self._damaged += 1
            return []
        except FFmpegError as error:
            raise InputError(f"{self._source} can't be decoded ({reason_of(error)}): choose another file.") from error

    def _fitted(self, image: Image) -> Image:
        """`image` at the height asked for, and always at the size of the first one."""
        image = fit(image, self._height, even=True)
        h, w = image.shape[:2]
        if self._writer is not None and (h + h % 2, w + w % 2) != self._writer.size:
            image = resize(image, self._writer.size)
        return image

    def _open_output(self, frame: Any) -> None:
        image = self._fitted(self._to_image(frame))
        rate = self._video.average_rate or self._video.guessed_rate or Fraction(25)
        aspect = self._video.sample_aspect_ratio
        if not aspect or aspect < 0:
            aspect = None
        elif turns_sideways(frame):
            aspect = 1 / aspect
        form = ClipFormat((image.shape[0], image.shape[1]), self._video.time_base, Colors.of(frame), rate, aspect)
        self._writer = ClipWriter(self._target, form)
        self._tracks, notes = open_tracks(self._clip, self._writer.container)
        self._summary.notes.extend(notes)
        self._writer.container.metadata.update(self._clip.metadata)

    def _encode(self) -> None:
        while (item := self._get(self._painted)) is not _END:
            if self._writer is not None and isinstance(item, _Picture):
                self._writer.write(item.image, item.pts, item.duration)
            elif item.stream.index in self._tracks and item.dts is not None:
                self._tracks[item.stream.index].write(item)
        if self._writer is None or self._stop.is_set():
            return
        self._writer.finish()
        for track in self._tracks.values():
            track.finish()
