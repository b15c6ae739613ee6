"""One frame size on a GPU: buffers that stay, so that the work of a frame is recorded once and replayed."""

from __future__ import annotations

import queue
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from realtime.frames import Image
from realtime.styles.engines import Feeds
from realtime.styles.engines_onnxruntime import Buffers
from realtime.styles.gate import GATE

SETS = 2
"""Sets of buffers: while a frame is painted, another one goes up or comes down."""


class Fixed:
    """A session for one frame size, for any number of threads: two of them keep the GPU busy.

    It is made in `GATE.making`.
    """

    def __init__(self, opened: Any, size: tuple[int, int], place: str) -> None:
        self._sets = [Buffers(opened, size, place, number) for number in range(1, SETS + 1)]
        self._free: queue.SimpleQueue[Buffers] = queue.SimpleQueue()
        for buffers in self._sets:
            self._free.put(buffers)
        # A recorded graph belongs to the thread that recorded it, so one thread paints for all.
        self._painter = ThreadPoolExecutor(1, "gpu")
        weakref.finalize(self, GATE.leave, self._sets).atexit = False

    def run(self, feeds: Feeds) -> Image:
        """The painted frame, in memory of its own; called in `GATE.painting`."""
        buffers = self._free.get()
        try:
            return self._through(buffers, feeds)
        finally:
            self._free.put(buffers)

    def record(self, feeds: Feeds) -> list[Image]:
        """Record the work of a frame in each set of buffers, before anybody paints; returns what is replayed.

        Frames of other sizes wait only for the record itself: what a session does once is done before.
        """
        with GATE.painting():
            self._sets[0].up(feeds)
            self._painter.submit(self._sets[0].warm_up).result()
        with GATE.recording():
            for buffers in self._sets:
                self._through(buffers, feeds)
        with GATE.painting():
            return [self._through(buffers, feeds) for buffers in self._sets]

    def _through(self, buffers: Buffers, feeds: Feeds) -> Image:
        buffers.up(feeds)
        self._painter.submit(buffers.paint).result()
        return buffers.down()
