"""An NVIDIA GPU: for each prepared frame size a session of its own, whose buffers stay where they are.

So the work of a frame is recorded once, as a CUDA graph, and replayed. A size that wasn't prepared is painted by the
session for any size.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from realtime.frames import Image
from realtime.styles.engines import Feeds, Wanted, reason
from realtime.styles.engines_onnxruntime import Fixed, OnnxRuntime, open_cpu, session
from realtime.styles.onnx_file import ModelFile
from realtime.styles.trial import trial

PROVIDER = "CUDAExecutionProvider"
OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}  # the default searches for seconds at each new frame size
FIXED_OPTIONS = {"enable_cuda_graph": "1"}

KEPT = 3
"""Sizes that have a session of their own at a time."""

_log = logging.getLogger(__name__)


class Gpu:
    """A network on the GPU as an `Engine`; where the GPU is lost it goes on on the processor."""

    name = "ONNX Runtime"

    def __init__(self, model: ModelFile, wanted: Wanted, place: str = "cuda") -> None:
        """`place` is where its buffers are; raises what ONNX Runtime raises."""
        self._model, self._wanted, self._place, self.precision = model, wanted, place, "f32"
        self._any_size = self._session({})
        self.device = place
        self._lock = threading.Lock()  # guards the two below
        self._fixed: OrderedDict[tuple[int, int], Fixed] = OrderedDict()  # the last used at the end
        self._processor: OnnxRuntime | None = None

    def run(self, feeds: Feeds) -> Image:
        """`Engine.run`."""
        if self._processor is None:
            try:
                return self.paint(feeds)
            except Exception as error:
                self._leave(error)
        assert self._processor is not None
        return self._processor.run(feeds)

    def paint(self, feeds: Feeds) -> Image:
        """The painted frame as `run` has it, on the GPU or not at all; raises what ONNX Runtime raises."""
        h, w = feeds["frame"].shape[:2]
        with self._lock:
            fixed = self._fixed.get((h, w))
            if fixed is not None:
                self._fixed.move_to_end((h, w))
        if fixed is not None:
            return fixed.run(feeds)
        (painted,) = self._any_size.run(["painted"], feeds)
        return np.asarray(painted, np.uint8)

    def prepare(self, height: int, width: int) -> None:
        """`Engine.prepare`."""
        size = (height, width)
        if self._processor is not None or size in self._fixed:
            return
        try:
            fixed = Fixed(self._session(FIXED_OPTIONS, size), size, self._place)
            fixed.run({**trial(self._model), "frame": np.zeros((*size, 3), np.uint8)})  # records the graph
        except Exception as error:  # an operator that no graph can hold, no memory: the one for any size paints
            _log.info("no session of its own for %dx%d: %s", width, height, reason(error))
            return
        with self._lock:
            self._fixed[size] = fixed
            while len(self._fixed) > KEPT:
                self._fixed.popitem(last=False)

    def ready(self, height: int, width: int) -> bool:
        """`Engine.ready`."""
        return self._processor is not None or (height, width) in self._fixed

    def _leave(self, error: Exception) -> None:
        """Go on on the processor where the GPU is lost; raises `error` where it was the frame's fault."""
        try:
            self.paint(trial(self._model))
        except Exception:
            with self._lock:
                if self._processor is None:
                    _log.warning("The GPU is lost (%s): the processor paints on.", reason(error))
                    self._processor = open_cpu(self._model, self._wanted)
                    self.device, self.precision = self._processor.device, self._processor.precision
        else:
            raise error

    def _session(self, options: dict[str, str], size: tuple[int, int] | None = None) -> Any:
        """A session for frames of `size`, or of any; raises RuntimeError where ONNX Runtime leaves the GPU out."""
        opened = session(self._model.data, self._wanted.threads, [(PROVIDER, {**OPTIONS, **options})], size)
        if PROVIDER not in opened.get_providers():
            raise RuntimeError("ONNX Runtime left the GPU out")
        return opened
