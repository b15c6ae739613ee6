"""A style predictor as ONNX: a uint8 picture in, the two vectors of its style out, for one trunk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import Tensor, nn

from export.catalog import find_trunk
from export.parity import TOLERANCE, probe_frame
from export.to_onnx import traced, write_card
from training.checkpoint import save_generator
from training.predictor.network import StylePredictor, load_predictor
from weights.card import PREDICTOR, Card
from weights.errors import InputError
from weights.folders import search_path
from weights.install import install, staging

SIZES = ((256, 340), (256, 256), (301, 256))
"""Heights and widths of the pictures that are compared."""

LARGE = 1024
"""Numbers from which it is worth keeping an array in half of the bytes."""


class PredictorModel(nn.Module):
    """`painting` (H, W, 3) uint8 RGB, about as large as it was in training -> `style` (2, style_length) float32."""

    def __init__(self, predictor: StylePredictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(self, painting: Tensor) -> Tensor:
        x = painting.permute(2, 0, 1).unsqueeze(0).float() / 255
        style: Tensor = self.predictor(x)
        return style


def install_predictor(numbers: Path, path: Path) -> tuple[Path, Card]:
    """Install the predictor as `path`, beside its trunk's styles; returns the file and its card.

    Raises InputError where its trunk isn't installed, and where pictures of what it predicts differ from torch's.
    """
    predictor, card = load_predictor(numbers)
    if path.stem != PREDICTOR:
        raise InputError(f"A predictor is looked for under the name {PREDICTOR}.onnx: export it with that name.")
    trunk = find_trunk(card, [path.parent, *search_path()])
    if trunk is None:
        raise InputError(f"{numbers} is for the trunk {card.trunk}, which is not installed: export the trunk first.")
    model = PredictorModel(predictor).eval()
    with staging(path.parent) as staged:
        proto = traced(model, {"painting": torch.zeros(256, 320, 3, dtype=torch.uint8)}, "painting", "style")
        narrow(proto)
        card = dataclasses.replace(card, parity=parity(model, proto, trunk))
        write_card(proto, card)
        onnx.checker.check_model(proto, full_check=True)
        (staged / path.name).write_bytes(proto.SerializeToString())
        save_generator((staged / path.name).with_suffix(".safetensors"), predictor.map, card)
        install(path.parent, staged, [])
    return path, card


def narrow(proto: onnx.ModelProto) -> None:
    """Keep the large arrays whose numbers are all float16's as float16: the same numbers in half of the bytes."""
    graph = proto.graph
    casts = []
    for array in graph.initializer:
        numbers = onnx.numpy_helper.to_array(array)
        if numbers.dtype != np.float32 or numbers.size < LARGE:
            continue
        halved = numbers.astype(np.float16)
        if np.array_equal(halved.astype(np.float32), numbers):
            name = array.name
            array.CopyFrom(onnx.numpy_helper.from_array(halved, f"{name}.half"))
            casts.append(onnx.helper.make_node("Cast", [array.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def parity(model: PredictorModel, proto: onnx.ModelProto, trunk: Path) -> float:
    """The largest difference in 1/255 of what `trunk` paints in the styles that ONNX Runtime and torch predict."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    predict, paint = (
        ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        for source in (proto.SerializeToString(), str(trunk))
    )
    scalars = {"strength": np.array(1, np.float32), "keep_colors": np.array(0, np.float32)}
    common = {"frame": probe_frame(120, 160), **scalars}
    worst = 0
    for height, width in SIZES:
        painting = probe_frame(height, width)
        (got,) = predict.run(None, {"painting": painting})
        with torch.no_grad():
            expected = model(torch.from_numpy(painting)).numpy()
        for a, b in zip(got, expected, strict=True):
            one, other = (paint.run(None, {**common, "style": style})[0].astype(int) for style in (a, b))
            worst = max(worst, int(np.abs(one - other).max()))
    if worst > TOLERANCE:
        raise InputError(f"ONNX Runtime and torch predict styles that paint {worst}/255 apart; nothing was written.")
    return float(worst)
