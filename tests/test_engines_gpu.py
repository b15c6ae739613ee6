"""The GPU's way of painting, run on the processor: buffers that stay, and going on where the GPU is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.styles import engines_gpu
from realtime.styles.engines import Feeds, Wanted
from realtime.styles.engines_gpu import KEPT, Gpu
from realtime.styles.onnx_file import ModelFile, read_model
from tests.conftest import picture

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
    def fails(*_: object) -> None:
        raise RuntimeError("the graph can't be captured")

    monkeypatch.setattr(engines_gpu, "Fixed", fails)
    engine = Gpu(model, WANTED, place="cpu")
    engine.prepare(*SIZE)
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
    assert (engine.device, engine.precision) == ("cpu", "f32")
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
