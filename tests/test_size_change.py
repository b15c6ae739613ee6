"""A change of frame size keeps no frame waiting: what it needs is loaded before, what can wait comes after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino", reason="OpenVINO isn't installed here")

from realtime.frames import Image
from realtime.styles import compiled, engines_openvino
from realtime.styles.engines import Feeds, Wanted
from realtime.styles.engines_openvino import OpenVino, open_openvino
from realtime.styles.onnx_file import ModelFile, read_model
from tests.conftest import picture

SIZE = (24, 32)


@pytest.fixture
def model(styles: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModelFile:
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, str(tmp_path / "cache"))
    return read_model(styles / "negative.onnx")


def opened(model: ModelFile) -> OpenVino:
    return open_openvino(model, Wanted(device="cpu", precision="f32", threads=1))


def feeds() -> Feeds:
    return {"frame": picture(*SIZE), "strength": np.ones((), np.float32), "keep_colors": np.zeros((), np.float32)}


def finished(engine: OpenVino) -> None:
    """Wait for the compiler's thread."""
    thread = engine._compiler
    if thread is not None:
        thread.join(30)
        assert not thread.is_alive()


def test_the_compiler_begins_when_the_frame_is_painted(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened(model)
    any_size = engine._any_size()
    beside: list[object] = []
    real = any_size.run

    def noting(given: Feeds) -> Image:
        beside.append(engine._compiler)
        return real(given)

    monkeypatch.setattr(any_size, "run", noting)
    engine.run(feeds())
    finished(engine)
    assert beside == [None] and SIZE in engine._fixed


def test_a_change_of_size_waits_for_no_network_once_the_start_is_over(model: ModelFile) -> None:
    opened(model).prepare(*SIZE)
    again = opened(model)
    again.prepare(*SIZE)
    for _ in range(engines_openvino._SETTLED):
        assert again._loaded is None
        again.run(feeds())
    finished(again)
    assert again._loaded is not None
