"""The catalogue's entry of a style, and putting it among the others."""

from __future__ import annotations

from pathlib import Path

import onnx

from weights.card import METADATA_KEY, Card, Entry, read_catalog, sha256, write_catalog
from weights.errors import InputError


def entry_of(path: Path) -> Entry:
    """The entry of one exported style. Raises InputError where the file carries no card."""
    try:
        proto = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf raises its own, undocumented kinds
        raise InputError(f"{path} can't be read as ONNX ({error}): export the style again.") from error
    for prop in proto.metadata_props:
        if prop.key == METADATA_KEY:
            return Entry(Card.from_json(prop.value, str(path)), path.name, sha256(path))
    raise InputError(f"{path} carries no Livebrush card: export the style again.")


def vector_entry(card: Card, vector: Path, trunk: Path) -> Entry:
    """The entry of a style that is a vector for `trunk`."""
    return Entry(card, trunk.name, sha256(trunk), vector.name)


def add_to_catalog(folder: Path, new: list[Entry]) -> None:
    """Put the entries into the folder's catalogue, in place of those of their names; drop those of missing files."""
    names = {entry.card.name for entry in new}
    old = read_catalog(folder) if (folder / "catalog.json").exists() else []
    there = [e for e in old if (folder / e.model).exists() and (not e.vector or (folder / e.vector).exists())]
    write_catalog([*(e for e in there if e.card.name not in names), *new], folder)
