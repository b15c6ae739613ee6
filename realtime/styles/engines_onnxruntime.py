"""ONNX Runtime: on an NVIDIA GPU, and on the processor where OpenVINO is absent."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from realtime.frames import Image
from realtime.styles.engines import Engine, Feeds, Unavailable, Wanted, reason
from realtime.styles.onnx_file import ModelFile
from realtime.styles.pinned import copy_down, pinned
from weights.errors import InputError

_CPU, _CUDA, _TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
_LIBRARIES = {_CUDA: ("cuda", "'onnxruntime-gpu[cuda,cudnn]'"), _TENSORRT: ("tensorrt", "tensorrt")}
_SILENT = 4  # ONNX Runtime's log level "fatal": what goes wrong comes back as an exception, in words


class OnnxRuntime:
    """An ONNX Runtime session as an `Engine`."""

    name, precision, at_once = "ONNX Runtime", "f32", 1

    def __init__(self, session: Any, device: str) -> None:
        self._session, self.device = session, device

    def run(self, feeds: Feeds) -> Image:
        """`Engine.run`."""
        (painted,) = self._session.run(["painted"], feeds)
        return np.asarray(painted, np.uint8)

    def prepare(self, height: int, width: int) -> None:
        """All sizes are alike to it."""

    def ready(self, height: int, width: int) -> bool:
        """`Engine.ready`."""
        return True


class Buffers:
    """All that a frame goes through, in places that stay; `number` is its recorded graph's."""

    def __init__(self, opened: Any, size: tuple[int, int], place: str, number: int) -> None:
        self._session, self._place = opened, place
        self._binding = opened.io_binding()
        self._painted = ort.OrtValue.ortvalue_from_shape_and_type((*size, 3), np.uint8, place, 0)
        self._binding.bind_ortvalue_output("painted", self._painted)
        self._inputs: dict[str, Any] = {}
        self._going, self._coming = pinned((*size, 3)), pinned((*size, 3))
        self._options, self._unrecorded = ort.RunOptions(), ort.RunOptions()
        self._options.add_run_config_entry("gpu_graph_id", str(number))
        self._unrecorded.add_run_config_entry("gpu_graph_id", "-1")

    def up(self, feeds: Feeds) -> None:
        """Take the inputs of a frame to the GPU."""
        np.copyto(self._going, feeds["frame"])
        for name, array in {**feeds, "frame": self._going}.items():
            if name in self._inputs:
                self._inputs[name].update_inplace(np.ascontiguousarray(array))
            else:
                self._inputs[name] = ort.OrtValue.ortvalue_from_numpy(array.copy(), self._place, 0)
                self._binding.bind_ortvalue_input(name, self._inputs[name])

    def warm_up(self) -> None:
        """Paint what is there, and record nothing."""
        self._session.run_with_iobinding(self._binding, self._unrecorded)

    def paint(self) -> None:
        """Paint what is there."""
        self._session.run_with_iobinding(self._binding, self._options)

    def down(self) -> Image:
        """The painting, in memory of its own."""
        copy_down(self._coming, self._painted)
        return self._coming.copy()


def open_cpu(model: ModelFile, wanted: Wanted) -> OnnxRuntime:
    """The model on the processor; raises InputError where ONNX Runtime can't read it."""
    try:
        return OnnxRuntime(session(model.data, wanted.threads, [_CPU]), "cpu")
    except Exception as error:  # ONNX Runtime's own classes share no base but Exception
        raise InputError(f"{model.path} is no style that can be read ({reason(error)}): export it again.") from error


def open_gpu(model: ModelFile, wanted: Wanted) -> Engine:
    """The model on the GPU, where it has really run, by CUDA or for prepared sizes by TensorRT; raises Unavailable."""
    with_tensorrt = wanted.engine == "tensorrt"
    trouble = _trouble("CUDA", _CUDA) or (with_tensorrt and _trouble("TensorRT", _TENSORRT))
    if trouble:
        raise Unavailable(trouble)
    from realtime.styles.engines_gpu import fastest

    try:
        return fastest(model, wanted)
    except Exception as error:  # a driver too old, no memory left: many kinds, and the processor still works
        raise Unavailable(f"CUDA doesn't work here ({reason(error)})") from error


def session(data: bytes, threads: int, providers: list[Any], size: tuple[int, int] | None = None) -> Any:
    """ONNX Runtime's session of the network `data`, for frames of `size`, `(height, width)`, or of any."""
    ort.set_default_logger_severity(_SILENT)
    options = _options(threads)
    if size is not None:
        for name, side in zip(_free_sides(data), size, strict=True):
            options.add_free_dimension_override_by_name(name, side)
    # enable_fallback=0: the fallback of ONNX Runtime prints a banner on stdout; ours is a sentence.
    return ort.InferenceSession(data, options, providers=providers, enable_fallback=0)


def _free_sides(data: bytes) -> list[str]:
    """The names that the network has for its frame's height and width."""
    opened = ort.InferenceSession(data, _options(1), providers=[_CPU])
    (frame,) = [port for port in opened.get_inputs() if port.name == "frame"]
    return list(frame.shape[:2])


def _options(threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _SILENT
    # Threads that spin between two operators keep the cores from capture, window and encoder: the loop is no faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _trouble(name: str, provider: str) -> str:
    """Why CUDA or TensorRT can't be used although there is a GPU, "" where it seems that it can.

    Asked before ONNX Runtime is: its own answer is a page of library errors.
    """
    if provider not in ort.get_available_providers():
        return f"The ONNX Runtime installed here can't use {name} (pip install onnxruntime-gpu in place of onnxruntime)"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        ort.preload_dlls()  # finds the libraries that pip installed; prints what it can't find
    library, package = _LIBRARIES[provider]
    if provider == _TENSORRT:
        with contextlib.suppress(Exception):
            importlib.import_module("tensorrt_libs")  # which loads them
    if sys.platform != "win32":
        try:
            ctypes.CDLL(str(Path(ort.__file__).parent / "capi" / f"libonnxruntime_providers_{library}.so"))
        except OSError as error:
            missing = str(error).split(":")[0]
            return f"{name} can't be used, as {missing} is missing (pip install {package} brings it)"
    return ""
