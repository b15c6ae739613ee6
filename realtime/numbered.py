"""Numbered pictures: what a name such as frames/%05d.png stands for. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_NUMBER = re.compile(r"%(?:0(\d))?d")


def is_numbered(path: Path) -> bool:
    """Whether `path` stands for numbered pictures, having one `%d` or `%05d` in its name."""
    return path.name.count("%") == 1 and _NUMBER.search(path.name) is not None and not path.is_file()


def names_of(path: Path) -> Callable[[int], Path]:
    """The name of each picture by its number.

    >>> names_of(Path("frames/%05d.png"))(17)
    PosixPath('frames/00017.png')
    """
    before, digits, after = _NUMBER.split(path.name)
    return lambda number: path.with_name(f"{before}{number:0{digits or 1}d}{after}")


def numbers_in(path: Path) -> list[int]:
    """The numbers of the pictures that are there, in their order."""
    before, digits, after = _NUMBER.split(path.name)
    name = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}")
    found = (name.fullmatch(file.name) for file in path.parent.iterdir()) if path.parent.is_dir() else ()
    numbers = {int(match[1]) for match in found if match and match[1] == f"{int(match[1]):0{digits or 1}d}"}
    return sorted(numbers)
