"""What a photo says of itself (EXIF): which way up it lies, and the rest, kept for its painting.

A TIFF is laid out as EXIF is, and says the same, and its colour profile, beside its pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

_ORIENTATION = 0x0112

_PROFILE = 0x8773
_PLACES = (0x8769, 0x8825)
"""Entries that say where more entries are: of the exposure, and of the place on earth."""

_KEPT = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, *_PLACES)
"""Entries of a TIFF that are of its photo: title, camera, program, date, artist, copyright; not its way up, which cv2
turns."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of each kind of number."""

_Entry = tuple[int, int, bytes]
"""Its name, the kind of its numbers, and these."""

_TURNS: dict[int, tuple[bool, int, int]] = {  # rows and columns swapped, then rows, then columns reversed
    1: (False, 1, 1),
    2: (False, 1, -1),
    3: (False, -1, -1),
    4: (False, -1, 1),
    5: (True, 1, 1),
    6: (True, 1, -1),
    7: (True, -1, -1),
    8: (True, -1, 1),
}


def turn(exif: bytes) -> Callable[[Any], Any]:
    """What turns an array `(H, W, …)` as the photo's EXIF asks; the identity where it says nothing."""
    swap, rows, columns = _TURNS.get(_orientation(exif)[1], (False, 1, 1))
    return lambda image: (image.swapaxes(0, 1) if swap else image)[::rows, ::columns]


def upright(exif: bytes) -> bytes:
    """`exif` for the picture once it is turned; without the small preview, which shows the photo. b"" if damaged."""
    try:
        order, first, entries = _directory(exif)
        data = bytearray(exif)
        at, _ = _orientation(exif)
        if at:
            struct.pack_into(f"{order}H", data, at + 8, 1)
        struct.pack_into(f"{order}I", data, first + 2 + 12 * entries, 0)
        return bytes(data)
    except (struct.error, KeyError):
        return b""


def _orientation(exif: bytes) -> tuple[int, int]:
    """Where the entry Orientation stands, and what it says; 0 and 1 where there is none."""
    try:
        order, first, entries = _directory(exif)
        for at in range(first + 2, first + 2 + 12 * entries, 12):
            if struct.unpack_from(f"{order}H", exif, at)[0] == _ORIENTATION:
                return at, int(struct.unpack_from(f"{order}H", exif, at + 8)[0])
    except (struct.error, KeyError):
        pass
    return 0, 1


def _directory(exif: bytes) -> tuple[str, int, int]:
    """The byte order, where the first directory begins and how many entries it has."""
    order = {b"II*\0": "<", b"MM\0*": ">"}[exif[:4]]
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    return order, int(first), int(struct.unpack_from(f"{order}H", exif, first)[0])


def profile_of_tiff(tiff: bytes) -> bytes:
    """The colour profile in the file `tiff`; b"" where there is none."""
    try:
        order, first, _ = _directory(tiff)
        return next((data for name, _, data in _entries(tiff, order, first) if name == _PROFILE), b"")
    except (struct.error, KeyError):
        return b""


def words_of_tiff(tiff: bytes) -> bytes:
    """What the file `tiff` says of its photo, as EXIF; b"" where that is nothing."""
    try:
        order, first, _ = _directory(tiff)
        kept = [entry for entry in _entries(tiff, order, first) if entry[0] in _KEPT]
        blocks = [(name, _entries(tiff, order, _number(order, data))) for name, _, data in kept if name in _PLACES]
    except (struct.error, KeyError):
        return b""
    if not kept:
        return b""
    words = tiff[:4] + struct.pack(f"{order}I", 8)
    words += _block(order, kept, len(words))  # once for its length, as it says where the others begin
    places = {}
    for name, entries in blocks:
        places[name] = len(words)
        words += _block(order, entries, len(words))
    told = [(name, kind, struct.pack(f"{order}I", places.get(name, 0)) if name in places else data)
        for name, kind, data in kept]  # fmt: skip
    block = _block(order, told, 8)
    return words[:8] + block + words[8 + len(block) :]


def _entries(tiff: bytes, order: str, at: int) -> list[_Entry]:
    """The entries of the directory at `at`; those that are damaged are left out."""
    found = []
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    for place in range(at + 2, at + 2 + 12 * count, 12):
        name, kind, numbers = struct.unpack_from(f"{order}HHI", tiff, place)
        size = _SIZES.get(kind, 0) * numbers
        (start,) = struct.unpack_from(f"{order}I", tiff, place + 8) if size > 4 else (place + 8,)
        data = tiff[start : start + size]
        if size and len(data) == size:
            found.append((name, kind, data))
    return found


def _block(order: str, entries: list[_Entry], at: int) -> bytes:
    """A directory of `entries` that lies at `at`, and what they hold behind it."""
    table, held = struct.pack(f"{order}H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for name, kind, data in entries:
        table += struct.pack(f"{order}HHI", name, kind, len(data) // _SIZES[kind])
        table += data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(f"{order}I", behind + len(held))
        held += data + bytes(len(data) % 2) if len(data) > 4 else b""
    return table + bytes(4) + held


def _number(order: str, data: bytes) -> int:
    return int(struct.unpack(f"{order}I", data)[0])
