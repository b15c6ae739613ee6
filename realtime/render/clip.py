"""A clip painted to a file: every frame, at its own time, with its sound."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from realtime.av_frames import reason_of
from realtime.clip_writer import ClipWriter
from realtime.codecs import Encoding
from realtime.frames import Image
from realtime.render.animation import AnimationReader
from realtime.render.reader import ClipReader, Picture
from realtime.render.steady import Steady
from realtime.render.tracks import Tracks
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


_END = object()
Reader = ClipReader | AnimationReader
Paint = Callable[[Image], Image]


def paint_clip(
    source: Path,
    target: Path,
    paint: Paint,
    height: int | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    encoding: Encoding = Encoding(),  # noqa: B008, frozen
    steady: bool = False,
) -> Summary:
    """Paint the video `source` into `target`, coded as its suffix or `encoding` says.

    Every frame keeps its time, sound is copied, and what phones and old cameras leave to the player is done: frames are
    turned upright, and keep their pixel aspect and colours. `height` scales the frames first; `steady` takes the
    flicker out of the paintings. `target` appears whole or not at all. Raises InputError.
    """
    encoding.codec_of(target)  # what doesn't fit is said before the work
    not_the_original(target, source)
    with open_clip(source, height) as reader, replacing(target) as temporary:
        try:
            return _Pipeline(reader, temporary, encoding, steady).run(paint, on_progress)
        except FFmpegError as error:
            raise InputError(
                f"{target} can't be written ({reason_of(error)}): try .mkv, or another place with -o."
            ) from error


def open_clip(source: Path, height: int | None = None) -> Reader:
    """What reads the clip or moving picture `source`; raises InputError where nothing can."""
    return (AnimationReader if source.suffix.lower() == ".webp" else ClipReader)(source, height)


class _Pipeline:
    """One clip on its way through its threads: decode, paint (the caller's thread), hold steady, encode."""

    def __init__(self, reader: Reader, target: Path, encoding: Encoding, steady: bool) -> None:
        self._reader, self._target, self._encoding = reader, target, encoding
        self._decoded: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._painted: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._done: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._steady = Steady() if steady else None
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._summary = Summary()

    def run(self, paint: Paint, on_progress: Callable[[Progress], None]) -> Summary:
        """Paint everything; raises what went wrong in any of the threads."""
        stages = (self._decode, self._hold_steady, self._encode)
        threads = [threading.Thread(target=self._guard, args=(stage,), daemon=True) for stage in stages]
        try:
            for thread in threads:  # in here, for Ctrl-C may come between the two
                thread.start()
            self._paint(paint, on_progress)
        except BaseException:
            self._stop.set()
            raise
        finally:
            for thread in threads:
                if thread.is_alive():
                    thread.join()
        if self._errors:
            raise self._errors[0]
        self._summary.notes.extend(self._reader.notes)
        return self._summary

    def _paint(self, paint: Paint, on_progress: Callable[[Progress], None]) -> None:
        while (item := self._get(self._decoded)) is not _END:
            if isinstance(item, Picture):
                item = (item.image, replace(item, image=paint(item.image)))
                self._summary.frames += 1
                on_progress(Progress(self._summary.frames, self._reader.total))
            self._put(self._painted, item)
        self._put(self._painted, _END)

    def _guard(self, stage: Callable[[], None]) -> None:
        if self._stop.is_set():  # before it began: the files are closed already
            return
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
        for item in self._reader:
            if self._stop.is_set():
                return
            self._put(self._decoded, item)
        self._put(self._decoded, _END)

    def _hold_steady(self) -> None:
        """In a thread of its own, for it costs about as much as encoding, and the network should not wait for it."""
        while (item := self._get(self._painted)) is not _END:
            if isinstance(item, tuple):
                source, item = item
                if self._steady:
                    item = replace(item, image=self._steady(source, item.image))
            self._put(self._done, item)
        self._put(self._done, _END)

    def _encode(self) -> None:
        first = self._get(self._done)
        if first is _END or self._reader.form is None:
            return
        writer = ClipWriter(self._target, self._reader.form, self._encoding)
        try:
            tracks = Tracks(self._reader, writer) if isinstance(self._reader, ClipReader) else None
            self._summary.notes.extend(tracks.notes if tracks else [])
            writer.write(first.image, first.pts, first.duration, first.alpha)
            while (item := self._get(self._done)) is not _END:
                if isinstance(item, Picture):
                    writer.write(item.image, item.pts, item.duration, item.alpha)
                elif tracks:
                    tracks.write(item)
            if not self._stop.is_set():
                writer.finish()
                if tracks:
                    tracks.finish()
        finally:
            writer.close()
        if writer.drops_alpha:
            self._summary.notes.append(
                f"The transparency of {self._reader.path.name} became white: "
                ".webm, .webp, .gif, or .mov with --codec prores keep it."
            )
