"""What is promised of an NVIDIA GPU, held to on one; where there is none, this says so and is skipped."""

from __future__ import annotations

import ctypes
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pytest import MonkeyPatch

from realtime.__main__ import SAMPLE
from realtime.codecs import Encoding
from realtime.frames import Image
from realtime.live import Dials, Live
from realtime.live.clips import Clip
from realtime.render.clip import paint_clip
from realtime.render.painter import Painter
from realtime.styles import Opener, pinned
from realtime.styles.compiled import FOLDER_VARIABLE
from realtime.styles.engine_choice import has_nvidia_driver
from realtime.styles.engines_onnxruntime import _trouble
from tests.conftest import MakeClip, picture
from tests.read_back import images
from weights.catalog import read_catalog
from weights.folders import WEIGHTS

pytestmark = pytest.mark.skipif(not has_nvidia_driver(), reason="there is no NVIDIA GPU with a driver here")

STYLES = [entry.card.name for entry in read_catalog()]

MAX, MEAN, RARE = 3, 0.5, 1e-4
"""What float16, the GPU's own order of sums and its 10 bits of TensorFloat-32 may change, in 1/255; and the share of
channels that may be one further apart."""


@pytest.fixture(scope="module")
def on_gpu() -> Opener:
    """Says why where CUDA can't be used although there is a GPU: that fails."""
    return Opener(WEIGHTS, "cuda")


@pytest.fixture(scope="module")
def in_float32() -> Opener:
    return Opener(WEIGHTS, "cuda", precision="f32")


@pytest.fixture(scope="module")
def on_processor() -> Opener:
    return Opener(WEIGHTS, "cpu", engine="onnxruntime")


def alike(one: Image, other: Image) -> bool:
    difference = np.abs(one.astype(int) - other)
    seldom = (difference > MAX).mean() <= RARE
    return bool(difference.max() <= MAX + 1 and seldom and difference.mean() <= MEAN)


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
    assert (stylizer.device, stylizer.runs_on) == ("cuda", "CUDA · ONNX Runtime f16")


def test_float32_is_there_for_who_wants_it(in_float32: Opener, on_processor: Opener) -> None:
    gpu, processor = in_float32("starry-night"), on_processor("starry-night")
    assert gpu.runs_on == "CUDA · ONNX Runtime f32"
    assert alike(gpu(picture(120, 160)), processor(picture(120, 160)))


def test_its_memory_for_frames_is_pinned() -> None:
    library = pinned._cudart()
    assert library is not None
    array, flags = pinned.pinned((64, 64, 3)), ctypes.c_uint()
    assert library.cudaHostGetFlags(ctypes.byref(flags), ctypes.c_void_p(array.ctypes.data)) == 0


def test_tensorrt_paints_as_on_the_processor(on_processor: Opener, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    if _trouble("TensorRT", "TensorrtExecutionProvider"):
        pytest.skip("TensorRT isn't installed here")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    gpu, processor = Opener(WEIGHTS, "cuda", engine="tensorrt")("starry-night"), on_processor("starry-night")
    gpu.prepare(120, 160)
    assert gpu.engine == "TensorRT" and list(tmp_path.rglob("*.engine")), "what it has made is kept"
    for seed in range(3):
        assert alike(gpu(picture(120, 160, seed)), processor(picture(120, 160, seed)))


def test_a_live_loop_paints_on_it_through_its_buffers(on_gpu: Opener) -> None:
    stylizer = on_gpu("starry-night")
    live = Live(lambda path: Clip(path, loop=True), str(SAMPLE), lambda _: stylizer, "starry-night", Dials(height=120))
    live.start()
    try:
        for _ in range(30):
            painted = live.wait_newest(30)
            assert painted is not None
            size = painted.size
    finally:
        live.stop()
    assert live.runs_on == stylizer.runs_on and stylizer.ready(*size)


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


def test_a_file_with_two_frames_on_their_way_is_as_the_processor_paints_it(
    on_gpu: Opener, on_processor: Opener, make_clip: MakeClip, tmp_path: Path
) -> None:
    source = make_clip(size=(120, 160))
    for name, opener, at_once in (("gpu", on_gpu, 2), ("processor", on_processor, 1)):
        stylizer = opener("starry-night")
        assert stylizer.at_once == at_once
        painter = Painter([(Fraction(0), stylizer)])
        paint_clip(source, tmp_path / f"{name}.mkv", painter, encoding=Encoding("ffv1"))
    pairs = zip(images(tmp_path / "gpu.mkv"), images(tmp_path / "processor.mkv"), strict=True)
    assert all(alike(one, other) for one, other in pairs)


@pytest.mark.parametrize("prepared", [False, True])
def test_threads_may_paint_at_once(on_gpu: Opener, prepared: bool) -> None:
    size = (48, 64) if prepared else (40, 56)
    paint, frames = on_gpu("starry-night"), [picture(*size, seed) for seed in range(4)]
    if prepared:
        paint.prepare(*size)
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
