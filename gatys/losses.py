"""The losses of Gatys, Ecker & Bethge 2016 ("Image Style Transfer Using Convolutional Neural Networks") and the two
well-known tutorials: one content sum, one Gram matrix, and for each publication the factors before them.

Notation of the paper: a layer has N maps of M positions; F and P are the picture's and the photo's features (N, M); G
and A are the Gram matrices of the picture and the painting. Here a Gram matrix is divided by its own M, so that a
painting of another size can be compared; for equal sizes every loss is its publication's to the last factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

LossForm = Literal["gatys", "pytorch-tutorial", "udacity"]


@dataclass(frozen=True)
class Factors:
    """What a publication writes before the sums; n maps, m positions, `area` = full size over this size in pixels.

    The content loss is content(n, m, area) * sum (F - P)^2; a layer's style loss is
    style(n, m, area) * sum (G/M - A/M_painting)^2. `area` keeps a coarse picture's losses near the full picture's.
    `unit` is one unit of the network's input in pixels of 0 to 255: 1 for Caffe's networks, whose numbers Gatys used,
    and 255 * 0.226 for torchvision's, which the tutorials use; weights are only comparable in the same unit.
    """

    content: Callable[[int, int, float], float]
    style: Callable[[int, int, float], float]
    unit: float


TORCH_UNIT = 255 * 0.226

FACTORS: Mapping[LossForm, Factors] = {
    # 1/2 sum (F - P)^2, equation 1; 1/(4 N^2 M^2) sum (G - A)^2, equation 4
    "gatys": Factors(lambda n, m, area: 0.5 * area, lambda n, m, area: 1 / (4 * n * n), 1.0),
    # mse(F, P); mse(G/(N M), A/(N M))
    "pytorch-tutorial": Factors(lambda n, m, area: 1 / (n * m), lambda n, m, area: 1 / n**4, TORCH_UNIT),
    # mean (F - P)^2; mean (G - A)^2 / (N M)
    "udacity": Factors(lambda n, m, area: 1 / (n * m), lambda n, m, area: m * area / n**3, TORCH_UNIT),
}


def gram_sum(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """(1, N, h, w) -> (N, N): sum over positions of F F^T (equation 3), each position weighted by mask (h, w)^2.

    The weighting is the guided Gram matrix of Gatys et al. 2017, "Controlling Perceptual Factors" (equation 5).
    """
    maps = features[0] if mask is None else features[0] * mask
    flat = maps.flatten(1)
    return flat @ flat.T


def squared_difference(features: Tensor, target: Tensor) -> Tensor:
    """sum (F - P)^2, a scalar."""
    return (features - target).square().sum()


def total_variation_sum(x: Tensor) -> Tensor:
    """Squared differences of neighbours of (1, 3, H, W) in [0, 1], summed, in pixels of 0 to 255; a scalar."""
    down = (x[:, :, 1:] - x[:, :, :-1]).square().sum()
    right = (x[:, :, :, 1:] - x[:, :, :, :-1]).square().sum()
    return 255.0**2 * (down + right)


def blend(grams: list[Tensor], weights: list[float]) -> Tensor:
    """The weighted mean of several paintings' Gram matrices; its loss differs from the weighted sum of their losses by
    a constant only."""
    whole = sum(weights)
    return torch.stack([g * (w / whole) for g, w in zip(grams, weights, strict=True)]).sum(0)
