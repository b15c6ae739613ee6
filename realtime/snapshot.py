"""A painted picture as a PNG that says in its text chunks how it was painted."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

import cv2

from realtime.frames import Image, bgr_from_rgb
from weights.errors import InputError
from weights.files import replacing

_HEADER = 33  # bytes of a PNG's signature and its first chunk, IHDR, which the others follow


def free_name(folder: Path, suffix: str = ".png") -> Path:
    """A name for a picture or a recording of this moment, without a namesake in `folder`, of whatever kind."""
    stamp = f"livebrush-{time.strftime('%Y%m%d-%H%M%S')}"
    name, number = stamp, 2
    while any((folder / f"{name}{kind}").exists() for kind in (".png", ".mp4", ".mkv")):
        name, number = f"{stamp}-{number}", number + 1
    return folder / f"{name}{suffix}"


def write_snapshot(image: Image, words: Mapping[str, str], path: Path) -> None:
    """Write `image` as a PNG, whole or not at all; `words` by their keywords (1 to 79 letters). Raises InputError."""
    ok, data = cv2.imencode(".png", bgr_from_rgb(image))
    if not ok:
        raise InputError(f"{path} can't be written: the picture is too large for a PNG.")
    png = data.tobytes()
    with replacing(path) as temporary:
        temporary.write_bytes(png[:_HEADER] + b"".join(map(_chunk, words, words.values())) + png[_HEADER:])


def _chunk(keyword: str, text: str) -> bytes:
    """An iTXt chunk: text in UTF-8, neither compressed nor in a language (PNG specification, 11.3.3.4)."""
    body = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
