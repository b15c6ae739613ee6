"""Memory that a GPU reads and writes by itself, at twice the pace of other memory; plain memory where there is none."""

from __future__ import annotations

import ctypes
import logging
import weakref
from functools import cache
from typing import Any

import numpy as np

from realtime.frames import Image

_NAMES = ("libcudart.so.13", "libcudart.so.12", "cudart64_13.dll", "cudart64_12.dll")
_DOWN = 2  # cudaMemcpyDeviceToHost

_log = logging.getLogger(__name__)


@cache
def _cudart() -> Any:
    """CUDA's own library, the one that ONNX Runtime has loaded; None where it isn't there."""
    for name in _NAMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def pinned(shape: tuple[int, ...]) -> Image:
    """An array of bytes that the GPU may copy from and to directly, as long as it lives."""
    array = np.zeros(shape, np.uint8)
    library, place = _cudart(), ctypes.c_void_p(array.ctypes.data)
    if library is not None:
        trouble = library.cudaHostRegister(place, ctypes.c_size_t(array.nbytes), 0)
        if trouble:
            _log.info("no pinned memory: CUDA error %d", trouble)
        else:
            weakref.finalize(array, library.cudaHostUnregister, place)
    return array


def copy_down(into: Image, value: Any) -> None:
    """Copy what ONNX Runtime's `value` holds on the GPU, or on the processor, into an array of its shape."""
    library = _cudart()
    if value.device_name() == "cpu" or library is None:
        np.copyto(into, value.numpy())
        return
    place, source = ctypes.c_void_p(into.ctypes.data), ctypes.c_void_p(value.data_ptr())
    trouble = library.cudaMemcpy(place, source, ctypes.c_size_t(into.nbytes), _DOWN)
    if trouble:
        raise RuntimeError(f"CUDA error {trouble} on the way down")
