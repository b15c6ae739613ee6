"""An NVIDIA GPU: for each prepared frame size a session of its own, whose buffers stay where they are.

So the work of a frame is recorded once, as a CUDA graph, and replayed; or compiled by TensorRT. A size that wasn't
prepared is painted by the session for any size.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections import OrderedDict
from typing import Any

import numpy as np

from realtime.frames import Image, resize
from realtime.styles.compiled import cache_folder
from realtime.styles.engines import Feeds, Wanted, reason
from realtime.styles.engines_onnxruntime import OnnxRuntime, open_cpu, session
from realtime.styles.fixed import SETS, Fixed
from realtime.styles.gate import GATE
from realtime.styles.half import in_half
from realtime.styles.onnx_file import ModelFile
from realtime.styles.trial import shows, trial

PROVIDER, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"
OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}  # the default searches for seconds at each new frame size
FIXED_OPTIONS = {"enable_cuda_graph": "1"}
TENSORRT_OPTIONS = {"trt_engine_cache_enable": "1", "trt_timing_cache_enable": "1"}

KEPT = 3
"""Sizes that have a session of their own at a time."""

Size = tuple[int, int]

_log = logging.getLogger(__name__)


class Gpu:
    """A network on the GPU as an `Engine`; where the GPU is lost it goes on on the processor, and says so in `lost`."""

    def __init__(self, model: ModelFile, wanted: Wanted, place: str = "cuda", precision: str = "f32") -> None:
        """`place` is where its buffers are, `precision` "f32" or "f16"; raises what ONNX Runtime raises, and ValueError
        where the network can't be in float16."""
        self._model, self._wanted, self._place, self.precision = model, wanted, place, precision
        self.name = "TensorRT" if wanted.engine == "tensorrt" else "ONNX Runtime"
        self._data = in_half(model.data) if precision == "f16" else model.data
        with GATE.making():
            self._any_size = self._opened([(PROVIDER, OPTIONS)])
        weakref.finalize(self, GATE.leave, self._any_size).atexit = False
        self.device, self.lost, self.at_once = place, "", SETS
        self._lock = threading.Lock()  # guards the two below
        self._fixed: OrderedDict[Size, Fixed] = OrderedDict()  # the last used at the end
        self._processor: OnnxRuntime | None = None
        self._preparing = threading.Lock()  # two that want a size get one session; guards the one below
        self._given_up: set[Size] = set()

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
        with GATE.painting():
            if fixed is not None:
                return fixed.run(feeds)
            (painted,) = self._any_size.run(["painted"], feeds)
        return np.asarray(painted, np.uint8)

    def prepare(self, height: int, width: int) -> None:
        """`Engine.prepare`."""
        with self._preparing:
            if not self.ready(height, width) and (height, width) not in self._given_up:
                self._prepare((height, width))

    def _prepare(self, size: Size) -> None:
        feeds = trial(self._model)
        feeds = {**feeds, "frame": resize(feeds["frame"], size)}
        try:
            with GATE.making():
                fixed = Fixed(self._of_size(size), size, self._place)
            with GATE.painting():
                (expected,) = self._any_size.run(["painted"], feeds)
            if any(shows(expected, painted) for painted in fixed.record(feeds)):
                raise RuntimeError("it paints something else")
        except Exception as error:  # an operator that no graph can hold, no memory: another one paints
            _log.warning("%s has no network for %dx%d alone: %s", self.name, size[1], size[0], reason(error))
            if self.name == "TensorRT":
                self.name = "ONNX Runtime"
                self._prepare(size)
            else:
                self._given_up.add(size)
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
                    lost = f"The GPU is lost ({reason(error)}): the processor paints on."
                    _log.warning("%s", lost, exc_info=error)
                    self._processor = open_cpu(self._model, self._wanted)
                    self.name = self._processor.name
                    self.lost = lost
                    self.device, self.precision = self._processor.device, self._processor.precision
                    self.at_once = self._processor.at_once
        else:
            raise error

    def _of_size(self, size: Size) -> Any:
        """A session for frames of `size` alone."""
        cuda = (PROVIDER, {**OPTIONS, **FIXED_OPTIONS})
        if self.name != "TensorRT":
            return self._opened([cuda], size)
        # ONNX Runtime names what TensorRT makes by the operators, not by their numbers: each network has a folder.
        made_of = f"{self._model.sha256[:16]}-{self.precision}-{size[1]}x{size[0]}"
        folder = cache_folder().with_name("tensorrt") / made_of
        folder.mkdir(parents=True, exist_ok=True)
        kept = {"trt_engine_cache_path": str(folder), "trt_timing_cache_path": str(folder)}
        coarse = {"trt_fp16_enable": "1", "trt_layer_norm_fp32_fallback": "1"} if self.precision == "f16" else {}
        return self._opened([(TENSORRT, {**TENSORRT_OPTIONS, **kept, **coarse}), (PROVIDER, OPTIONS)], size)

    def _opened(self, providers: list[Any], size: Size | None = None) -> Any:
        """A session for frames of `size`, or of any; raises RuntimeError where ONNX Runtime leaves the GPU out."""
        opened = session(self._data, self._wanted.threads, providers, size)
        if providers[0][0] not in opened.get_providers():
            raise RuntimeError("ONNX Runtime left the GPU out")
        return opened


def fastest(model: ModelFile, wanted: Wanted, place: str = "cuda") -> Gpu:
    """The network in float16 where that does not show in what it paints, else in float32; both have really painted.

    Raises what ONNX Runtime raises.
    """
    fine, picture = Gpu(model, wanted, place), trial(model)
    painted = fine.paint(picture)
    if wanted.precision != "auto":
        return fine
    try:
        coarse = Gpu(model, wanted, place, "f16")
        return fine if shows(painted, coarse.paint(picture)) else coarse
    except Exception as error:  # an operator without a float16 of its own, numbers too large
        _log.info("no float16: %s", reason(error))
        return fine
