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


def add_to_catalog(path: Path) -> None:
    """Put the style `path` into its folder's catalogue, in place of one of its name; drop missing files."""
    new = entry_of(path)
    folder = path.parent
    old = read_catalog(folder) if (folder / "catalog.json").exists() else []
    kept = [e for e in old if e.card.name != new.card.name and e.model != new.model and (folder / e.model).exists()]
    write_catalog([*kept, new], folder)
