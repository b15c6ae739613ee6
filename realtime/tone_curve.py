"""The table that tones HDR down: PQ (SMPTE ST 2084) or HLG (ITU-R BT.2100) colours to those of BT.709.

A clip is taken for one mastered to 1000 cd/m2, as nearly all are, and paper white at 203 cd/m2 (BT.2408) for a screen's
white. What is darker than half of that stays as it is, the rest is rolled off towards white along the curve of
BT.2390-8, section 5.4.1. FFmpeg's own map takes five seconds to be made, and paints paper grey.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Colors = NDArray[np.float64]
"""`(..., 3)` red, green, blue."""

PQ: Final = 16
HLG: Final = 18
"""Transfers of H.273."""

_SIDE = 33  # of the table
_PEAK, _WHITE = 1000.0, 203.0  # cd/m2
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # of ST 2084
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073  # of HLG
_LUMA = np.array((0.2627, 0.6780, 0.0593))  # of BT.2020
_TO_709 = np.array(((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)))
_GAMMA = 2.4  # of a screen for BT.709 (BT.1886)


def cube(transfer: int) -> str:
    """The table for numbers of `transfer` (PQ or HLG, primaries of BT.2020) as the text of a .cube file."""
    axis = np.linspace(0, 1, _SIDE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")  # red is the fastest in such a file
    table = toned(np.stack((red, green, blue), -1).reshape(-1, 3), transfer)
    rows = (f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table)
    return "\n".join((f"LUT_3D_SIZE {_SIDE}", *rows, ""))


def toned(colors: Colors, transfer: int) -> Colors:
    """The numbers in [0, 1] of BT.709 for `colors` in [0, 1] of `transfer` and the primaries of BT.2020."""
    light = _from_pq(colors) if transfer == PQ else _from_hlg(colors)  # cd/m2
    most = np.maximum(light.max(-1, keepdims=True), 1e-6)  # by it, so that a hue is kept
    light = light * (_rolled_off(most) / most) / _WHITE
    return np.asarray(np.clip(light @ _TO_709.T, 0, 1) ** (1 / _GAMMA))


def _rolled_off(light: Colors) -> Colors:
    """`light` in cd/m2, up to `_PEAK` or beyond, below `_WHITE` all of it: BT.2390-8, for a black of 0."""
    peak, most = _to_pq(np.array(_PEAK)), float(_to_pq(np.array(_WHITE)) / _to_pq(np.array(_PEAK)))
    knee = 1.5 * most - 0.5
    e = np.minimum(_to_pq(light) / peak, 1)
    t = np.maximum((e - knee) / (1 - knee), 0)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    return _from_pq(np.where(e < knee, e, spline) * peak)


def _from_pq(numbers: Colors) -> Colors:
    p = numbers ** (1 / _M2)
    return np.asarray(10000 * (np.maximum(p - _C1, 0) / (_C2 - _C3 * p)) ** (1 / _M1))


def _to_pq(light: Colors) -> Colors:
    y = (light / 10000) ** _M1
    return np.asarray(((_C1 + _C2 * y) / (1 + _C3 * y)) ** _M2)


def _from_hlg(numbers: Colors) -> Colors:
    """As on a screen of `_PEAK`, whose system gamma is 1.2."""
    scene = np.where(numbers <= 0.5, numbers**2 / 3, (np.exp((numbers - _C) / _A) + _B) / 12)
    return np.asarray(_PEAK * scene * (scene @ _LUMA)[..., None] ** 0.2)
