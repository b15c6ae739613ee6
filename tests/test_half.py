"""A network in float16 paints as in float32, its normalisations in float32; the file stays one that ONNX's own
library takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from realtime.styles import Opener
from realtime.styles.engines import Feeds
from realtime.styles.half import in_half
from realtime.styles.onnx_file import ModelFile, read_model
from realtime.styles.trial import MAX, MEAN, trial
from tests.conftest import picture
from weights.card import VECTOR_KEY
from weights.catalog import read_catalog
from weights.folders import WEIGHTS

MODELS = sorted({entry.model for entry in read_catalog()})
STYLES = [entry.card.name for entry in read_catalog()]
FLOAT, FLOAT16 = 1, 10


def painted(data: bytes, feeds: Feeds) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, feeds)
    return np.asarray(found).astype(int)


@pytest.mark.parametrize("name", STYLES)
def test_a_shipped_style_paints_as_in_float32(name: str) -> None:
    stylizer = Opener(WEIGHTS, "cpu", 1, "onnxruntime")(name)
    data = stylizer.path.read_bytes()
    feeds = {**trial(read_model(stylizer.path)), "frame": picture(96, 120)}
    if stylizer.vector is not None:
        feeds[VECTOR_KEY] = stylizer.vector[1]
    difference = np.abs(painted(in_half(data), feeds) - painted(data, feeds))
    assert 0 < difference.mean() < MEAN and difference.max() <= MAX, "0 would be float32"


@pytest.mark.parametrize("name", MODELS)
def test_convolutions_are_in_float16_and_normalisations_in_float32(name: str) -> None:
    before = onnx.load(WEIGHTS / name)
    after = onnx.load_from_string(in_half((WEIGHTS / name).read_bytes()))
    onnx.checker.check_model(after, full_check=True)
    graph = onnx.shape_inference.infer_shapes(after).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.input, *graph.output)}
    kinds |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            assert {kinds[name] for name in node.input} == {FLOAT16}
        elif node.op_type == "InstanceNormalization":
            assert {kinds[name] for name in node.input} == {FLOAT}
    count = Counter(node.op_type for node in graph.node)
    assert count - Counter(node.op_type for node in before.graph.node) == {"Cast": count["Cast"] - 2}
    assert (after.graph.input, after.graph.output) == (before.graph.input, before.graph.output)
    assert after.metadata_props == before.metadata_props, "the card"


def small(weight: float) -> bytes:
    """Two convolutions of 1x1 around a sum of shapes, which are no floats."""
    h, t = onnx.helper, onnx.TensorProto
    nodes = [
        h.make_node("Conv", ["x", "w"], ["a"]),
        h.make_node("Shape", ["a"], ["s"]),
        h.make_node("Add", ["s", "zero"], ["t"]),
        h.make_node("Reshape", ["a", "t"], ["b"]),
        h.make_node("Conv", ["b", "w"], ["y"]),
    ]
    numbers = [
        h.make_tensor("w", t.FLOAT, [1, 1, 1, 1], [weight]),  # as floats, not as bytes
        h.make_tensor("zero", t.INT64, [1], [0]),
    ]
    ends = [h.make_tensor_value_info(name, t.FLOAT, [1, 1, 2, 2]) for name in ("x", "y")]
    graph = h.make_graph(nodes, "small", ends[:1], ends[1:], numbers)
    return bytes(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9).SerializeToString())


def test_sums_of_shapes_stay_whole_numbers() -> None:
    model = onnx.load_from_string(in_half(small(0.5)))
    onnx.checker.check_model(model, full_check=True)
    feeds = {"x": np.full((1, 1, 2, 2), 8, np.float32)}
    options = ort.SessionOptions()
    options.log_severity_level = 4
    (y,) = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)
    assert (y == 2).all()


def test_numbers_that_float16_can_not_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="too large for float16"):
        in_half(small(1e6))


def test_operators_with_graphs_inside_are_refused() -> None:
    model = onnx.load_from_string(small(0.5))
    model.graph.node[0].domain = "somebody.else"
    with pytest.raises(ValueError, match="operators of its own"):
        in_half(model.SerializeToString())


def test_a_network_without_convolutions_stays_as_it_is(styles: Path) -> None:
    model: ModelFile = read_model(styles / "negative.onnx")
    feeds = {**trial(model), "frame": picture(16, 20)}
    np.testing.assert_array_equal(painted(in_half(model.data), feeds), 255 - feeds["frame"].astype(int))
