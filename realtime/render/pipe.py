"""A still that comes from a pipe or goes into one: `-` stands for it, as elsewhere on a command line."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import cv2

from realtime.frames import Image
from realtime.layout import Layout
from realtime.options import Options
from realtime.stills import check_memory, decode_still, encode_still, painted_still
from realtime.suffixes import WRITABLE
from weights.errors import InputError
from weights.files import replacing

STREAM = Path("-")

_KINDS = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"RIFF": ".webp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"BM": ".bmp",
}
"""How files begin that can be written, too."""


def check_pipe(options: Options, target: Path) -> None:
    """Raise InputError where `options` ask what can't be done with a still from a pipe, or with one into `target`."""
    if target == STREAM and (options.json or options.dry_run):
        raise InputError("-o - sends the picture to where --json and --dry-run would talk: give -o a file's name.")
    apart = {"--preview": options.preview, "--dry-run": options.dry_run, "--part": options.part,
        "--join": options.join, "--ray": options.ray is not None}  # fmt: skip
    if name := next((name for name, asked in apart.items() if asked), ""):
        raise InputError(f"A pipe, called -, takes one picture, which is painted here and at once: leave {name} out.")


def paint_pipe(source: Path, target: Path, paint: Callable[[Image], Image], layout: Layout) -> list[str]:
    """Paint the still `source` into `target`, of which one or both are STREAM. Returns notes in
    words, of which there are none. Raises InputError.

    What goes into the pipe is of the kind that came, where that can be written, else PNG.
    """
    data = sys.stdin.buffer.read() if source == STREAM else source.read_bytes()
    name = "What comes through the pipe" if source == STREAM else str(source)
    if not data:
        raise InputError(f"{name} is empty: send a picture, as in `python -m realtime - < photo.jpg > painted.jpg`.")
    check_memory(name, io.BytesIO(data), layout.height or layout.out_height)
    try:
        painted = painted_still(decode_still(data, name), paint, layout)
        written = encode_still(painted, _kind(source, data) if target == STREAM else target.suffix.lower())
    except (cv2.error, MemoryError) as error:
        raise InputError(f"{name} is too large for the memory: paint it smaller, with --height 2000.") from error
    if written is None:
        raise InputError(f"{target} can't be written: choose another format, such as .png.")
    if target == STREAM:
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
        return []
    with replacing(target) as temporary:
        temporary.write_bytes(written)
    return []


def _kind(source: Path, data: bytes) -> str:
    if source == STREAM:
        return next((suffix for begin, suffix in _KINDS.items() if data.startswith(begin)), ".png")
    return source.suffix.lower() if source.suffix.lower() in WRITABLE else ".png"
