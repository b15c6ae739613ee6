"""The GPU's way of painting, run on the processor: buffers that stay, and going on where the GPU is lost."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime.codecs import Encoding
from realtime.render.clip import paint_clip
from realtime.render.painter import Painter
from realtime.styles import engines_gpu
from realtime.styles.compiled import FOLDER_VARIABLE
from realtime.styles.engines import Feeds, Wanted
from realtime.styles.engines_gpu import KEPT, Gpu, fastest
from realtime.styles.engines_onnxruntime import Buffers, session
from realtime.styles.onnx_file import ModelFile, read_model
from realtime.styles.stylizer import Stylizer
from tests.conftest import MakeClip, picture
from tests.read_back import images

WANTED = Wanted(device="cpu", threads=1)
SIZE = (24, 32)


@pytest.fixture(autouse=True)
def processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor in the GPU's place."""
    monkeypatch.setattr(engines_gpu, "PROVIDER", "CPUExecutionProvider")
    monkeypatch.setattr(engines_gpu, "OPTIONS", {})
    monkeypatch.setattr(engines_gpu, "FIXED_OPTIONS", {})


@pytest.fixture
def model(styles: Path) -> ModelFile:
    return read_model(styles / "negative.onnx")


def feeds(seed: int = 0, size: tuple[int, int] = SIZE) -> dict[str, np.ndarray]:
    scalars = {"strength": np.ones((), np.float32), "keep_colors": np.zeros((), np.float32)}
    return {"frame": picture(*size, seed), **scalars}


def test_a_prepared_size_paints_in_its_own_buffers(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Gpu(model, WANTED, place="cpu")
    engine.prepare(*SIZE)
    monkeypatch.setattr(engine, "_any_size", None)
    paintings = [engine.run(feeds(seed)) for seed in range(3)]
    for seed, painted in enumerate(paintings):
        np.testing.assert_array_equal(painted, 255 - feeds(seed)["frame"])


def test_threads_paint_at_once_in_buffers_of_their_own(model: ModelFile) -> None:
    engine = Gpu(model, WANTED, place="cpu")
    engine.prepare(*SIZE)
    wrong: list[int] = []

    def paint(seed: int) -> None:
        given = feeds(seed)
        wrong.extend(seed for _ in range(50) if not np.array_equal(engine.run(given), 255 - given["frame"]))

    threads = [threading.Thread(target=paint, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert not wrong


def test_a_recorded_size_that_paints_something_else_is_not_used(
    model: ModelFile, styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = Gpu(model, WANTED, place="cpu"), Gpu(read_model(styles / "same.onnx"), WANTED, place="cpu")
    monkeypatch.setattr(engine, "_of_size", other._of_size)
    engine.prepare(*SIZE)
    assert not engine.ready(*SIZE)
    np.testing.assert_array_equal(engine.run(feeds()), 255 - feeds()["frame"])


# --- float16 ---


@pytest.mark.parametrize(
    ("asked", "seen", "precision"), [("auto", False, "f16"), ("auto", True, "f32"), ("f32", False, "f32")]
)
def test_float16_is_used_where_it_does_not_show(
    model: ModelFile, monkeypatch: pytest.MonkeyPatch, asked: str, seen: bool, precision: str
) -> None:
    monkeypatch.setattr(engines_gpu, "shows", lambda *_: seen)
    engine = fastest(model, Wanted(device="cpu", threads=1, precision=asked), place="cpu")
    assert engine.precision == precision
    np.testing.assert_array_equal(engine.run(feeds()), 255 - feeds()["frame"])


def test_a_network_that_can_not_be_in_float16_is_in_float32(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: bytes) -> bytes:
        raise ValueError("its numbers are too large for float16")

    monkeypatch.setattr(engines_gpu, "in_half", refuses)
    assert fastest(model, WANTED, place="cpu").precision == "f32"


# --- TensorRT ---


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The options of the first provider of each session; the processor paints in all their places."""
    asked: list[dict[str, str]] = []

    def opened(data: bytes, threads: int, wanted: list[Any], size: tuple[int, int] | None = None) -> Any:
        asked.append(wanted[0][1])
        return session(data, threads, ["CPUExecutionProvider"], size)

    monkeypatch.setattr(engines_gpu, "session", opened)
    monkeypatch.setattr(engines_gpu, "TENSORRT", "CPUExecutionProvider")
    return asked


def test_tensorrt_makes_each_size_once_for_each_network(
    model: ModelFile,
    styles: Path,
    providers: list[dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    folders = set()
    for one in (model, read_model(styles / "same.onnx")):
        for precision in ("f32", "f16"):
            engine = Gpu(one, Wanted("tensorrt", "cuda", threads=1), "cpu", precision)
            engine.prepare(*SIZE)
            options = providers[-1]
            assert engine.ready(*SIZE) and engine.name == "TensorRT"
            folder = Path(options["trt_engine_cache_path"])
            assert folder.is_dir() and folder.parent == tmp_path / "tensorrt"
            assert options["trt_engine_cache_enable"] == "1"
            assert ("trt_fp16_enable" in options) == (precision == "f16")
            folders.add(folder)
    assert len(folders) == 4


def test_cuda_paints_where_tensorrt_can_not(
    model: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    engine = Gpu(model, Wanted("tensorrt", "cuda", threads=1), place="cpu")
    engine.prepare(*SIZE)  # ONNX Runtime leaves out what can't be loaded
    assert engine.ready(*SIZE) and engine.name == "ONNX Runtime"
    (said,) = caplog.messages
    assert said.startswith("TensorRT has no network for 32x24 alone: ")
    np.testing.assert_array_equal(engine.run(feeds()), 255 - feeds()["frame"])


def test_another_size_is_painted_at_once(model: ModelFile) -> None:
    engine = Gpu(model, WANTED, place="cpu")
    engine.prepare(*SIZE)
    np.testing.assert_array_equal(engine.run(feeds(0, (16, 20))), 255 - feeds(0, (16, 20))["frame"])


def test_a_few_sizes_are_kept(model: ModelFile) -> None:
    engine = Gpu(model, WANTED, place="cpu")
    for i in range(KEPT + 1):
        engine.prepare(16 + i, 20)
    assert list(engine._fixed) == [(16 + i, 20) for i in range(1, KEPT + 1)]


def test_a_size_that_no_graph_can_hold_is_painted(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails(*_: object) -> None:
        tried.append(1)
        raise RuntimeError("the graph can't be captured")

    monkeypatch.setattr(engines_gpu, "Fixed", fails)
    engine = Gpu(model, WANTED, place="cpu")
    for _ in range(3):  # as often as a file has frames
        engine.prepare(*SIZE)
    assert len(tried) == 1
    np.testing.assert_array_equal(engine.run(feeds()), 255 - feeds()["frame"])


def test_the_processor_goes_on_where_the_gpu_is_lost(
    model: ModelFile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Gpu(model, WANTED, place="cpu")
    engine.device = "cuda"

    def lost(_: Feeds) -> None:
        raise RuntimeError("CUDA error 719: unspecified launch failure")

    monkeypatch.setattr(engine, "paint", lost)
    for _ in range(2):
        np.testing.assert_array_equal(engine.run(feeds()), 255 - feeds()["frame"])
    assert (engine.device, engine.precision, engine.at_once) == ("cpu", "f32", 1)
    assert caplog.messages == ["The GPU is lost (CUDA error 719: unspecified launch failure): the processor paints on."]


def test_a_frame_too_large_is_no_lost_gpu(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Gpu(model, WANTED, place="cpu")
    real = engine.paint

    def small_ones(given: Feeds) -> object:
        if given["frame"].shape[0] > 200:
            raise RuntimeError("out of memory")
        return real(given)

    monkeypatch.setattr(engine, "paint", small_ones)
    with pytest.raises(RuntimeError, match="out of memory"):
        engine.run(feeds(0, (240, 20)))
    assert engine._processor is None


# --- files ---


def test_a_file_keeps_both_sets_of_buffers_busy(
    model: ModelFile, make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is the one that the processor paints alone."""
    busy: list[int] = []
    up, both = Buffers.up, threading.Barrier(2)

    def watched(buffers: Buffers, given: Feeds) -> None:
        if len(busy) < 2:
            busy.append(id(buffers))
            both.wait(10)  # raises where only one frame is on its way
        up(buffers, given)

    on_gpu = Stylizer(model, device="cpu", threads=1, engine="onnxruntime")
    on_processor = Stylizer(model, device="cpu", threads=1, engine="onnxruntime")
    on_gpu._engine = engine = Gpu(model, WANTED, place="cpu")
    source = make_clip(audio="aac")
    engine.prepare(48, 64)
    monkeypatch.setattr(Buffers, "up", watched)
    for name, stylizer in (("gpu", on_gpu), ("processor", on_processor)):
        painter = Painter([(Fraction(0), stylizer)])
        paint_clip(source, tmp_path / f"{name}.mkv", painter, encoding=Encoding("ffv1"))
    assert (on_gpu.at_once, on_processor.at_once) == (2, 1) and len(set(busy)) == 2
    for one, other in zip(images(tmp_path / "gpu.mkv"), images(tmp_path / "processor.mkv"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_that_want_a_size_get_one_session(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, made = Gpu(model, WANTED, place="cpu"), []
    real = engine._of_size

    def slowly(size: tuple[int, int]) -> Any:
        made.append(size)
        time.sleep(0.05)
        return real(size)

    monkeypatch.setattr(engine, "_of_size", slowly)
    threads = [threading.Thread(target=engine.prepare, args=SIZE) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert made == [SIZE] and engine.ready(*SIZE)
