"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weights.errors import InputError


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` with its suffix; rename it to `path` on success, delete it on failure.

    Raises InputError where the folder can't be made or written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        mode = temporary.stat().st_mode
    except OSError as error:
        raise InputError(f"Can't write {path} ({error.strerror}): choose another place with -o.") from error
    try:
        yield temporary
        temporary.chmod(mode)  # some writers make a file of their own that no one else may read
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
