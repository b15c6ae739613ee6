"""From a style's name to a stylizer: what is installed, and opening one."""

from __future__ import annotations

from pathlib import Path

from realtime.stylizer import Stylizer
from weights.card import Entry, find_style, sha256
from weights.errors import InputError


def open_style(name: str, folder: Path, device: str = "auto", threads: int = 0) -> Stylizer:
    """The stylizer of the style `name` in `folder`; raises InputError where it isn't installed or is damaged."""
    entry: Entry = find_style(name, folder)
    path = folder / entry.model
    if not path.is_file():
        raise InputError(f"The style {name} is in the catalogue, but its file {path} is missing: export it again.")
    if sha256(path) != entry.sha256:
        raise InputError(f"The file {path} is not the one in the catalogue (damaged or replaced): export {name} again.")
    return Stylizer(path, device, threads)
