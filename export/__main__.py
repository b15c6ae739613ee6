"""python -m export RUN_OR_SAFETENSORS [-o weights/NAME.onnx]"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from export.catalog import add_to_catalog
from export.frame_model import FrameModel
from export.parity import parity
from export.to_onnx import rewrite_card, to_onnx
from training.checkpoint import load_generator, save_generator
from weights.card import WEIGHTS, Card
from weights.errors import InputError, exit_code
from weights.files import replacing


def find_weights(source: Path) -> Path:
    """The .safetensors file that `source`, a run folder or the file itself, names. Raises InputError."""
    if not source.is_dir():
        return source
    found = sorted(source.glob("*.safetensors"))
    if len(found) != 1:
        raise InputError(f"The run folder {source} holds {len(found)} .safetensors files: name the one to export.")
    return found[0]


def export(source: Path, output: Path | None = None) -> tuple[Path, Card]:
    """Export one style; returns its .onnx file and card. Nothing is written where parity fails. Raises InputError.

    The numbers are kept beside the style as .safetensors, with the card that export completes.
    """
    numbers = find_weights(source)
    generator, card = load_generator(numbers)
    path = output or WEIGHTS / f"{card.name}.onnx"
    if path.suffix != ".onnx":
        raise InputError(f"The output {path} must end in .onnx.")
    model = FrameModel(generator)
    with replacing(path) as temporary:
        to_onnx(model, card, temporary)
        card = dataclasses.replace(card, parity=parity(model, temporary))
        rewrite_card(temporary, card)
    save_generator(path.with_suffix(".safetensors"), generator, card)
    add_to_catalog(path)
    return path, card


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        "python -m export", description="Turn a trained style into a file the window can load."
    )
    parser.add_argument("source", type=Path, help="a run folder or its .safetensors file")
    parser.add_argument("-o", "--output", type=Path, help="the style to write; weights/NAME.onnx if not given")
    options = parser.parse_args()
    path, card = export(options.source, options.output)
    size = path.stat().st_size / 1024
    print(f"{path}: {card.title}, {size:.0f} kB, at most {card.parity:.0f}/255 from torch.")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
