"""OpenVINO: the processor's own engine, and Intel's graphics.

A network of one fixed frame size is up to half as fast again as one for any size, and is compiled in a fifth of a
second. So each size gets its own, off-thread, while the one for any size paints; a few are kept, and what is compiled
is kept on disk for the next start.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from realtime.frames import Image
from realtime.styles.compiled import Compiled
from realtime.styles.engines import Feeds, Unavailable, Wanted, reason
from realtime.styles.onnx_file import ModelFile
from realtime.styles.trial import shows, trial

# `import openvino` brings its model converter with it, and that its telemetry. Without them it is faster, too.
_CONVERTER = "openvino.tools.ovc"
_had_converter = _CONVERTER in sys.modules
sys.modules.setdefault(_CONVERTER, None)  # type: ignore[arg-type]
try:
    import openvino as ov
finally:
    if not _had_converter:
        del sys.modules[_CONVERTER]

KEPT = 3
"""Sizes that have a network of their own at a time: before and after a change, and one more."""

LARGEST = 3840 * 2160
"""Pixels of the largest frame that gets one: what is larger is a still, and its memory is better given back."""

_SETTLED = 8
"""Frames after which the start is over, and the network for any size is loaded for a change to come."""

_LOW = 10
"""Niceness of the compiler's thread: it has time, the frame that is painted beside it has none."""

_core = ov.Core()

_FINE = {"INFERENCE_PRECISION_HINT": "f32"}

Size = tuple[int, int]


def devices() -> list[str]:
    """What OpenVINO finds here, as in ["CPU", "GPU"]."""
    return list(_core.available_devices)


def work(model: ModelFile, height: int, width: int) -> float:
    """Billions of multiplications and additions in the convolutions of a frame of this size."""
    network = _core.read_model(model.data)
    network.reshape({port.any_name: port.partial_shape for port in network.inputs} | {"frame": [height, width, 3]})
    total = 0
    for operation in network.get_ordered_ops():
        outer = {"Convolution": 1, "GroupConvolution": 2}.get(operation.get_type_name())  # sides before it
        if outer:
            total += math.prod(operation.input(1).get_shape()[outer:]) * math.prod(operation.output(0).get_shape())
    return total / 1e9


def open_openvino(model: ModelFile, wanted: Wanted) -> OpenVino:
    """The model on the processor or on the device `wanted`; raises Unavailable.

    In the precision that the device is fastest in, where that does not show in what this network paints.
    """
    device = "CPU" if wanted.device in ("auto", "cpu") else wanted.device.upper()
    try:
        settings = _settings(device, wanted)
        engine, fine = OpenVino(model, device, settings), settings | _FINE
        if settings == fine or not engine.shows(model, Compiled(_core, model, device, fine)):
            return engine
        return OpenVino(model, device, fine)
    except Exception as error:  # OpenVINO raises RuntimeError and ValueError for what isn't to its liking
        raise Unavailable(f"OpenVINO can't paint {model.path} on {device} ({reason(error)})") from error


def _settings(device: str, wanted: Wanted) -> dict[str, Any]:
    """OpenVINO's properties for the least delay of one frame."""
    precision = _lowest_precision(device) if wanted.precision == "auto" else wanted.precision
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    if device == "CPU":
        # A thread that is bound to a core waits for whatever else runs there: capture, window, other programs.
        settings["ENABLE_CPU_PINNING"] = False
        if wanted.threads:
            settings["INFERENCE_NUM_THREADS"] = wanted.threads
    return settings


def _lowest_precision(device: str) -> str:
    """The coarsest precision that `device` has instructions for."""
    capable = _core.get_property(device, "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capable else "f16" if "FP16" in capable and device != "CPU" else "f32"


class OpenVino:
    """A network as an `Engine`; paints frames of every size from the start on."""

    name, at_once = "OpenVINO", 1

    def __init__(self, model: ModelFile, device: str, settings: dict[str, Any]) -> None:
        self.device, self.precision = device.lower(), str(settings["INFERENCE_PRECISION_HINT"])
        self._compiled = Compiled(_core, model, device, settings)
        self._loaded: _Network | None = None
        self._loading = threading.Lock()  # guards the one above
        if not self._compiled.is_kept(None):
            self._any_size()  # whether it can be compiled at all is known only then
        self._lock = threading.Lock()  # guards the four below
        self._fixed: OrderedDict[Size, _Network] = OrderedDict()  # the last used at the end
        self._frames = 0  # painted by networks of their own size
        self._next: list[Size | None] = []  # at most one, None for any size
        self._compiler: threading.Thread | None = None

    def run(self, feeds: Feeds) -> Image:
        """`Engine.run`; a size that is new is compiled after it, in a thread that ends by itself."""
        h, w = feeds["frame"].shape[:2]
        network = self._own((h, w))
        if network is not None:
            return network.run(feeds)
        painted = self._any_size().run(feeds)
        # Not before: the two would share the cores, and the first frame of a size is late as it is.
        if h * w <= LARGEST:
            with self._lock:
                self._compile_soon((h, w))
        return painted

    def prepare(self, height: int, width: int) -> None:
        """`Engine.prepare`."""
        size, compiler = (height, width), self._compiler
        if compiler is not None and size not in self._fixed:  # it may be at just this size
            compiler.join()
        if height * width <= LARGEST and size not in self._fixed:
            self._keep(size, _Network(self._compiled(size)))

    def ready(self, height: int, width: int) -> bool:
        """`Engine.ready`."""
        return height * width > LARGEST or (height, width) in self._fixed

    def shows(self, model: ModelFile, fine: Compiled) -> bool:
        """Whether a painting tells this from `fine`, the same network in float32; tried once, then kept on disk."""

        def tried() -> bytes:
            feeds = trial(model)
            return b"shows" if shows(_Network(fine(None)).run(feeds), self._any_size().run(feeds)) else b"hidden"

        return self._compiled.remembered("coarseness", tried) == b"shows"

    def _own(self, size: Size) -> _Network | None:
        """The network for frames of `size`, None where there is none yet."""
        with self._lock:
            network = self._fixed.get(size)
            if network is not None:
                self._fixed.move_to_end(size)
                self._frames += 1
                if self._frames == _SETTLED and self._loaded is None:
                    self._compile_soon(None)
            return network

    def _compile_soon(self, size: Size | None) -> None:
        """Make the network for `size` off-thread, in place of one that waits to be made; `_lock` is held."""
        self._next = [size]
        if self._compiler is None:
            # No daemon: it is done in a moment, and the interpreter must not end beneath it.
            self._compiler = threading.Thread(target=self._compile, name="compiler", daemon=False)
            self._compiler.start()

    def _any_size(self) -> _Network:
        """The network for frames of any size; a start that prepares its size doesn't wait for it."""
        with self._loading:
            if self._loaded is None:
                self._loaded = _Network(self._compiled(None))
            return self._loaded

    def _compile(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOW)
        while True:
            with self._lock:
                if not self._next or self._next[0] in self._fixed:
                    self._next, self._compiler = [], None
                    return
                size = self._next.pop()
            if size is None:
                with contextlib.suppress(Exception):  # a frame that needs it will say
                    self._any_size()
                continue
            try:
                network = _Network(self._compiled(size))
            except Exception:  # no memory for it, say: the network for any size paints on
                network = self._any_size()
            self._keep(size, network)

    def _keep(self, size: Size, network: _Network) -> None:
        with self._lock:
            self._fixed[size] = network
            while len(self._fixed) > KEPT:
                self._fixed.popitem(last=False)


class _Network:
    """A compiled network and its one request, which one thread uses at a time."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._names = [port.any_name for port in compiled.inputs]
        self._shape = compiled.outputs[0].partial_shape
        self._lock = threading.Lock()

    def run(self, feeds: Feeds) -> Image:
        """The painted frame; nothing is copied on the way in or out."""
        painted: Image = np.empty_like(feeds["frame"])
        tensors = {name: ov.Tensor(_writeable(feeds[name]), shared_memory=True) for name in self._names}
        if self._shape.compatible(ov.PartialShape(painted.shape)):
            tensors["painted"] = ov.Tensor(painted, shared_memory=True)
        with self._lock:
            for name, tensor in tensors.items():
                self._request.set_tensor(name, tensor)
            self._request.infer(share_outputs=True)
            if "painted" not in tensors:  # of a shape that is no frame's: the stylizer refuses it in words
                painted = self._request.get_output_tensor().data.copy()
        return painted


def _writeable(array: Any) -> Any:
    """OpenVINO shares no memory that it may not write to, though it doesn't."""
    return array if array.flags.writeable else array.copy()
