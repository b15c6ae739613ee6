"""python -m export RUN_OR_SAFETENSORS [-o FOLDER/NAME.onnx | --shipped]"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from export.catalog import entries_in, entry_of, find_trunk, vector_entry
from export.frame_model import FrameModel, TrunkFrameModel
from export.parity import parity
from export.predictor import install_predictor
from export.thumbnails import put_thumbnails
from export.to_onnx import rewrite_card, to_onnx
from training.checkpoint import (
    bound,
    load_generator,
    load_vector,
    read_card,
    save_generator,
    save_vector,
    vectors_beside,
)
from training.generators import LiteTrunk
from weights.card import PREDICTOR, Card
from weights.command_line import in_one_sentence
from weights.errors import InputError, exit_code
from weights.folders import WEIGHTS, search_path, user_folder
from weights.install import install, staging


def find_weights(source: Path) -> Path:
    """The .safetensors file that `source`, a run folder or the file itself, names. Raises InputError."""
    if not source.is_dir():
        return source
    found = sorted(source.glob("*.safetensors"))
    found = [p for p in found if p.stem == source.resolve().name] or found  # CycleGAN's has its way back beside it
    if len(found) != 1:
        raise InputError(f"The run folder {source} holds {len(found)} .safetensors files: name the one to export.")
    return found[0]


def export(source: Path, output: Path | None = None, shipped: bool = False) -> tuple[Path, Card]:
    """Install a style, or a trunk with its style vectors; returns the .onnx file (a lone vector's own) and its card.

    It goes into the user's folder, with `shipped` among the styles that come with the program, or where `output` says.
    Nothing is written where parity fails. The numbers are kept beside the .onnx as .safetensors, with the card that
    export completes. Raises InputError.
    """
    if output is not None and output.suffix != ".onnx":
        raise InputError(f"The output {output} must end in .onnx.")
    numbers = find_weights(source)
    card = read_card(numbers)
    folder = WEIGHTS if shipped else user_folder("styles")
    if card.is_vector:
        return install_vector(numbers, folder, output)
    path = output or folder / f"{PREDICTOR if card.is_predictor else card.name}.onnx"  # whatever its run was called
    if card.is_predictor:
        return install_predictor(numbers, path)
    generator, card = load_generator(numbers)
    if isinstance(generator, LiteTrunk):
        return export_trunk(numbers, generator, card, path)
    with staging(path.parent) as staged:
        card = write_model(FrameModel(generator), card, staged / path.name)
        save_generator((staged / path.name).with_suffix(".safetensors"), generator, card)
        entries = [entry_of(staged / path.name)]
        put_thumbnails(staged, entries)
        install(path.parent, staged, entries, entries_in)
    return path, card


def write_model(model: FrameModel, card: Card, path: Path, styles: Sequence[Tensor] = ()) -> Card:
    """Write the .onnx file and compare it with torch; returns the card with the figure. Raises InputError."""
    to_onnx(model, card, path)
    card = dataclasses.replace(card, parity=parity(model, path, styles))
    rewrite_card(path, card)
    return card


def export_trunk(numbers: Path, trunk: LiteTrunk, card: Card, path: Path) -> tuple[Path, Card]:
    """Install a trunk and every style vector beside `numbers`."""
    card = bound(card, trunk)
    files = vectors_beside(numbers)
    if not files:
        raise InputError(f"There are no style vectors beside {numbers}: train some with training.multistyle.")
    vectors = [load_vector(file) for file in files]
    for file, (vector, own) in zip(files, vectors, strict=True):
        own.check_trunk(card, file)
        if vector.shape[-1] != trunk.style_length:
            raise InputError(f"{file} has {vector.shape[-1]} numbers where its trunk takes {trunk.style_length}.")
    with staging(path.parent) as staged:
        model = staged / path.name
        strokes = [vector for both, _ in vectors for vector in both]
        card = write_model(TrunkFrameModel(trunk), card, model, strokes)
        save_generator(model.with_suffix(".safetensors"), trunk, card)
        entries = []
        for vector, own in vectors:
            own = dataclasses.replace(own, parity=card.parity, trunk=path.stem)
            entries.append(vector_entry(own, put_vector(vector, own, staged), model))
        put_thumbnails(staged, entries)
        install(path.parent, staged, entries, entries_in)
    return path, card


def install_vector(numbers: Path, folder: Path, output: Path | None) -> tuple[Path, Card]:
    """Install one style vector into `folder`, or beside the trunk `output`; returns its file and its card."""
    vector, own = load_vector(numbers)
    folder = output.parent if output else folder
    trunk = output or find_trunk(own, [folder, *search_path()])
    if trunk is None or not trunk.is_file():
        raise InputError(
            f"{numbers} is a style of the trunk {own.trunk}, which is not installed: export the trunk first, "
            "or fit the style again with python -m training.newstyle."
        )
    card = entry_of(trunk).card
    own.check_trunk(card, numbers)
    own = dataclasses.replace(own, parity=card.parity, trunk=trunk.stem)
    with staging(folder) as staged:
        file = put_vector(vector, own, staged)
        beside = trunk if trunk.parent.resolve() == folder.resolve() else None
        entries = [vector_entry(own, file, beside)]
        put_thumbnails(staged, entries, trunk)
        install(folder, staged, entries, entries_in)
    return folder / file.name, own


def put_vector(vector: Tensor, card: Card, folder: Path) -> Path:
    """Write the vector into `folder` under its style's name, which can't be its trunk's; returns the file."""
    if card.name == card.trunk:
        raise InputError(f"A style can't have its trunk's name {card.trunk}: train one of the two under another name.")
    file = folder / f"{card.name}.safetensors"
    save_vector(file, vector, card)
    return file


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m export", description="Turn a trained style into a file the window can load."
    )
    made.add_argument("source", type=Path, help="a run folder or its .safetensors file")
    where = made.add_mutually_exclusive_group()
    to = "the network to write; NAME.onnx in your own folder of styles if not given"
    where.add_argument("-o", "--output", type=Path, metavar="FOLDER/NAME.onnx", help=to)
    where.add_argument("--shipped", action="store_true", help="install into weights/, among the styles of the program")
    return made


def main() -> int:
    """Export what the command line names."""
    options = in_one_sentence(parser().parse_args, "python -m export")
    path, card = export(options.source, options.output, options.shipped)
    size = path.stat().st_size / 1024
    print(f"{path}: {card.title}, {size:.0f} kB, at most {card.parity:.0f}/255 from torch.")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
