"""What is promised of an NVIDIA GPU, held to on one; where there is none, this says so and is skipped."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from realtime.frames import Image
from realtime.styles import Opener
from realtime.styles.engine_choice import has_nvidia_driver
from tests.conftest import picture
from weights.catalog import read_catalog
from weights.folders import WEIGHTS

pytestmark = pytest.mark.skipif(not has_nvidia_driver(), reason="there is no NVIDIA GPU with a driver here")

STYLES = [entry.card.name for entry in read_catalog()]

MAX, MEAN = 3, 0.5
"""What the GPU's own order of sums, and its 10 bits of TensorFloat-32, may change, in 1/255."""


@pytest.fixture(scope="module")
def on_gpu() -> Opener:
    """Says why where CUDA can't be used although there is a GPU: that fails."""
    return Opener(WEIGHTS, "cuda")


@pytest.fixture(scope="module")
def on_processor() -> Opener:
    return Opener(WEIGHTS, "cpu", engine="onnxruntime")


def alike(one: Image, other: Image) -> bool:
    difference = np.abs(one.astype(int) - other)
    return bool(difference.max() <= MAX and difference.mean() <= MEAN)


@pytest.mark.parametrize("name", STYLES)
def test_a_style_paints_as_on_the_processor(on_gpu: Opener, on_processor: Opener, name: str) -> None:
    gpu, processor = on_gpu(name), on_processor(name)
    assert (gpu.device, gpu.note) == ("cuda", "")
    for size in ((48, 64), (33, 57), (120, 160)):  # one after another: a new size is nothing special
        frame = picture(*size)
        for dials in ({}, {"strength": 0.5}, {"keep_colors": 1.0}, {"stroke": 0.0}):
            assert alike(gpu(frame, **dials), processor(frame, **dials))


def test_a_blend_paints_as_on_the_processor(on_gpu: Opener, on_processor: Opener) -> None:
    blend = "starry-night:0.6,the-scream:0.4"
    assert on_gpu(blend).network is on_gpu("starry-night").network
    assert alike(on_gpu(blend)(picture(48, 64)), on_processor(blend)(picture(48, 64)))


def test_auto_takes_the_gpu() -> None:
    stylizer = Opener(WEIGHTS)("starry-night")
    assert (stylizer.device, stylizer.runs_on) == ("cuda", "CUDA · ONNX Runtime f32")


def test_a_prepared_size_paints_as_on_the_processor(on_gpu: Opener, on_processor: Opener) -> None:
    """Frame after frame through the same buffers and the recorded graph, one size after another."""
    gpu, processor = on_gpu("starry-night"), on_processor("starry-night")
    for size in ((48, 64), (120, 160)):
        gpu.prepare(*size)
        assert size in gpu.network._fixed, "this size has no session of its own"  # type: ignore[attr-defined]
        for seed in range(5):
            frame = picture(*size, seed)
            for dials in ({}, {"strength": 0.5}, {"keep_colors": 1.0}):
                assert alike(gpu(frame, **dials), processor(frame, **dials))


def test_threads_may_paint_at_once(on_gpu: Opener) -> None:
    paint, frames = on_gpu("starry-night"), [picture(48, 64, seed) for seed in range(4)]
    expected = [paint(frame) for frame in frames]
    wrong: list[int] = []

    def check(i: int) -> None:
        wrong.extend(i for _ in range(10) if not alike(paint(frames[i]), expected[i]))

    threads = [threading.Thread(target=check, args=(i,)) for i in range(len(frames))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not wrong
