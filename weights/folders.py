"""Where styles lie: those that come with the program, and those of its user."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

WEIGHTS = Path(__file__).resolve().parent
"""The styles that come with the program; nothing but `python -m export --shipped` writes here."""

USER_FOLDER = "LIVEBRUSH_HOME"
"""The environment variable that moves the user's folder."""

THUMBNAILS = "thumbnails"
"""The folder of small pictures inside a folder of styles."""

Folders = Path | Sequence[Path]
"""A search path: the first folder that has a style of a name is the one that is asked for it."""


def user_folder(part: Literal["styles", "looks", "refined"]) -> Path:
    """Where the user's own styles (with their catalogue and thumbnails), looks or refined pictures lie, if any."""
    home = os.environ.get(USER_FOLDER)
    if not home:
        import platformdirs  # a tenth of the time that `--list` takes: only where it is needed

        home = platformdirs.user_data_dir("livebrush", appauthor=False)
    return Path(home) / part


def thumbnail_path(folder: Path, style: str) -> Path:
    """Where the small picture of the style called `style` lies in its `folder`; it may not be there."""
    return folder / THUMBNAILS / f"{style}.webp"


def search_path(named: Iterable[str | Path] = ()) -> tuple[Path, ...]:
    """The folders `named`, each one folder or several with os.pathsep between; none: the user's, then WEIGHTS."""
    folders = [Path(part) for name in named for part in str(name).split(os.pathsep) if part]
    return tuple(folders) or (user_folder("styles"), WEIGHTS)


def as_path(folders: Folders | None) -> tuple[Path, ...]:
    """`folders` as a tuple; the default search path for None."""
    if folders is None:
        return search_path()
    return (folders,) if isinstance(folders, Path) else tuple(folders)
