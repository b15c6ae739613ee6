"""What is painted of a clip so far: whole parts in a hidden folder beside the target, and what they were made from.

The folder may be shared by several machines: each part appears whole or not at all, and two that paint the same part
write the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from realtime.numbered import is_numbered, names_of, numbers_in
from weights.errors import InputError
from weights.files import replacing

_BEGINNING = 2**20  # bytes of the source that are compared
_JOURNAL = "journal.json"


@dataclass(frozen=True)
class Note:
    """What a part holds: for each packet, in the order of its file, its time and duration in the clip's time base.

    `lost` counts pieces of the source that could not be read, `white` says that transparency was laid over white.
    """

    packets: tuple[tuple[int, int], ...] = ()
    size: int = 0
    lost: int = 0
    white: bool = False


class Journal:
    """The parts of the clip `source` that will be `target`; there are `count` of them."""

    def __init__(self, target: Path, count: int) -> None:
        self.target, self.count = target, count
        self._folder = _folder_of(target)

    def open(self, source: Path, settings: Mapping[str, Any], restart: bool = False) -> None:
        """Begin, or go on. Raises InputError where another source or other `settings` were begun with."""
        now = {"source": _known(source), "settings": dict(settings), "parts": self.count}
        now = json.loads(json.dumps(now))
        if restart:
            self.remove()
        before = self._read(_JOURNAL)
        if before is not None and before != now:
            if any(self.note(part) for part in range(self.count)):
                raise InputError(
                    f"{self.target} was begun {_difference(before, now)}: give the same line again to go on, "
                    "or --restart, without --part and --join, to paint it anew."
                )
            self.remove()
        if before != now:
            self._write(_JOURNAL, now)

    def path(self, part: int) -> Path:
        """Where the pictures of `part` are."""
        return self._folder / f"{part:05d}.mkv"

    def note(self, part: int) -> Note | None:
        """What is in `part`; None where it is still to be painted."""
        said = self._read(f"{part:05d}.json")
        try:
            packets = tuple((int(pts), int(duration)) for pts, duration in said["packets"])
            note = Note(packets, said["size"], said["lost"], said["white"])
            return note if not packets or self.path(part).stat().st_size == note.size else None
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def done(self, part: int, note: Note) -> None:
        """Say that `part` is painted, its file being there."""
        self._write(f"{part:05d}.json", asdict(note))

    def missing(self, wanted: Iterable[int] | None = None) -> list[int]:
        """Those of the parts `wanted` (all) that are still to be painted."""
        return [part for part in (range(self.count) if wanted is None else wanted) if self.note(part) is None]

    def frames(self, wanted: Iterable[int]) -> int:
        """How many frames are painted of the parts `wanted`."""
        return sum(len(note.packets) for part in wanted if (note := self.note(part)))

    def remove(self) -> None:
        """Throw all parts away."""
        forget(self.target)

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _write(self, name: str, value: Any) -> None:
        with replacing(self._folder / name) as temporary:
            temporary.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def is_begun(target: Path) -> bool:
    """Whether somebody has begun to paint parts of `target`."""
    return _folder_of(target).is_dir()


def is_whole(target: Path) -> bool:
    """Whether `target` was painted by an earlier run that came to its end."""
    return bool(numbers_in(target)) and not is_begun(target) if is_numbered(target) else target.exists()


def forget(target: Path) -> None:
    """Throw away what is painted of `target`; only what is ours is in its folder."""
    shutil.rmtree(_folder_of(target), ignore_errors=True)


def _folder_of(target: Path) -> Path:
    return target.with_name(f".{target.stem[:40]}-{crc32(target.name.encode(errors='surrogateescape')):08x}.parts")


def _known(source: Path) -> dict[str, Any]:
    """What tells `source` from another file, or from itself after a change. Raises InputError."""
    if is_numbered(source):  # pictures that were not good enough may be made again meanwhile, the first excepted
        numbers = numbers_in(source)
        return {**_known(names_of(source)(numbers[0])), "numbers": [numbers[0], numbers[-1], len(numbers)]}
    try:
        state = source.stat()
        with source.open("rb") as file:
            beginning = hashlib.sha256(file.read(_BEGINNING)).hexdigest()
    except OSError as error:
        raise InputError(f"{source} can't be read ({error.strerror}): check the name.") from error
    return {"size": state.st_size, "time": int(state.st_mtime), "beginning": beginning}


def _difference(before: Any, now: dict[str, Any]) -> str:
    """How what was begun `before` differs from `now`, in words."""
    if not isinstance(before, dict) or before.get("source") != now["source"]:
        return "from another clip, or this one has changed since"
    settings, asked = before.get("settings", {}), now["settings"]
    for name in asked:
        if settings.get(name) != asked[name]:
            if name == "files of the style":
                return "with this style as it was before it changed"
            return f"with {name} {_shown(settings.get(name))}, not {_shown(asked[name])}"
    return "in other parts"


def _shown(value: Any) -> str:
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
