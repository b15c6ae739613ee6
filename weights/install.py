"""Putting styles into a folder, all of them or none, whoever else does the same; and taking them out again."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from weights.catalog import CATALOG, Entry, read_catalog, write_catalog
from weights.errors import InputError
from weights.files import mend_of, replacing, sha256
from weights.folders import thumbnail_path

LOCK = ".catalog.lock"
WAIT_SECONDS = 60.0

_ASIDE = re.compile(r".+\.[0-9a-f]{12}\.(onnx|safetensors)")
"""A file that was replaced and is still needed, under its own name and the start of its sha256."""


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """An empty folder inside `folder`, which is made, for the files that `install` will move. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".install.part.", dir=folder) as staged:
            yield Path(staged)
    except OSError as error:
        raise _unwritable(folder, error) from error


def install(
    folder: Path, staged: Path, entries: Sequence[Entry], rebuild: Callable[[Path], list[Entry]] = read_catalog
) -> None:
    """Move the files in `staged` into `folder`, and put their `entries` into its catalogue, in place of equal names.

    The catalogue names whole files at every moment. What a file of an equal name held is first copied aside, with the
    catalogue pointing there: a style that needs it (one of an older trunk) keeps it for good, else it is deleted at
    the end. One process at a time does this. `rebuild` gives the rows where the catalogue is damaged. Raises
    InputError.
    """
    with _alone(folder):
        old = _step_aside(folder, staged, _rows(folder, rebuild))
        for file in sorted(path for path in staged.iterdir() if path.is_file()):
            file.replace(folder / file.name)
        write_catalog([*_kept(old, entries), *entries], folder)
        _put_thumbnails(folder, staged, entries)
        _tidy(folder)


def uninstall(folder: Path, name: str) -> None:
    """Take the style `name` out of the catalogue of `folder`, then delete its files that no other style needs.

    Nothing happens where there is none of that name. Raises InputError.
    """
    with _alone(folder):
        rows = read_catalog(folder)
        kept = [row for row in rows if row.card.name != name]
        if len(kept) == len(rows):
            return
        write_catalog(kept, folder)
        needed = {file for row in kept for file in (row.model, row.vector)}
        for row in rows:
            for file in {row.model, row.vector} - needed - {""}:
                (folder / file).unlink(missing_ok=True)
        thumbnail_path(folder, name).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time changes `folder`; what goes wrong meanwhile is an InputError."""
    try:
        with FileLock(folder / LOCK, timeout=WAIT_SECONDS):
            yield
    except Timeout:
        raise InputError(f"Another program is installing into {folder}: wait for it, and try again.") from None
    except OSError as error:
        raise _unwritable(folder, error) from error


def _put_thumbnails(folder: Path, staged: Path, entries: Sequence[Entry]) -> None:
    """Move the thumbnails of `entries`; where none was made, that of an older style of its name goes."""
    for entry in entries:
        made, place = (thumbnail_path(where, entry.card.name) for where in (staged, folder))
        if made.is_file():
            place.parent.mkdir(exist_ok=True)
            made.replace(place)
        else:
            place.unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"Can't install into {folder} ({error.strerror or error}): {mend_of(error, folder)}.")


def _rows(folder: Path, rebuild: Callable[[Path], list[Entry]]) -> list[Entry]:
    """The catalogue's rows whose files are there."""
    try:
        rows = read_catalog(folder) if (folder / CATALOG).exists() else []
    except InputError:
        rows = rebuild(folder)
    return [row for row in rows if all((folder / name).is_file() for name in (row.model, row.vector) if name)]


def _step_aside(folder: Path, staged: Path, rows: list[Entry]) -> list[Entry]:
    """Copy what will be replaced, and let the catalogue point at the copies; returns its new rows."""
    moved = {}
    for name in {name for row in rows for name in (row.model, row.vector) if name}:
        if (staged / name).exists() and (digest := sha256(folder / name)) != sha256(staged / name):
            aside = Path(name).with_suffix(f".{digest[:12]}{Path(name).suffix}").name
            with replacing(folder / aside) as temporary:
                shutil.copyfile(folder / name, temporary)
            moved[name] = aside
    if not moved:
        return rows
    pointed = [replace(r, model=moved.get(r.model, r.model), vector=moved.get(r.vector, r.vector)) for r in rows]
    write_catalog(pointed, folder)
    return pointed


def _kept(old: list[Entry], new: Sequence[Entry]) -> list[Entry]:
    """The old rows of other names; those of a trunk that was exported again take its new file."""
    names = {entry.card.name for entry in new}
    trunks = {entry.card.trunk_hash: entry for entry in new if entry.vector and entry.model}
    kept = []
    for row in old:
        if row.card.name not in names:
            again = trunks.get(row.card.trunk_hash) if row.vector and row.model else None
            kept.append(replace(row, model=again.model, sha256=again.sha256) if again else row)
    return kept


def _tidy(folder: Path) -> None:
    """Delete the copies that nothing points at any more."""
    used = {name for row in read_catalog(folder) for name in (row.model, row.vector)}
    for path in folder.iterdir():
        if _ASIDE.fullmatch(path.name) and path.name not in used:
            path.unlink()
