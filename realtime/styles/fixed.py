"""One frame size on a GPU: buffers that stay, so that the work of a frame is recorded once and replayed."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime as ort

from realtime.frames import Image
from realtime.styles.engines import Feeds
from realtime.styles.pinned import copy_down, pinned

SETS = 2
"""Sets of buffers: while a frame is painted, another one goes up or comes down."""


class Fixed:
    """A session for one frame size, for any number of threads: two of them keep the GPU busy."""

    def __init__(self, opened: Any, size: tuple[int, int], place: str) -> None:
        self._sets = [_Buffers(opened, size, place, number) for number in range(1, SETS + 1)]
        self._free: queue.SimpleQueue[_Buffers] = queue.SimpleQueue()
        for buffers in self._sets:
            self._free.put(buffers)
        # A recorded graph belongs to the thread that recorded it, so one thread paints for all.
        self._painter = ThreadPoolExecutor(1, "gpu")

    def run(self, feeds: Feeds) -> Image:
        """The painted frame, in memory of its own."""
        buffers = self._free.get()
        try:
            return self._through(buffers, feeds)
        finally:
            self._free.put(buffers)

    def record(self, feeds: Feeds) -> list[Image]:
        """Record the work of a frame in each set of buffers, before anybody paints; returns what is replayed."""
        for buffers in self._sets:
            self._through(buffers, feeds)
        return [self._through(buffers, feeds) for buffers in self._sets]

    def _through(self, buffers: _Buffers, feeds: Feeds) -> Image:
        buffers.up(feeds)
        self._painter.submit(buffers.paint).result()
        return buffers.down()


class _Buffers:
    """All that a frame goes through, in places that stay; `number` is its recorded graph's."""

    def __init__(self, opened: Any, size: tuple[int, int], place: str, number: int) -> None:
        self._session, self._place = opened, place
        self._binding = opened.io_binding()
        self._painted = ort.OrtValue.ortvalue_from_shape_and_type((*size, 3), np.uint8, place, 0)
        self._binding.bind_ortvalue_output("painted", self._painted)
        self._inputs: dict[str, Any] = {}
        self._going, self._coming = pinned((*size, 3)), pinned((*size, 3))
        self._options = ort.RunOptions()
        self._options.add_run_config_entry("gpu_graph_id", str(number))

    def up(self, feeds: Feeds) -> None:
        """Take the inputs of a frame to the GPU."""
        np.copyto(self._going, feeds["frame"])
        for name, array in {**feeds, "frame": self._going}.items():
            if name in self._inputs:
                self._inputs[name].update_inplace(np.ascontiguousarray(array))
            else:
                self._inputs[name] = ort.OrtValue.ortvalue_from_numpy(array.copy(), self._place, 0)
                self._binding.bind_ortvalue_input(name, self._inputs[name])

    def paint(self) -> None:
        """Paint what is there."""
        self._session.run_with_iobinding(self._binding, self._options)

    def down(self) -> Image:
        """The painting, in memory of its own."""
        copy_down(self._coming, self._painted)
        return self._coming.copy()
