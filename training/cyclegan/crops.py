"""Two folders without pairs: random crops of photos and of paintings, and the pictures that no training sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.images import PhotoCrops

Scales = tuple[float, float]
"""Smallest and largest short side, in crop sides, to which a picture is scaled before it is cropped."""


class ScaledCrops(PhotoCrops):
    """Random crops, `size` wide, of pictures whose short side is scaled to `scales` times `size`.

    286/256 of Zhu 2017 is (1.117, 1.117); they squeeze pictures to squares, here the proportions stay.
    """

    def __init__(self, paths: Sequence[Path], size: int, scales: Scales, seed: int, count: int) -> None:
        super().__init__(paths, size, seed, count)
        self.scales = scales

    def short_side(self, photo: int, rng: np.random.Generator) -> int:
        return max(self.size, round(self.size * float(rng.uniform(*self.scales))))
