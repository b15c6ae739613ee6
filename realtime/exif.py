"""What a photo says of itself (EXIF): which way up it lies, and the rest, kept for its painting."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

_ORIENTATION = 0x0112

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
