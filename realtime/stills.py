"""Stills: read upright in sRGB with their transparency, painted, written under a name that never hits the original."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime import exif
from realtime.color_profile import to_srgb
from realtime.frames import Image, bgr_from_rgb, fit_alpha, over_white, resize, rgb_from_bgr, working_size
from realtime.layout import OWN_SIZE, Layout, delivered, twice
from realtime.suffixes import HEIC, READABLE, WRITABLE
from weights.errors import InputError
from weights.files import not_the_original, replacing

_OPAQUE = (b"\xff\xd8\xff", b"BM", b"P4", b"P5", b"P6")
"""How files begin whose kind has no transparency."""

_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
"""What follows "ftyp" in a HEIC; in a clip, or an AVIF, it is something else."""

_TIFF = (b"II*\0", b"MM\0*")

_MANY = frozenset((".gif", ".webp", ".png", ".apng", ".avif", ".tif", ".tiff"))
_WITH_ALPHA = frozenset((".png", ".webp", ".tif", ".tiff"))
_WITH_WORDS = frozenset((".jpg", ".jpeg", ".png", ".webp"))
_QUALITY = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}
_SMALLER = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
_READ_BYTES, _PAINT_BYTES = 8, 100
"""Memory for each pixel that is read and painted, at the most."""


@dataclass(frozen=True)
class StillPicture:
    """A still in memory: `image` `(H, W, 3) uint8 RGB`, upright; `alpha` `(H, W) uint8`, None where it has none.

    `words` are its EXIF (date, camera, …), for a picture that is upright. `profile` is b"" where the numbers are
    sRGB's, else an ICC profile, of a kind that isn't turned into sRGB.
    """

    image: Image
    alpha: NDArray[np.uint8] | None = None
    words: bytes = b""
    profile: bytes = b""


def is_still(path: Path) -> bool:
    """Whether `path` is a picture rather than a clip, by its suffix."""
    return path.suffix.lower() in READABLE


def pages(path: Path) -> int:
    """How many pictures the file `path` holds, of those kinds that can hold several; 0 for the others."""
    return int(cv2.imcount(str(path))) if path.suffix.lower() in _MANY else 0


def read_still(path: Path, lines: int = 0) -> StillPicture:
    """The picture in `path`, turned upright by its EXIF and into sRGB; grey and 16-bit become RGB of 8 bits.

    A large JPEG may come smaller, which is faster, but with at least so many `lines` and columns where that isn't 0.
    Raises InputError where it can't be read.
    """
    try:
        data = path.read_bytes()  # cv2.imread can't take every file name on Windows
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}): check the name.") from error
    return decode_still(data, str(path), path.suffix.lower() in HEIC, lines)


def decode_still(data: bytes, name: str, heic: bool | None = None, lines: int = 0) -> StillPicture:
    """The picture in the file `data`, see `read_still`. `name` is what it is called in words.

    `heic` says whether it is a HEIC, None that `data` must tell.
    """
    if heic or (heic is None and data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS):
        return _in_srgb(_read_heic(data, name))
    still = _decode(data, not data.startswith(_OPAQUE), _reduction(data, lines) if lines else 1)
    if still is None:
        raise InputError(f"{name} is no picture that can be read: it is damaged, or no JPEG, PNG, WebP, TIFF or BMP.")
    return _in_srgb(still)


def encode_still(still: StillPicture, suffix: str) -> bytes | None:
    """`still` as a file that ends in `suffix`, one of WRITABLE; None where its encoder can't.

    Where the format has no transparency, it is laid over white.
    """
    if still.alpha is not None and suffix in _WITH_ALPHA:
        bgr = np.dstack((bgr_from_rgb(still.image), still.alpha))
    else:
        bgr = bgr_from_rgb(over_white(still.image, still.alpha))
    known = {cv2.IMAGE_METADATA_EXIF: still.words, cv2.IMAGE_METADATA_ICCP: still.profile}
    words = {kind: data for kind, data in known.items() if data and suffix in _WITH_WORDS}
    if words:
        blocks = [np.frombuffer(data, np.uint8) for data in words.values()]
        ok, data = cv2.imencodeWithMetadata(suffix, bgr, list(words), blocks, _QUALITY.get(suffix, []))
    else:
        ok, data = cv2.imencode(suffix, bgr, _QUALITY.get(suffix, []))
    return data.tobytes() if ok else None


def write_still(still: StillPicture, path: Path) -> None:
    """Write `still` to `path`, whole or not at all; see `encode_still`. Raises InputError."""
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise InputError(f"A picture can't be written as {path.name}: end its name in .jpg, .png, .webp, .tif or .bmp.")
    data = encode_still(still, suffix)
    if data is None:
        raise InputError(f"{path} can't be written: choose another format, such as .png.")
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def paint_still(source: Path, target: Path, paint: Callable[[Image], Image], layout: Layout = OWN_SIZE) -> list[str]:
    """Paint the picture `source` into `target`, laid out as `layout` says. Returns notes in words.

    Raises InputError.
    """
    not_the_original(target, source)
    check_memory(str(source), source, layout.height or layout.out_height)
    try:
        write_still(painted_still(read_still(source), paint, layout), target)
    except (cv2.error, MemoryError) as error:
        raise InputError(f"{source} is too large for the memory: paint it smaller, with --height 2000.") from error
    count = pages(source)
    return [f"Only the first of the {count} pictures in {source.name} was painted."] if count > 1 else []


def painted_still(still: StillPicture, paint: Callable[[Image], Image], layout: Layout) -> StillPicture:
    """`still`, painted and laid out."""
    size = layout.size_of(still.image)
    painted = paint(resize(still.image, layout.paint_size(still.image)))
    image = delivered(painted, size, resize(still.image, size) if layout.beside else None)
    alpha = None if still.alpha is None else fit_alpha(still.alpha, size)
    return replace(still, image=image, alpha=twice(alpha) if layout.beside else alpha)


def check_memory(name: str, file: Path | BinaryIO, height: int | None) -> None:
    """Raise InputError where the memory that is free can't be enough, before the machine is brought to its knees.

    `name` is what the picture in `file` is called in words.
    """
    import imagesize  # brings an HTTP client: the live picture starts without it
    import psutil

    try:
        w, h = imagesize.get(file)
    except (OSError, ValueError):
        return  # read_still says what is wrong
    if min(w, h) <= 0:
        return
    painted_h, painted_w = working_size((h, w), height)
    needed = h * w * _READ_BYTES + painted_h * painted_w * _PAINT_BYTES
    free = psutil.virtual_memory().available
    if needed > free:
        lines = int((max(0, free - h * w * _READ_BYTES) / _PAINT_BYTES * h / w) ** 0.5) // 100 * 100
        mend = f"paint it smaller, with --height {lines}" if lines >= 100 else "choose a smaller picture"
        raise InputError(
            f"{name} has {w}x{h} pixels, which need some {needed / 1e9:.1f} GB of memory, "
            f"and {free / 1e9:.1f} are free: {mend}."
        )


def _in_srgb(still: StillPicture) -> StillPicture:
    if not still.profile:
        return still
    turned = to_srgb(still.image, still.profile)
    if turned is None:
        return still if still.profile[16:20] == b"RGB " else replace(still, profile=b"")
    return replace(still, image=turned, profile=b"")


def _reduction(data: bytes, lines: int) -> int:
    """By how much the picture in the file `data` can be read smaller and still have so many `lines` and columns: 1, 2,
    4 or 8; 1 for what isn't a JPEG, which would not be read any faster."""
    import imagesize

    if not data.startswith(b"\xff\xd8\xff"):
        return 1
    try:
        short_side = min(imagesize.get(io.BytesIO(data)))
    except (OSError, ValueError):  # the decoder says what is wrong
        return 1
    return next((by for by in (8, 4, 2) if short_side >= by * lines), 1)


def _decode(data: bytes, may_have_alpha: bool, reduction: int) -> StillPicture | None:
    if may_have_alpha:
        raw, words, profile = _decoded(data, cv2.IMREAD_UNCHANGED)
        if raw is not None and raw.ndim == 3 and raw.shape[2] == 4:
            turn = exif.turn(words)  # cv2 turns only pictures without alpha
            if raw.dtype == np.uint16:
                raw = (raw // 257).astype(np.uint8)
            if raw.dtype == np.uint8:
                image = rgb_from_bgr(np.ascontiguousarray(turn(raw[:, :, :3])))
                return StillPicture(image, np.ascontiguousarray(turn(raw[:, :, 3])), exif.upright(words), profile)
    color, words, profile = _decoded(data, _SMALLER.get(reduction, cv2.IMREAD_COLOR))
    return None if color is None else StillPicture(rgb_from_bgr(color), None, exif.upright(words), profile)


def _decoded(data: bytes, flags: int) -> tuple[Any, bytes, bytes]:
    """What cv2 makes of `data`, None if nothing; its EXIF and its ICC profile."""
    if not data:
        return None, b"", b""
    try:
        with _quiet() if data.startswith(b"\x89PNG") else nullcontext():
            image, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # larger than cv2 dares to read
        return None, b"", b""
    if data.startswith(_TIFF):  # of which cv2 tells nothing
        return image, exif.words_of_tiff(data), exif.profile_of_tiff(data)
    found = {int(kind): bytes(np.ravel(block)) for kind, block in zip(kinds, blocks, strict=True)}
    return image, found.get(cv2.IMAGE_METADATA_EXIF, b""), found.get(cv2.IMAGE_METADATA_ICCP, b"")


def _read_heic(data: bytes, name: str) -> StillPicture:
    """A photo of an iPhone, by a library that not everyone has."""
    try:
        import pillow_heif
    except ImportError:
        raise InputError(
            f"{name} is a HEIC photo: `python -m pip install pillow-heif` lets Livebrush read it, or save it as JPEG."
        ) from None
    try:
        photo = pillow_heif.open_heif(io.BytesIO(data))  # upright, whatever its EXIF says
        pixels = np.asarray(photo, np.uint8)
    except (OSError, ValueError, RuntimeError, EOFError) as error:
        raise InputError(f"{name} is no picture that can be read ({error}): it is damaged, or no HEIC.") from error
    alpha = np.ascontiguousarray(pixels[:, :, 3]) if pixels.shape[2] == 4 else None
    words = exif.upright((photo.info.get("exif") or b"").removeprefix(b"Exif\0\0"))
    image = np.ascontiguousarray(pixels[:, :, :3])
    return StillPicture(image, alpha, words, photo.info.get("icc_profile") or b"")


@contextmanager
def _quiet() -> Iterator[None]:
    """libpng writes what it thinks of a damaged file to the process's own stderr: ours is one sentence."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
