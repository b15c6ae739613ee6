"""Stills: read upright with their transparency, painted, written under a name that never hits the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.frames import Image, bgr_from_rgb, fit, rgb_from_bgr
from weights.errors import InputError
from weights.files import not_the_original, replacing

READABLE = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".jp2", ".avif")
)
WRITABLE = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm"))

_WITH_ALPHA = frozenset((".png", ".webp", ".tif", ".tiff"))
_QUALITY = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}


@dataclass(frozen=True)
class StillPicture:
    """A still in memory: `image` `(H, W, 3) uint8 RGB`, upright; `alpha` `(H, W) uint8`, None where it has none."""

    image: Image
    alpha: NDArray[np.uint8] | None = None


def is_still(path: Path) -> bool:
    """Whether `path` is a picture rather than a clip, by its suffix."""
    return path.suffix.lower() in READABLE


def read_still(path: Path) -> StillPicture:
    """The picture in `path`, turned upright by its EXIF; grey and 16-bit become RGB of 8 bits.

    Raises InputError where it can't be read.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)  # cv2.imread can't take every file name on Windows
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}): check the name.") from error
    color = _decode(data, cv2.IMREAD_COLOR)
    if color is None:
        raise InputError(f"{path} is no picture that can be read: it is damaged, or no JPEG, PNG, WebP, TIFF or BMP.")
    return StillPicture(rgb_from_bgr(color), _alpha(data, color))


def write_still(still: StillPicture, path: Path) -> None:
    """Write `still` to `path`, whole or not at all; where the format has no transparency, over white."""
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise InputError(f"A picture can't be written as {path.name}: end its name in .jpg, .png, .webp, .tif or .bmp.")
    if still.alpha is not None and suffix in _WITH_ALPHA:
        bgr = np.dstack((bgr_from_rgb(still.image), still.alpha))
    else:
        bgr = bgr_from_rgb(_over_white(still))
    ok, data = cv2.imencode(suffix, bgr, _QUALITY.get(suffix, []))
    if not ok:
        raise InputError(f"{path} can't be written: choose another format, such as .png.")
    with replacing(path) as temporary:
        temporary.write_bytes(data.tobytes())


def paint_still(source: Path, target: Path, paint: Callable[[Image], Image], height: int | None = None) -> None:
    """Paint the picture `source` into `target`; `height` scales it first. Raises InputError."""
    not_the_original(target, source)
    try:
        write_still(_painted(read_still(source), paint, height), target)
    except (cv2.error, MemoryError) as error:
        raise InputError(f"{source} is too large for the memory: paint it smaller, with --height 2000.") from error


def _painted(still: StillPicture, paint: Callable[[Image], Image], height: int | None) -> StillPicture:
    painted = paint(fit(still.image, height))
    alpha = still.alpha
    if alpha is not None and alpha.shape != painted.shape[:2]:
        h, w = painted.shape[:2]
        alpha = np.asarray(cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    return StillPicture(painted, alpha)


def _decode(data: NDArray[np.uint8], flags: int) -> Any:
    try:
        return cv2.imdecode(data, flags) if data.size else None
    except cv2.error:  # larger than cv2 dares to read
        return None


def _alpha(data: NDArray[np.uint8], upright: Any) -> NDArray[np.uint8] | None:
    """The transparency in `data`, turned as `upright` was; None where there is none."""
    raw = _decode(data, cv2.IMREAD_UNCHANGED)
    if raw is None or raw.ndim != 3 or raw.shape[2] != 4:
        return None
    alpha = raw[:, :, 3] if raw.dtype == np.uint8 else (raw[:, :, 3] // 257).astype(np.uint8)
    # cv2 turns only pictures without alpha by their EXIF: find which turn it was and do the same.
    sideways = _decode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    for turn in _turns():
        if np.array_equal(turn(sideways), upright):
            return np.ascontiguousarray(turn(alpha))
    return np.ascontiguousarray(alpha)


def _turns() -> Iterator[Callable[[Any], Any]]:
    """The eight ways in which EXIF can say that a picture lies, the upright one first."""
    for swap in (False, True):
        for rows in (1, -1):
            for columns in (1, -1):
                yield partial(_turn, swap, rows, columns)


def _turn(swap: bool, rows: int, columns: int, image: Any) -> Any:
    return (image.swapaxes(0, 1) if swap else image)[::rows, ::columns]


def _over_white(still: StillPicture) -> Image:
    if still.alpha is None:
        return still.image
    a = still.alpha[:, :, None].astype(np.float32) / 255
    return np.rint(still.image * a + 255 * (1 - a)).astype(np.uint8)
