"""A coarser precision is used only where it does not show."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from realtime.frames import Image
from realtime.styles.compiled import FOLDER_VARIABLE
from realtime.styles.engines import Wanted
from realtime.styles.onnx_file import read_model
from realtime.styles.trial import MAX, shows, trial

OPENVINO = "realtime.styles.engines_openvino"
FINE = np.full((500, 400, 3), 100, np.uint8)


def changed(by: int, count: int) -> Image:
    """FINE with `count` of its channels changed."""
    image = FINE.copy()
    image.reshape(-1)[:count] += np.uint8(by)
    return image


@pytest.mark.parametrize(
    ("coarse", "seen"),
    [
        (FINE, False),
        (FINE - np.uint8(MAX), True),  # 3 everywhere: too much in the mean
        (changed(1, FINE.size // 2), False),
        (changed(1, FINE.size // 2 + 1), True),
        (changed(MAX, FINE.size // 8), False),
        (changed(MAX + 1, 6), False),  # of 600000
        (changed(MAX + 1, 7), True),
    ],
)
def test_what_shows(coarse: Image, seen: bool) -> None:
    assert shows(FINE, coarse) is seen
    assert shows(coarse, FINE) is seen


def test_a_trial_has_every_input_and_all_of_the_range(styles: Path, pack: Path) -> None:
    own, trunk = trial(read_model(styles / "same.onnx")), trial(read_model(pack / "pack.onnx"))
    assert own.keys() == {"frame", "strength", "keep_colors"}
    assert trunk.keys() - own.keys() == {"style"}
    assert (own["frame"].min(), own["frame"].max()) == (0, 255)


@pytest.mark.parametrize(
    ("device", "capable", "precision"),
    [
        ("CPU", ["FP32", "BF16"], "bf16"),
        ("CPU", ["FP32", "FP16"], "f32"),
        ("GPU", ["FP32", "FP16"], "f16"),
        ("GPU", ["FP32"], "f32"),
    ],
)
def test_a_device_computes_in_what_it_has_instructions_for(
    device: str, capable: list[str], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines_openvino = pytest.importorskip(OPENVINO, reason="OpenVINO isn't installed here")
    monkeypatch.setattr(engines_openvino, "_core", SimpleNamespace(get_property=lambda *_: capable))
    settings = [engines_openvino._settings(device, Wanted(precision=wanted)) for wanted in ("auto", "f32")]
    assert [s["INFERENCE_PRECISION_HINT"] for s in settings] == [precision, "f32"]


@pytest.mark.parametrize(
    ("asked", "seen", "precision"), [("auto", True, "f32"), ("auto", False, "bf16"), ("f32", True, "f32")]
)
def test_a_coarseness_that_shows_is_not_used(
    styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, seen: bool, precision: str
) -> None:
    """On a processor without bfloat16, too: OpenVINO takes the word there and computes in float32."""
    engines_openvino = pytest.importorskip(OPENVINO, reason="OpenVINO isn't installed here")
    tried = []

    def told(fine: Image, coarse: Image) -> bool:
        tried.append((fine, coarse))
        return seen

    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(engines_openvino, "_lowest_precision", lambda device: "bf16")
    monkeypatch.setattr(engines_openvino, "shows", told)
    model = read_model(styles / "negative.onnx")
    for _ in range(2):
        engine = engines_openvino.open_openvino(model, Wanted(device="cpu", precision=asked, threads=1))
        assert engine.precision == precision
        assert (engine.run(trial(model)) == 255 - trial(model)["frame"]).all()
    assert len(tried) == (asked == "auto"), "once, for the next start knows"
