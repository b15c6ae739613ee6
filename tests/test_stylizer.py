"""The stylizer paints with a real (tiny) ONNX style, and says in words what it can't do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.styles.stylizer import Stylizer
from tests.conftest import picture
from weights.card import METADATA_KEY
from weights.errors import InputError


@pytest.fixture(params=["onnxruntime", "openvino"])
def negative(styles: Path, request: pytest.FixtureRequest) -> Stylizer:
    """The same style with either engine: what is said below holds for both."""
    if request.param == "openvino":
        pytest.importorskip("openvino", reason="OpenVINO isn't installed here")
    return Stylizer(styles / "negative.onnx", device="cpu", threads=1, engine=request.param, precision="f32")


@pytest.mark.parametrize("size", [(16, 16), (33, 57), (48, 64)])
def test_paints_any_size(negative: Stylizer, size: tuple[int, int]) -> None:
    image = picture(*size)
    painted = negative(image)
    assert painted.dtype == np.uint8
    np.testing.assert_array_equal(painted, 255 - image)


def test_strength_and_keep_colors_reach_the_graph(negative: Stylizer) -> None:
    image = picture(32, 32)
    np.testing.assert_array_equal(negative(image, strength=0.0), image)
    np.testing.assert_array_equal(negative(image, keep_colors=1.0), image)
    half = negative(image, strength=0.5).astype(int)
    assert np.abs(half - 127.5).max() <= 0.5


def test_a_view_that_is_not_contiguous_is_painted_right(negative: Stylizer) -> None:
    image = picture(40, 60)[::-1, ::2]
    np.testing.assert_array_equal(negative(image), 255 - image)


def test_reports_its_card_and_device(negative: Stylizer) -> None:
    assert negative.card.name == "negative"
    assert negative.device == "cpu"
    assert negative.runs_on == f"CPU · {negative.engine} f32"
    negative.warm_up(24, 32)


@pytest.mark.parametrize(
    "image", [np.zeros((32, 32, 4), np.uint8), np.zeros((32, 32, 3), np.float32), np.zeros((32, 32), np.uint8)]
)
def test_another_kind_of_array_is_refused(negative: Stylizer, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        negative(image)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(negative: Stylizer, value: float) -> None:
    with pytest.raises(ValueError, match="expected a number in"):
        negative(picture(32, 32), strength=value)


def test_a_frame_too_small_is_said(negative: Stylizer) -> None:
    with pytest.raises(InputError, match=r"3x400 is too small to paint.*: paint it larger, with --height 2134\."):
        negative.prepare(400, 3)
    with pytest.raises(InputError, match=r"2x9000 is too small to paint.*: choose a wider one"):
        negative.prepare(9000, 2)
    with pytest.raises(InputError, match="32x15 is too small"):
        negative(picture(15, 32))


@pytest.mark.parametrize("damage", [b"", b"not a model", None])
def test_a_damaged_file_is_named(styles: Path, tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes((styles / "same.onnx").read_bytes()[:100] if damage is None else damage)
    with pytest.raises(InputError, match=r"broken\.onnx .*export it again"):
        Stylizer(path, device="cpu")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no style file .*nothing\.onnx"):
        Stylizer(tmp_path / "nothing.onnx")


def test_a_model_without_card_is_refused(styles: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(styles / "same.onnx")
    onnx.helper.set_model_props(model, {f"not-{METADATA_KEY}": "{}"})
    onnx.save(model, tmp_path / "bare.onnx")
    with pytest.raises(InputError, match="carries no card"):
        Stylizer(tmp_path / "bare.onnx", device="cpu")


def test_a_model_of_others_is_refused(styles: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(styles / "same.onnx")
    for value in (*model.graph.input, *model.graph.node[0].input):
        if getattr(value, "name", None) == "frame":
            value.name = "pixels"
    model.graph.node[0].input[0] = "pixels"
    onnx.save(model, tmp_path / "foreign.onnx")
    with pytest.raises(InputError, match="no Livebrush style"):
        Stylizer(tmp_path / "foreign.onnx", device="cpu")


def test_a_trunk_paints_with_the_vector_it_is_given(pack: Path) -> None:
    trunk = Stylizer(pack / "pack.onnx", device="cpu")
    assert trunk.style_length == 3
    with pytest.raises(InputError, match=r"pack\.onnx is shared by many styles"):
        trunk(picture(16, 16))
    painted = trunk.with_vector(np.array([1, 0.4, 0], np.float32))(picture(16, 20))
    assert (painted == (255, 102, 0)).all()
    assert trunk.vector is None, "the trunk stays as it is"


def test_strokes_go_from_the_fine_vector_to_the_bold_one(pack: Path) -> None:
    strokes = np.array([[1, 0, 0], [0, 0.4, 1]], np.float32)
    paint = Stylizer(pack / "pack.onnx", device="cpu").with_vector(strokes)
    image = picture(16, 20)
    for stroke, colour in ((0.0, (255, 0, 0)), (1.0, (0, 102, 255)), (0.5, (128, 51, 128))):
        assert (paint(image, stroke=stroke) == colour).all()
    assert np.array_equal(paint(image), paint(image, stroke=1.0)), "bold where nothing is said"
    with pytest.raises(ValueError, match="stroke"):
        paint(image, stroke=1.5)


@pytest.mark.parametrize("vector", [np.zeros(4, np.float32), np.zeros((1, 3), np.float32), np.zeros(3)])
def test_another_kind_of_vector_is_refused(pack: Path, styles: Path, vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected float32 \(2, 3\) or \(3,\)"):
        Stylizer(pack / "pack.onnx", device="cpu").with_vector(vector)
    with pytest.raises(ValueError, match=r"expected float32 \(2, 0\)"):
        Stylizer(styles / "same.onnx", device="cpu").with_vector(np.zeros(0, np.float32))
