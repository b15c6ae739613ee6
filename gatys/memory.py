"""How much memory a run takes, and what is done so that it fits: tiles, and a shorter history."""

from __future__ import annotations

import math
from dataclasses import dataclass

GIB = 2**30
BASE = 0.8 * GIB
"""Python, torch and the loss network."""

EVALUATION = 2300
"""Bytes for each pixel of a tile while its loss and gradient are computed (float32, all layers to conv5_1)."""

PICTURE = 12
"""Bytes of one float32 picture for each of its pixels."""

STANDING = 16 * PICTURE
"""Photo, content target, step, gradients and the optimiser's own pictures, for each pixel."""

SMALLEST_TILE = 256
HISTORY_SHARE = 0.35


@dataclass(frozen=True)
class MemoryPlan:
    """Longest side of a tile in pixels (0: the whole picture at once) and the L-BFGS history that fits."""

    tile_side: int
    history: int


def plan_memory(height: int, width: int, budget: float, history: int, halo: int) -> MemoryPlan | None:
    """The largest tiles and history for a picture within `budget` bytes; None where nothing fits."""
    pixels = height * width
    room = budget - BASE
    history = min(history, int(room * HISTORY_SHARE / (2 * PICTURE * pixels)))
    if history < 2:
        return None
    room -= pixels * (STANDING + 2 * PICTURE * history)
    if room >= pixels * EVALUATION:
        return MemoryPlan(0, history)
    side = int(math.sqrt(max(0.0, room) / EVALUATION)) - 2 * halo
    return MemoryPlan(min(side, 1024), history) if side >= SMALLEST_TILE else None


def largest_side(height: int, width: int, budget: float, halo: int) -> int:
    """The long side, a multiple of 16, up to which a picture of these proportions fits into `budget` bytes."""
    long = max(height, width)
    low, high = 0, 1 << 12
    while low < high:
        middle = (low + high + 1) // 2
        h, w = (max(1, side * middle * 16 // long) for side in (height, width))
        low, high = (middle, high) if plan_memory(h, w, budget, 2, halo) else (low, middle - 1)
    return low * 16
