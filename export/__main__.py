"""python -m export RUN_OR_SAFETENSORS [-o weights/NAME.onnx]"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from export.catalog import add_to_catalog, entry_of, vector_entry
from export.frame_model import FrameModel, TrunkFrameModel
from export.parity import parity
from export.to_onnx import rewrite_card, to_onnx
from training.checkpoint import load_generator, load_vector, read_card, save_generator, save_vector, vectors_beside
from training.generators import LiteTrunk
from weights.card import WEIGHTS, Card, Entry
from weights.errors import InputError, exit_code
from weights.files import replacing


def find_weights(source: Path) -> Path:
    """The .safetensors file that `source`, a run folder or the file itself, names. Raises InputError."""
    if not source.is_dir():
        return source
    found = sorted(source.glob("*.safetensors"))
    found = [p for p in found if p.stem == source.resolve().name] or found  # CycleGAN's has its way back beside it
    if len(found) != 1:
        raise InputError(f"The run folder {source} holds {len(found)} .safetensors files: name the one to export.")
    return found[0]


def export(source: Path, output: Path | None = None) -> tuple[Path, Card]:
    """Export a style, or a trunk with its style vectors; returns the .onnx file and its card. Raises InputError.

    Nothing is written where parity fails. The numbers are kept beside the .onnx as .safetensors, with the card that
    export completes.
    """
    numbers = find_weights(source)
    if read_card(numbers).trunk:
        return install_vector(numbers, output)
    generator, card = load_generator(numbers)
    path = output or WEIGHTS / f"{card.name}.onnx"
    if path.suffix != ".onnx":
        raise InputError(f"The output {path} must end in .onnx.")
    if isinstance(generator, LiteTrunk):
        return export_trunk(numbers, generator, card, path)
    card = write_model(FrameModel(generator), card, path)
    save_generator(path.with_suffix(".safetensors"), generator, card)
    add_to_catalog(path.parent, [entry_of(path)])
    return path, card


def write_model(model: FrameModel, card: Card, path: Path, styles: Sequence[Tensor] = ()) -> Card:
    """Write the .onnx file once it has passed parity; returns the card with its figure."""
    with replacing(path) as temporary:
        to_onnx(model, card, temporary)
        card = dataclasses.replace(card, parity=parity(model, temporary, styles))
        rewrite_card(temporary, card)
    return card


def export_trunk(numbers: Path, trunk: LiteTrunk, card: Card, path: Path) -> tuple[Path, Card]:
    """Export a trunk and install every style vector beside `numbers`."""
    vectors = [load_vector(p) for p in vectors_beside(numbers)]
    if not vectors:
        raise InputError(f"There are no style vectors beside {numbers}: train some with training.multistyle.")
    card = write_model(TrunkFrameModel(trunk), card, path, [stroke for strokes, _ in vectors for stroke in strokes])
    save_generator(path.with_suffix(".safetensors"), trunk, card)
    add_to_catalog(path.parent, [put_vector(vector, own, path, card) for vector, own in vectors])
    return path, card


def install_vector(numbers: Path, output: Path | None) -> tuple[Path, Card]:
    """Install one style vector beside its trunk; returns the trunk's file and the vector's card."""
    vector, own = load_vector(numbers)
    path = output or WEIGHTS / f"{own.trunk}.onnx"
    if not path.is_file():
        raise InputError(f"{own.name} is a style of the trunk {path}, which is not there: export the trunk first.")
    entry = put_vector(vector, own, path, entry_of(path).card)
    add_to_catalog(path.parent, [entry])
    return path, entry.card


def put_vector(vector: Tensor, card: Card, trunk: Path, trunk_card: Card) -> Entry:
    """Write the vector beside its trunk; its entry for the catalogue."""
    card = dataclasses.replace(card, parity=trunk_card.parity, trunk=trunk.stem)
    file = trunk.with_name(f"{card.name}.safetensors")
    save_vector(file, vector, card)
    return vector_entry(card, file, trunk)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m export", description="Turn a trained style into a file the window can load."
    )
    made.add_argument("source", type=Path, help="a run folder or its .safetensors file")
    made.add_argument("-o", "--output", type=Path, help="the style to write; weights/NAME.onnx if not given")
    return made


def main() -> int:
    """Export what the command line names."""
    options = parser().parse_args()
    path, card = export(options.source, options.output)
    size = path.stat().st_size / 1024
    print(f"{path}: {card.title}, {size:.0f} kB, at most {card.parity:.0f}/255 from torch.")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
