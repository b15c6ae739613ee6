"""Files that appear whole or not at all, never in the place of an original, and known by their sha256."""

from __future__ import annotations

import glob
import hashlib
import os
import platform
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from weights.errors import FULL, MAKE_ROOM, InputError
from weights.folders import USER_FOLDER, user_folder


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` with its suffix; rename it to `path` on success, delete it on failure.

    Where `path` is a link, what it points to is replaced. What a killed process of this machine has left goes.
    Raises InputError where the folder can't be made or written, or the disk is full.
    """
    path = Path(path)
    temporary, mode = _temporary(path)
    try:
        path = path.resolve() if path.is_symlink() else path
        yield temporary
        temporary.chmod(mode)  # some writers make a file of their own that no one else may read
        temporary.replace(path)
    except BrokenPipeError:  # somebody stopped reading what is printed meanwhile: not this file's trouble
        raise
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):  # what went wrong before is what is to be said
            temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> tuple[Path, int]:
    """An empty file beside `path`, and the mode that files made here have. Raises InputError."""
    try:
        path = path.resolve() if path.is_symlink() else path
        path.parent.mkdir(parents=True, exist_ok=True)
        # The whole name would make long ones too long; other machines may write into the same folder.
        begin = f".{path.stem[:40]}-{crc32(os.fsencode(path.name)):08x}.{_machine()}"
        _sweep(path, begin)
        temporary = path.with_name(f"{begin}.{os.getpid()}.part{path.suffix}")
        temporary.touch()
        return temporary, temporary.stat().st_mode
    except OSError as error:
        raise _unwritable(path, error) from error


def _sweep(path: Path, begin: str) -> None:
    """Delete what processes that live no longer have left of `path`."""
    for left in path.parent.glob(f"{glob.escape(begin)}.*.part{glob.escape(path.suffix)}"):
        number = left.name.removeprefix(f"{begin}.").partition(".")[0]
        if number.isdecimal() and not _lives(int(number)):
            left.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    if sys.platform == "win32":  # there, asking would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _machine() -> str:
    return "".join(c for c in platform.node() if c.isalnum() or c == "-")[:40] or "here"


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"Can't write {path} ({error.strerror or error}): {mend_of(error, path)}.")


def mend_of(error: OSError, path: Path) -> str:
    """What helps where `path` can't be written."""
    if error.errno in FULL:
        return MAKE_ROOM
    home = os.path.realpath(user_folder("styles").parent)
    if Path(os.path.realpath(path)).is_relative_to(home):
        return f"name another folder in the environment variable {USER_FOLDER}"
    return "choose another place with -o"


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
