"""Colour profiles of stills (ICC): the numbers of a Display P3 or Adobe RGB photo turned into sRGB."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from realtime.frames import Image

# sRGB's primaries under the profile connection space's white D50 (ICC's own sRGB profiles), and what undoes them.
_SRGB_TO_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]], np.float64
)
_XYZ_TO_SRGB = np.linalg.inv(_SRGB_TO_XYZ)
_STEPS = 1 << 14  # of linear light, fine enough for the darkest of 255 levels
_BAND = 1 << 20  # pixels turned at a time: the numbers between are floats

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def to_srgb(image: Image, profile: bytes) -> Image | None:
    """`image`, whose numbers mean what the ICC `profile` says, in sRGB; None where the profile is of another kind.

    Profiles of primaries and curves are read, as cameras, phones and editors embed them; those of tables, as printers
    and scanners have, are not.
    """
    try:
        tags = _tags(profile)
        matrix = _XYZ_TO_SRGB @ np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
        levels = np.arange(256) / 255
        curves = np.stack([_curve(tags[name])(levels) for name in (b"rTRC", b"gTRC", b"bTRC")])
    except (KeyError, ValueError, IndexError, struct.error):
        return None
    if profile[16:20] != b"RGB " or not np.isfinite(curves).all():
        return None
    if np.abs(matrix - np.eye(3)).max() < 0.005 and np.abs(_encode(curves) - levels).max() < 0.004:
        return image  # sRGB under another name
    linear, levels_of = curves.astype(np.float32), np.rint(_encode(np.linspace(0, 1, _STEPS)) * 255).astype(np.uint8)
    pixels = image.reshape(-1, 3)
    out = np.empty_like(pixels)
    for start in range(0, len(pixels), _BAND):
        band = pixels[start : start + _BAND]
        light = np.stack([linear[i][band[:, i]] for i in range(3)], axis=1) @ matrix.T.astype(np.float32)
        out[start : start + _BAND] = levels_of[np.rint(light.clip(0, 1) * (_STEPS - 1)).astype(np.int32)]
    return out.reshape(image.shape)


def _encode(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB's curve from light to number, both from 0 to 1."""
    light = linear.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """What the profile holds, by the four letters of its name."""
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(min(count, 100)))
    return {name: profile[start : start + size] for name, start, size in entries}


def _xyz(tag: bytes) -> NDArray[np.float64]:
    """Three numbers of 16.16 bits."""
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    """From number to light: a table, a power or one of ICC's five formulas."""
    kind = tag[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        table = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
        if count == 0:
            return lambda x: x
        if count == 1:
            return lambda x: x ** (table[0] / 256)
        return lambda x: np.interp(x, np.linspace(0, 1, count), table / 65535)
    if kind != b"para":
        raise ValueError(kind)
    (function,) = struct.unpack_from(">H", tag, 8)
    given = np.array(struct.unpack_from(f">{(1, 3, 4, 5, 7)[function]}i", tag, 12)) / 65536
    g, a, b, c, d, e, f = [float(number) for number in given] + [1.0, 0.0, 0.0, 0.0, 0.0, 0.0][len(given) - 1 :]
    if function in (1, 2):  # the third number moves the curve up, and it begins where its base is 0
        c, d, e, f = 0, -b / a, c, c
    return lambda x: np.where(x >= d, (a * x + b).clip(0) ** g + e, c * x + f)
