"""The catalogue of a folder, and the styles that several folders have together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from weights.card import DAMAGE, Card
from weights.errors import InputError
from weights.files import replacing
from weights.folders import WEIGHTS, Folders, as_path, thumbnail_path, user_folder
from weights.limits import MAX_CATALOG, check_size

CATALOG = "catalog.json"


@dataclass(frozen=True)
class Entry:
    """One row of a folder's catalogue: a style's card, its files in that folder, and their sha256 (hex).

    `vector` is the file of its style vector where the style is one for a shared trunk, else empty. `model` is the
    .onnx file; empty for a vector whose trunk lies in another folder, where its hash finds it.
    """

    card: Card
    model: str
    sha256: str
    vector: str = ""
    vector_sha256: str = ""


@dataclass(frozen=True)
class Style:
    """An installed style: its card, where its files are and what their sha256 must be.

    `vector` is None in a network of its own. `model` is None in a vector whose trunk is nowhere on the search path.
    """

    card: Card
    model: Path | None
    sha256: str
    vector: Path | None = None
    vector_sha256: str = ""

    @property
    def folder(self) -> Path:
        """The folder whose catalogue tells of it."""
        file = self.vector or self.model
        assert file is not None, "a style has a file of its own"
        return file.parent

    @property
    def thumbnail(self) -> Path:
        """A small picture painted in it; the file may be missing."""
        return thumbnail_path(self.folder, self.card.name)


def read_catalog(folder: Path = WEIGHTS) -> list[Entry]:
    """The rows of `folder/catalog.json`, in its order; raises InputError where it can't be read."""
    path = folder / CATALOG
    try:
        check_size(path, MAX_CATALOG)
        now = path.stat()
        return list(_entries(path, (now.st_mtime_ns, now.st_size, now.st_ino)))
    except FileNotFoundError:
        raise InputError(f"There is no catalogue {path}: export a style first (python -m export RUN).") from None
    except (OSError, *DAMAGE) as error:
        raise InputError(
            f"The catalogue {path} can't be read ({error}): export any style again to rewrite it."
        ) from error


@lru_cache(maxsize=8)
def _entries(path: Path, _: tuple[int, int, int]) -> tuple[Entry, ...]:
    """The rows of the file `path`, read once for as long as it is the same: every switch of styles asks."""
    return tuple(_entry(row) for row in json.loads(path.read_text(encoding="utf-8"))["styles"])


def _entry(row: Any) -> Entry:
    if not isinstance(row, dict):
        raise TypeError(f"{type(row).__name__} where an object belongs")
    texts = {name: row.get(name, "") for name in ("model", "sha256", "vector", "vector_sha256")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"its {name} is not text")
        if text and name in ("model", "vector") and not _is_plain(text):
            raise ValueError(f"its {name} {text!r} is not the plain name of a file beside it")
    if not texts["model"] and not texts["vector"]:
        raise KeyError("model")
    return Entry(Card.from_dict(row["card"]), **texts)


def _is_plain(name: str) -> bool:
    """Whether `name` names a file of its folder, on any system: no separators, drives or dots that lead out of it."""
    return name == PurePosixPath(name).name == PureWindowsPath(name).name and name != ".." and name.isprintable()


def write_catalog(entries: Iterable[Entry], folder: Path = WEIGHTS) -> None:
    """Write `folder/catalog.json`, sorted by title, whole or not at all."""
    rows = [asdict(entry) for entry in sorted(entries, key=lambda entry: entry.card.title)]
    with replacing(folder / CATALOG) as temporary:
        temporary.write_text(json.dumps({"styles": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def installed_styles(folders: Folders | None = None) -> list[Style]:
    """The styles of the search path, folder by folder and by title; of equal names the first.

    A trunk is known by its hash and not by its name: a style whose trunk isn't beside it finds it in whatever folder it
    lies. The user's folder need not be there; raises InputError where another has no catalogue.
    """
    path = as_path(folders)
    rows = [(folder, entry) for folder in path if _has_catalog(folder) for entry in read_catalog(folder)]
    trunks: dict[str, tuple[Path, str]] = {}
    for folder, entry in rows:
        if entry.vector and entry.model:
            trunks.setdefault(entry.card.trunk_hash, (folder / entry.model, entry.sha256))
    styles: dict[str, Style] = {}
    for folder, entry in rows:
        elsewhere = trunks.get(entry.card.trunk_hash, (None, ""))
        model, digest = (folder / entry.model, entry.sha256) if entry.model else elsewhere
        vector = folder / entry.vector if entry.vector else None
        styles.setdefault(entry.card.name, Style(entry.card, model, digest, vector, entry.vector_sha256))
    return list(styles.values())


def _has_catalog(folder: Path) -> bool:
    return (folder / CATALOG).exists() or folder != user_folder("styles")


def find_style(name: str, folders: Folders | None = None) -> Style:
    """The installed style called `name`; raises InputError that lists the names there are."""
    styles = installed_styles(folders)
    for style in styles:
        if style.card.name == name:
            return style
    names = [style.card.name for style in styles]
    near = get_close_matches(name.lower(), names, 1)
    meant = f"; perhaps you meant {near[0]}" if near else ""
    raise InputError(f"There is no style called {name!r}{meant}: choose one of {', '.join(names) or 'none'}.")
