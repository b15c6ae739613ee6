"""Write a frame model as ONNX with its card inside."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import cast

import onnx
import torch
from torch import Tensor

from export.frame_model import FrameModel
from weights.card import METADATA_KEY, Card

OPSET = 18


def to_onnx(model: FrameModel, card: Card, path: Path) -> None:
    """Export `model` to `path`; height and width stay free, the card goes into the file's metadata."""
    proto = traced(model, model.example(), free="frame", output="painted")
    write_card(proto, card)
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString())


def traced(model: torch.nn.Module, example: dict[str, Tensor], free: str, output: str) -> onnx.ModelProto:
    """The graph of `model` for inputs like the `example`'s; the first two sides of the input `free` may be any."""
    size = torch.export.Dim.DYNAMIC
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    with warnings.catch_warnings():  # the exporter's own deprecations and notes say nothing about our graph
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            tuple(example.values()),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(example),
            output_names=[output],
            dynamic_shapes={name: {0: size, 1: size} if name == free else None for name in example},
        )
    return clean(cast(torch.onnx.ONNXProgram, program).model_proto)


def rewrite_card(path: Path, card: Card) -> None:
    """Replace the card of the exported file `path`."""
    proto = onnx.load(path)
    write_card(proto, card)
    path.write_bytes(proto.SerializeToString())


def write_card(proto: onnx.ModelProto, card: Card) -> None:
    """Put the card into the model's metadata, in place of any other."""
    kept = {p.key: p.value for p in proto.metadata_props if p.key != METADATA_KEY}
    onnx.helper.set_model_props(proto, {**kept, METADATA_KEY: card.to_json()})


def clean(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what the exporter notes about the machine it ran on: stack traces and source paths of every node."""
    for part in (proto.graph, *proto.functions):
        for node in part.node:
            del node.metadata_props[:]
            node.doc_string = ""
    for value in (*proto.graph.value_info, *proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        del value.metadata_props[:]
        value.doc_string = ""
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]
    proto.doc_string = ""
    return proto
