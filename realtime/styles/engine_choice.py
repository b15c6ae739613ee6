"""The fastest engine that works here, or the one that is asked for.

An engine's library is loaded when it is tried and not before: each takes a third of a second.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from realtime.styles.engines import DEVICES, ENGINES, PRECISIONS, Engine, Unavailable, Wanted
from realtime.styles.onnx_file import ModelFile, read_model
from weights.errors import InputError

Open = Callable[[ModelFile, Wanted], Engine]

_MEASURED = ("x86_64", "amd64")  # processors on which OpenVINO was found the faster one


def open_engine(model: ModelFile, wanted: Wanted) -> tuple[Engine, str]:
    """The fastest engine that works and is `wanted`, with `model` open; and why it is no faster one, "" mostly.

    Raises InputError where what is asked for by name can't be had, or where no engine can read the model.
    """
    check(wanted)
    notes: list[str] = []
    candidates = _candidates(wanted)
    for open_it in candidates[:-1]:
        try:
            return open_it(model, wanted), "; ".join(notes)
        except Unavailable as error:
            if not error.quiet:
                notes.append(str(error))
    try:
        return candidates[-1](model, wanted), "; ".join(notes)
    except Unavailable as error:
        mend = "--device cpu" if wanted.device == "cuda" and wanted.engine == "auto" else "--engine auto"
        raise InputError(f"{error}: use {mend}, or mend it.") from error


def check(wanted: Wanted) -> None:
    """Raise InputError where `wanted` names what nobody knows, or two things that don't go together."""
    if wanted.engine not in ENGINES:
        raise InputError(f"--engine {wanted.engine} is unknown: give {_either(ENGINES)}.")
    if wanted.precision not in PRECISIONS:
        raise InputError(f"--precision {wanted.precision} is unknown: give {_either(PRECISIONS)}.")
    if wanted.device not in DEVICES:
        known = [*DEVICES, *(name for name in openvino_devices() if name.lower() not in DEVICES)]
        if wanted.device.lower() not in [name.lower() for name in known]:
            raise InputError(f"There is no device {wanted.device} here: give --device {_either(known)}.")
        if wanted.engine == "onnxruntime":
            raise InputError(f"ONNX Runtime can't use the device {wanted.device}: choose --engine openvino.")
    if wanted.engine == "tensorrt" and wanted.device not in ("auto", "cuda"):
        raise InputError(f"TensorRT can't use the device {wanted.device}: it is for --device cuda.")
    if wanted.device == "cuda" and wanted.engine == "openvino":
        raise InputError("OpenVINO can't use the device cuda: choose --engine onnxruntime.")


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def openvino_devices() -> list[str]:
    """What OpenVINO can use here, by its own names, as in ["CPU", "GPU"]; [] where it isn't installed."""
    try:
        from realtime.styles.engines_openvino import devices
    except ImportError:
        return []
    return devices()


def installed() -> list[str]:
    """The engines that this machine's processor can use, by their names in ENGINES."""
    return ["onnxruntime", *(["openvino"] if openvino_devices() else [])]


def work(path: Path, height: int, width: int) -> float | None:
    """Billions of multiplications and additions of a frame of this size; None where OpenVINO isn't there to count."""
    try:
        from realtime.styles import engines_openvino
    except ImportError:
        return None
    return engines_openvino.work(read_model(path), height, width)


def has_nvidia_driver() -> bool:
    """Whether there is an NVIDIA GPU's driver; asked before ONNX Runtime is, whose own answer is a page of errors."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _candidates(wanted: Wanted) -> list[Open]:
    """What to try, the fastest first; at least one."""
    if wanted.device == "cuda" or wanted.engine == "tensorrt":
        return [_gpu]
    if wanted.device not in DEVICES or wanted.engine == "openvino":
        return [_openvino]
    processor: list[Open] = [_onnxruntime]
    if wanted.engine == "auto" and platform.machine().lower() in _MEASURED:
        processor = [_openvino, _onnxruntime]
    return [_gpu, *processor] if wanted.device == "auto" else processor


def _openvino(model: ModelFile, wanted: Wanted) -> Engine:
    try:
        from realtime.styles.engines_openvino import open_openvino
    except ModuleNotFoundError as error:
        raise Unavailable("OpenVINO isn't installed here (pip install openvino)", quiet=True) from error
    except (ImportError, OSError) as error:
        raise Unavailable(f"OpenVINO can't be loaded here ({error})") from error
    return open_openvino(model, wanted)


def _onnxruntime(model: ModelFile, wanted: Wanted) -> Engine:
    from realtime.styles.engines_onnxruntime import open_cpu

    return open_cpu(model, wanted)


def _gpu(model: ModelFile, wanted: Wanted) -> Engine:
    if not has_nvidia_driver():
        raise Unavailable("There is no NVIDIA GPU with a driver here", quiet=True)
    from realtime.styles.engines_onnxruntime import open_gpu

    return open_gpu(model, wanted)
