"""How bold and how far from the photo a painting is: two distances that no training minimises as they stand.

Both look at pictures halved by averaging, so that they see strokes rather than grain.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import torch
from torch import Tensor

from training.images import load_image
from training.objective import reduced
from training.perceptual import VGG, gram_matrix

COARSE_LAYERS = ("relu3_3", "relu4_3", "relu5_1")
CHANGE_LAYER = "relu4_3"


def photo_to_measure(path: Path, lines: int, stride: int = 8) -> Tensor:
    """The photo with a short side of `lines`, (1, 3, H, W), cut to multiples of `stride`."""
    photo = load_image(path, short_side=lines)
    height, width = (side // stride * stride for side in photo.shape[2:])
    return photo[:, :, :height, :width]


@torch.no_grad()
def coarse_style_distance(vgg: VGG, painted: Tensor, painting: Tensor) -> float:
    """Mean over COARSE_LAYERS of ||G - A||^2 / ||A||^2, Gram matrices of the halved picture and the halved painting."""
    found, wanted = (vgg(reduced(x, 2), COARSE_LAYERS) for x in (painted, painting))
    terms = []
    for name in COARSE_LAYERS:
        a = gram_matrix(wanted[name])
        terms.append(float((gram_matrix(found[name]) - a).square().sum() / a.square().sum()))
    return mean(terms)


@torch.no_grad()
def content_change(vgg: VGG, painted: Tensor, photo: Tensor) -> float:
    """||F - P||^2 / ||P||^2 at CHANGE_LAYER of the halved pictures."""
    found, kept = (vgg(reduced(x, 2), [CHANGE_LAYER])[CHANGE_LAYER] for x in (painted, photo))
    return float((found - kept).square().sum() / kept.square().sum())
