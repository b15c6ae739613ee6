"""One clip on its way through its threads: decode, paint (the caller's, or as many as the engine has room for), hold
steady, write."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from realtime.codecs import Encoding
from realtime.frames import Image
from realtime.render.in_order import in_order
from realtime.render.picture import Picture
from realtime.render.steady import Steady

_AHEAD = 4  # frames between two stages: enough to smooth their pace, little memory at 4K
_END = object()

Paint = Callable[[Picture], Picture]
"""Paints a picture: its `image` becomes the painting."""


def painting(paint: Callable[[Image], Image]) -> Paint:
    """What paints pictures, whatever their time, as `paint` does their images."""
    return lambda picture: replace(picture, image=paint(picture.image))


@dataclass(frozen=True)
class Progress:
    """How far a clip is: frames painted, frames in all (0 where the file doesn't say), and in those that were painted
    by an earlier run."""

    done: int
    total: int
    before: int = 0


@dataclass
class Summary:
    """What became of a clip: `frames` painted, `before` of them by an earlier run, and `notes` in words about what
    could not be kept."""

    frames: int = 0
    notes: list[str] = field(default_factory=list)
    before: int = 0


@dataclass(frozen=True)
class Work:
    """What is done with each picture of a clip: painted, `at_once` of them at a time, held `steady`, coded; told of."""

    paint: Paint
    at_once: int = 1
    encoding: Encoding = field(default_factory=Encoding)
    steady: bool = False
    on_progress: Callable[[Progress], None] = lambda _: None


class Sink(Protocol):
    """Takes what is painted, in one thread."""

    def write(self, item: Any) -> None:
        """Write a Picture, or a packet of another track."""

    def finish(self) -> None:
        """All has come."""

    def close(self) -> None:
        """Let go of the files, whatever happened."""


class Pipeline:
    """Takes pictures (and packets of other tracks, which are handed on) from `items` to `sink`."""

    def __init__(self, items: Iterable[Any], sink: Sink, steady: bool) -> None:
        self._items, self._sink = items, sink
        self._decoded: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._painted: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._done: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._steady = Steady() if steady else None
        self._stop = threading.Event()
        self._errors: list[BaseException] = []

    def run(self, paint: Paint, on_picture: Callable[[], None], at_once: int = 1) -> None:
        """Paint everything; raises what went wrong in any of the threads. `on_picture` is called after each picture.

        Where `at_once` is more than 1, so many threads call `paint`.
        """
        stages = (self._decode, self._hold_steady, self._write)
        threads = [threading.Thread(target=self._guard, args=(stage,), daemon=True) for stage in stages]
        try:
            for thread in threads:  # in here, for Ctrl-C may come between the two
                thread.start()
            self._paint(paint, on_picture, at_once)
        except BaseException:
            self._stop.set()
            raise
        finally:
            for thread in threads:
                if thread.is_alive():
                    thread.join()
        if self._errors:
            raise self._errors[0]

    def _paint(self, paint: Paint, on_picture: Callable[[], None], at_once: int) -> None:
        items = iter(lambda: self._get(self._decoded), _END)
        with closing(in_order(lambda picture: (picture.image, paint(picture)), items, at_once)) as done:
            for item in done:
                if isinstance(item, tuple) and not item[1].lead:
                    on_picture()
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
        for item in self._items:
            if self._stop.is_set():
                return
            self._put(self._decoded, item)
        self._put(self._decoded, _END)

    def _hold_steady(self) -> None:
        """In a thread of its own, for it costs about as much as encoding, and the network should not wait for it."""
        part = scene = None
        while (item := self._get(self._painted)) is not _END:
            if isinstance(item, tuple):
                source, item = item
                if self._steady:
                    if scene is not None and item.scene != scene:
                        self._steady.forget()
                    if part is not None and item.part != part:
                        self._steady.reset()
                    part, scene = item.part, item.scene
                    item = replace(item, image=self._steady(source, item.image))
            self._put(self._done, item)
        self._put(self._done, _END)

    def _write(self) -> None:
        try:
            while (item := self._get(self._done)) is not _END:
                self._sink.write(item.finished() if isinstance(item, Picture) and not item.lead else item)
            if not self._stop.is_set():
                self._sink.finish()
        finally:
            self._sink.close()
