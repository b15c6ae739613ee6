"""The catalogue's entry of an exported style, and a catalogue made anew from the files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import onnx

from training.checkpoint import read_card
from weights.card import METADATA_KEY, Card
from weights.catalog import Entry, read_catalog
from weights.errors import InputError, first_line
from weights.files import sha256
from weights.limits import MAX_MODEL, check_size


def entry_of(path: Path) -> Entry:
    """The entry of one exported network. Raises InputError where the file carries no card."""
    if not path.exists():
        raise InputError(f"There is no file {path}: export the style first.")
    check_size(path, MAX_MODEL)
    try:
        proto = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf raises its own, undocumented kinds
        raise InputError(f"{path} can't be read as ONNX ({first_line(error)}): export the style again.") from error
    for prop in proto.metadata_props:
        if prop.key == METADATA_KEY:
            return Entry(Card.from_json(prop.value, str(path)), path.name, sha256(path))
    raise InputError(f"{path} carries no Livebrush card: export the style again.")


def vector_entry(card: Card, vector: Path, trunk: Path | None) -> Entry:
    """The entry of a style that is a vector for `trunk`, which lies beside it; None for a trunk in another folder."""
    model, digest = (trunk.name, sha256(trunk)) if trunk else ("", "")
    return Entry(card, model, digest, vector.name, sha256(vector))


def find_trunk(card: Card, folders: Iterable[Path]) -> Path | None:
    """The first trunk in `folders` that the style vector of `card` was made for, None where there is none."""
    for folder in folders:
        for entry in _rows(folder):
            if entry.vector and entry.model and entry.card.trunk_hash == card.trunk_hash:
                return folder / entry.model
    return None


def _rows(folder: Path) -> list[Entry]:
    try:
        return read_catalog(folder)
    except InputError:  # none yet, or a damaged one, which is just what a new export mends
        return entries_in(folder)


def entries_in(folder: Path) -> list[Entry]:
    """The styles whose files lie in `folder`, as their own cards tell: a catalogue for where it is damaged."""
    networks = []
    for path in sorted(folder.glob("*.onnx")):
        with contextlib.suppress(InputError):
            networks.append(entry_of(path))
    trunks = {e.card.trunk_hash: folder / e.model for e in networks if e.card.trunk_hash and not e.card.trunk}
    entries = [entry for entry in networks if not entry.card.trunk_hash]  # no trunk, no predictor
    for path in sorted(folder.glob("*.safetensors")):
        with contextlib.suppress(InputError):
            card = read_card(path)
            if card.is_vector:
                entries.append(vector_entry(card, path, trunks.get(card.trunk_hash)))
    return entries
