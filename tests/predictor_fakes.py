"""A predictor of a few nodes, for tiny trunks: the colour of a picture is its style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx

from tests.conftest import tiny_card
from weights.card import METADATA_KEY, Card

h, t = onnx.helper, onnx.TensorProto


def predictor_card(numbers: str = "pack", **arguments: Any) -> Card:
    """The card of a predictor for the tiny trunk of these `numbers`."""
    card = tiny_card("predictor", "pack", numbers)
    return Card(**{**card.__dict__, "architecture": "predictor", "arguments": arguments})


def tiny_predictor(folder: Path, card: Card | None = None, scale: float = 1.0) -> Path:
    """Write `folder`/predictor.onnx; bold strokes get the mean colour of the picture in [0, 1], fine ones half of it.

    Times `scale`: NaN makes one that predicts no numbers.
    """
    nodes = [
        h.make_node("Cast", ["painting"], ["pixels"], to=t.FLOAT),
        h.make_node("ReduceMean", ["pixels", "sides"], ["mean"], keepdims=1),
        h.make_node("Squeeze", ["mean", "first"], ["colour"]),
        h.make_node("Mul", ["amounts", "colour"], ["style"]),
    ]
    constants = [
        h.make_tensor("sides", t.INT64, [2], [0, 1]),
        h.make_tensor("first", t.INT64, [1], [0]),
        h.make_tensor("amounts", t.FLOAT, [2, 1], [scale / 510, scale / 255]),
    ]
    graph = h.make_graph(
        nodes,
        "predictor",
        [h.make_tensor_value_info("painting", t.UINT8, ["height", "width", 3])],
        [h.make_tensor_value_info("style", t.FLOAT, [2, 3])],
        constants,
    )
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9)
    h.set_model_props(model, {METADATA_KEY: (card or predictor_card()).to_json()})
    path = folder / "predictor.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def colour_picture(path: Path, red: int, green: int, blue: int, size: tuple[int, int] = (40, 60)) -> Path:
    """Write a picture of one colour."""
    cv2.imwrite(str(path), np.full((*size, 3), (blue, green, red), np.uint8))
    return path
