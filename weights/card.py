"""The card: what a style says about itself; and the catalogue: the styles installed beside this file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from weights.errors import InputError
from weights.files import replacing

METADATA_KEY = "livebrush"
"""The key of the card's JSON in safetensors and ONNX metadata."""

WEIGHTS = Path(__file__).resolve().parent
"""The folder of the installed styles; `catalog.json` lists them."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class StylePicture:
    """The painting (or the folder of paintings) that a style was learned from."""

    title: str = ""
    """As 'The Starry Night' or 'Pen drawings of landscapes'; the style's name if empty."""
    painter: str = ""
    """Who painted it."""
    year: str = ""
    """When."""
    license: str = ""
    """Its licence, in words."""

    def title_for(self, name: str) -> str:
        """The title of the style `name`: the picture's own, else made of the name."""
        return self.title or name.replace("-", " ").title()


@dataclass(frozen=True)
class Card:
    """What a weight file says about itself; it travels as JSON inside the file's metadata.

    `architecture` and `arguments` rebuild the network (`training.generators.build`); `stride` is the multiple to
    which a frame is padded; `trunk` names the shared network where the style is a vector for one; `training` is a
    summary for people (settings, steps, losses); `parity` is the largest difference, in 1/255, that export measured
    between torch and ONNX Runtime, None before export.
    """

    name: str
    title: str
    method: str
    architecture: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    stride: int = 4
    trunk: str = ""
    picture: StylePicture = StylePicture()
    license: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    parity: float | None = None
    commit: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"The style name {self.name!r} won't do: use lower-case letters, digits and dashes, as in 'great-wave'."
            )

    def to_json(self) -> str:
        """The card as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str = "the file") -> Card:
        """The card in `text`; keys of a newer version are passed over. Raises InputError, naming `where`."""
        try:
            return cls._from_dict(json.loads(text))
        except InputError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"The card in {where} can't be read ({error}): export the style again.") from error

    @classmethod
    def _from_dict(cls, values: Mapping[str, Any]) -> Card:
        picture = StylePicture(**_known(StylePicture, values.get("picture") or {}))
        return cls(**(_known(cls, values) | {"picture": picture}))


def _known(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(kind)}
    return {k: v for k, v in values.items() if k in names}


@dataclass(frozen=True)
class Entry:
    """One style of the catalogue: its card, its model file and that file's sha256 (hex).

    `vector` is the file of its style vector where the model is a trunk that many styles share, else empty.
    """

    card: Card
    model: str
    sha256: str
    vector: str = ""


def sha256(path: Path) -> str:
    """The file's sha256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_catalog(folder: Path = WEIGHTS) -> list[Entry]:
    """The styles that `folder/catalog.json` lists, in its order; raises InputError where it can't be read."""
    path = folder / "catalog.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["styles"]
        return [_entry(row) for row in rows]
    except FileNotFoundError:
        raise InputError(f"There is no catalogue {path}: export a style first (python -m export RUN).") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"The catalogue {path} can't be read ({error}): export any style again to rewrite it."
        ) from error


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(Card._from_dict(row["card"]), str(row["model"]), str(row["sha256"]), str(row.get("vector", "")))


def write_catalog(entries: Iterable[Entry], folder: Path = WEIGHTS) -> None:
    """Write `folder/catalog.json`, sorted by title, whole or not at all."""
    rows = [asdict(entry) for entry in sorted(entries, key=lambda entry: entry.card.title)]
    with replacing(folder / "catalog.json") as temporary:
        temporary.write_text(json.dumps({"styles": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def find_style(name: str, folder: Path = WEIGHTS) -> Entry:
    """The catalogue's entry called `name`; raises InputError that lists the names there are."""
    entries = read_catalog(folder)
    for entry in entries:
        if entry.card.name == name:
            return entry
    names = ", ".join(entry.card.name for entry in entries) or "none"
    raise InputError(f"There is no style called {name!r}: choose one of {names}.")
