"""How far one set of pictures is from another: the kernel distance KID on VGG16 features, for CycleGAN styles.

Binkowski, Sutherland, Arbel & Gretton 2018, "Demystifying MMD GANs" (section 4): the unbiased squared maximum mean
discrepancy with the kernel (x.y / d + 1)^3. Departures: VGG16's relu4_3, averaged over the positions of a crop, in
place of Inception's pool (it is what the project carries, and it sees strokes); and, since the pictures are few and
give several crops each, only pairs of crops of different pictures count within a set. Crops of one picture are alike,
and would make every set look nearer to itself than it is; crops of different pictures are independent, so that the
estimate stays unbiased.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch
from torch import Tensor

from training.cyclegan.crops import Scales
from training.images import load_image
from training.perceptual import VGG

LAYER = "relu4_3"

UNIT = 57.0
"""Features are divided by it, about the deviation of pixels in photos of 0 … 255: it brings VGG16's to the order of 1,
where the kernel's constant matters as it does for Inception's features."""

GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Crops:
    """(n, d) features in float64, and for each the number of the picture that it is a crop of, (n,)."""

    features: Tensor
    picture: Tensor

    def of(self, pictures: Tensor) -> Crops:
        """The crops of these pictures only."""
        chosen = torch.isin(self.picture, pictures)
        return Crops(self.features[chosen], self.picture[chosen])


def kernel(x: Tensor, y: Tensor) -> Tensor:
    """(n, d), (m, d) -> (n, m): (x.y / d + 1)^3."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def within(crops: Crops) -> Tensor:
    """The mean kernel of two crops of different pictures of one set; not a number where it has one picture only."""
    others = crops.picture[:, None] != crops.picture[None]
    return kernel(crops.features, crops.features)[others].mean()


def kid(x: Crops, y: Crops) -> float:
    """The unbiased squared MMD of two sets of at least two pictures each; about 0, and at times below, for equals."""
    return (within(x) + within(y) - 2 * kernel(x.features, y.features).mean()).item()


def spread(x: Crops, y: Crops, subsets: int = 100, seed: int = 0) -> float:
    """The standard deviation of `kid` over random halves of the pictures of both sets."""
    rng = np.random.default_rng(seed)
    return stdev(kid(_half(x, rng)[0], _half(y, rng)[0]) for _ in range(subsets))


def halves(x: Crops, subsets: int = 100, seed: int = 0) -> tuple[float, float]:
    """Mean and standard deviation of `kid` between random halves of one set's pictures, which should be 0."""
    rng = np.random.default_rng(seed)
    values = [kid(*_half(x, rng)) for _ in range(subsets)]
    return mean(values), stdev(values)


def _half(x: Crops, rng: np.random.Generator) -> tuple[Crops, Crops]:
    pictures = torch.from_numpy(rng.permutation(np.unique(x.picture.numpy())))
    middle = (len(pictures) + 1) // 2
    return x.of(pictures[:middle]), x.of(pictures[middle:])


@torch.no_grad()
def crops_of(
    paths: Sequence[Path],
    vgg: VGG,
    size: int,
    scales: Scales,
    count: int,
    paints: Sequence[Callable[[Tensor], Tensor]],
    seed: int = 0,
) -> list[Crops]:
    """For each of `paints`, the features of the same `count` random crops of every picture once it is painted.

    Pictures are scaled to short sides of `size` times a number that runs evenly through `scales`, and painted whole,
    as a style is used. A paint takes and gives (1, 3, H, W) in [0, 1].
    """
    features: list[list[Tensor]] = [[] for _ in paints]
    for i, path in enumerate(paths):
        scale = scales[0] + (scales[1] - scales[0]) * (i * GOLDEN % 1)
        photo = whole(path, max(size, round(size * scale)))
        rng = np.random.default_rng((seed, i))
        corners = [[int(rng.integers(side - size + 1)) for side in photo.shape[2:]] for _ in range(count)]
        for row, paint in zip(features, paints, strict=True):
            painted = paint(photo)
            crops = torch.cat([painted[:, :, top : top + size, left : left + size] for top, left in corners])
            row.append(vgg(crops, [LAYER])[LAYER].mean((2, 3)).double() / UNIT)
    picture = torch.arange(len(paths)).repeat_interleave(count)
    return [Crops(torch.cat(row), picture) for row in features]


def whole(path: Path, short_side: int) -> Tensor:
    """The picture as (1, 3, H, W), its short side about `short_side`, both sides multiples of 4 as generators need."""
    photo = load_image(path, short_side=-(-short_side // 4) * 4)
    return photo[:, :, : photo.shape[2] // 4 * 4, : photo.shape[3] // 4 * 4]
