"""Memory for the GPU: registered with CUDA as long as it lives, and plain where there is no CUDA."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from realtime.styles import pinned as module
from realtime.styles.pinned import copy_down, pinned


class Cudart:
    """CUDA's library, as far as it is asked; `trouble` is what it answers."""

    def __init__(self, trouble: int = 0) -> None:
        self.trouble, self.registered = trouble, dict[int, int]()

    def cudaHostRegister(self, place: ctypes.c_void_p, size: ctypes.c_size_t, flags: int) -> int:
        if not self.trouble:
            self.registered[place.value or 0] = size.value
        return self.trouble

    def cudaHostUnregister(self, place: ctypes.c_void_p) -> int:
        del self.registered[place.value or 0]
        return 0

    def cudaMemcpy(self, into: ctypes.c_void_p, source: ctypes.c_void_p, size: ctypes.c_size_t, kind: int) -> int:
        assert kind == 2
        if not self.trouble:
            ctypes.memmove(into, source, size.value)
        return self.trouble


@pytest.fixture(params=[0, 2])
def cudart(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cudart]:
    library = Cudart(request.param)
    monkeypatch.setattr(module, "_cudart", lambda: library)
    yield library
    gc.collect()
    assert library.registered == {}


def on_gpu(array: np.ndarray) -> Any:
    return SimpleNamespace(device_name=lambda: "cuda", data_ptr=lambda: array.ctypes.data)


def test_memory_is_registered_as_long_as_it_lives(cudart: Cudart) -> None:
    array = pinned((4, 5, 3))
    assert array.shape == (4, 5, 3) and array.dtype == np.uint8
    assert cudart.registered == ({} if cudart.trouble else {array.ctypes.data: 60})


def test_a_painting_comes_down_or_says_why_not(cudart: Cudart) -> None:
    source, into = np.arange(12, dtype=np.uint8), pinned((12,))
    if cudart.trouble:
        with pytest.raises(RuntimeError, match="CUDA error 2 on the way down"):
            copy_down(into, on_gpu(source))
    else:
        copy_down(into, on_gpu(source))
        assert (into == source).all()


def test_without_cuda_it_is_plain_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_cudart", lambda: None)
    into = pinned((3,))
    copy_down(into, SimpleNamespace(device_name=lambda: "cuda", numpy=lambda: np.array([1, 2, 3], np.uint8)))
    assert into.tolist() == [1, 2, 3]
