"""Files that appear whole or not at all, never in the place of an original, and known by their sha256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from weights.errors import InputError


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` with its suffix; rename it to `path` on success, delete it on failure.

    Raises InputError where the folder can't be made or written, or the disk is full.
    """
    path = Path(path)
    temporary, mode = _temporary(path)
    try:
        yield temporary
        temporary.chmod(mode)  # some writers make a file of their own that no one else may read
        temporary.replace(path)
    except BrokenPipeError:  # somebody stopped reading what is printed meanwhile: not this file's trouble
        raise
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> tuple[Path, int]:
    """An empty file beside `path`, and the mode that files made here have. Raises InputError."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        return temporary, temporary.stat().st_mode
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"Can't write {path} ({error.strerror or error}): choose another place with -o.")


def not_the_original(target: Path, *sources: Path) -> None:
    """Raise InputError where `target` is one of the files it is made from, by whatever name or link."""
    if any(source.exists() and target.samefile(source) for source in sources if target.exists()):
        raise InputError(f"{target} is the original, which is never overwritten: choose another name with -o.")


def check_output(path: Path, suffixes: Collection[str], *originals: Path) -> None:
    """Say before the work what would keep `path` from being written after it. Raises InputError.

    `suffixes` are the endings, in lower case, that the writer knows; `originals` the files that the work reads. The
    folder is made.
    """
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path} can't be written: end its name in {', '.join(sorted(suffixes))}.")
    temporary, _ = _temporary(path)
    temporary.unlink()
    if path.is_dir():
        raise InputError(f"{path} is a folder: give a file's name with -o.")
    not_the_original(path, *originals)


def sha256(path: Path) -> str:
    """The file's sha256 in hex."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()
