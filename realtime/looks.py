"""Looks: a style or blend and its dials, kept as a small JSON file in the user's folder, or wherever one likes.

>>> save_look(numbered(3), Look("starry-night:0.6,the-scream:0.4", strength=0.8))
>>> load_look(numbered(3)).strength
0.8

Standard library only, as the command line asks it before anything heavy is loaded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from weights.errors import InputError, first_line
from weights.files import replacing
from weights.folders import user_folder

_LARGEST = 64 * 1024  # bytes: a blend of a thousand styles is shorter


@dataclass(frozen=True)
class Look:
    """How a picture is painted: a `style` or blend, as `--style` takes it, and its dials, each in [0, 1].

    Raises InputError for what is out of range; what the style says is looked at where it is opened.
    """

    style: str
    strength: float = 1.0
    stroke: float = 1.0
    keep_colors: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.style, str) or not self.style.strip():
            raise InputError(f"a look's style must be a name or a blend, not {self.style!r}.")
        for name, value in (("strength", self.strength), ("stroke", self.stroke), ("keep_colors", self.keep_colors)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise InputError(f"a look's {name} must be a number from 0 to 1, not {value!r}.")


def looks_folder() -> Path:
    """Where the user's own looks lie; it may not be there yet."""
    return user_folder("looks")


def numbered(digit: int) -> Path:
    """The file of the look that the key `digit`, 0 to 9, recalls; it may not be there yet."""
    return looks_folder() / f"{digit}.json"


def look_path(text: str) -> Path:
    """The file that `text` names: a digit stands for a look of the user's folder."""
    return numbered(int(text)) if text in set("0123456789") else Path(text)


def load_look(path: Path) -> Look:
    """The look in `path`; raises InputError where there is none, or it can't be read."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large for one")
        said = json.loads(path.read_text(encoding="utf-8-sig"))  # as Windows' Notepad writes it
    except FileNotFoundError:
        if path.parent == looks_folder():
            raise InputError(f"There is no look {path.stem} yet: Ctrl {path.stem} in the window keeps one.") from None
        raise InputError(f"There is no look {path}: save one first, or check the name.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"The look {path} can't be read ({first_line(error)}): save it again.") from error
    if not isinstance(said, dict) or "style" not in said:
        raise InputError(f"{path} is no look, as it names no style: save it again.")
    known: dict[str, Any] = {name: said[name] for name in Look.__dataclass_fields__ if name in said}
    try:
        return Look(**known)
    except InputError as error:
        raise InputError(f"The look {path} can't be used: {error}") from error


def save_look(path: Path, look: Look) -> None:
    """Write `look` to `path`, whole or not at all; its folder is made. Raises InputError where it can't be written."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(asdict(look), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
