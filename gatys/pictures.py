"""The pictures of a run at each of its sizes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from gatys.settings import INITS, Settings
from training.images import open_picture, to_tensor
from weights.errors import InputError

COARSEST = 128
"""Shortest side in pixels of the coarse sizes: smaller ones cost steps later."""


def size_at(picture: Image.Image, long_side: float) -> tuple[int, int]:
    """(height, width) of the picture with this long side in pixels."""
    scale = long_side / max(picture.size)
    return max(1, round(picture.height * scale)), max(1, round(picture.width * scale))


def at_size(picture: Image.Image, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) in [0, 1] of this (height, width)."""
    height, width = size
    return to_tensor(np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS)))


def painting_size(painting: Image.Image, size: tuple[int, int], style_scale: float) -> tuple[int, int]:
    """(height, width) of a painting beside a picture of `size`: style_scale^2 times as many pixels."""
    return size_at(painting, max(painting.size) * style_scale * sqrt(size[0] * size[1] / prod(painting.size)))


def level_sizes(
    photo: Image.Image, paintings: Sequence[Image.Image], settings: Settings, field: int
) -> list[tuple[int, int]]:
    """(height, width) from coarse to fine, each half of the next: settings.scales of them at most.

    None but the last has a side, of the photo or of a painting, shorter than the receptive `field`, and where
    settings.scales leaves the choice, than COARSEST.
    """
    shortest = field if settings.scales else max(field, COARSEST)
    sizes = [size_at(photo, settings.size)]
    while not settings.scales or len(sizes) < settings.scales:
        size = size_at(photo, settings.size / 2 ** len(sizes))
        if min(*size, *(min(painting_size(p, size, settings.style_scale)) for p in paintings)) < shortest:
            break
        sizes.append(size)
    return sizes[::-1]


def initial_picture(settings: Settings, photo: Tensor, painting: Tensor) -> Tensor:
    """The picture to start from, (1, 3, H, W) in [0, 1]. Raises InputError."""
    shape = photo.shape[2:]
    if settings.init == "content":
        return photo.clone()
    if settings.init == "style":
        return interpolate(painting, shape, mode="bilinear", antialias=True).clamp(0, 1)
    if settings.init == "noise":
        generator = torch.Generator().manual_seed(settings.seed)
        return (0.5 + 0.2 * torch.randn(photo.shape, generator=generator)).clamp(0, 1).to(photo)
    if not Path(settings.init).is_file():
        raise InputError(f"--init {settings.init} won't do: give {', '.join(INITS)} or a picture file.")
    return at_size(open_picture(settings.init), (shape[0], shape[1])).to(photo)


def enlarge(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """The picture at another (height, width), in [0, 1]."""
    if tuple(picture.shape[2:]) == size:
        return picture
    return interpolate(picture, size, mode="bicubic", align_corners=False).clamp(0, 1)


def refine(picture: Tensor, coarse_photo: Tensor, photo: Tensor) -> Tensor:
    """The coarse picture at the photo's size, with the photo's own detail that the coarse size couldn't hold."""
    size = (photo.shape[2], photo.shape[3])
    detail = photo - interpolate(coarse_photo, size, mode="bicubic", align_corners=False)
    return (interpolate(picture, size, mode="bicubic", align_corners=False) + detail).clamp(0, 1)


def load_masks(settings: Settings, size: tuple[int, int]) -> list[Tensor] | None:
    """One (1, 1, H, W) in [0, 1] per painting, together 1 at most everywhere; None without masks.

    Where one mask fewer than paintings is given, the last painting takes what the others leave.
    """
    if not settings.masks:
        return None
    found = [at_size(open_picture(path), size).mean(1, keepdim=True) for path in settings.masks]
    whole = torch.stack(found).sum(0)
    found = [mask / whole.clamp_min(1) for mask in found]
    if len(found) < len(settings.paintings):
        found.append((1 - whole).clamp(0, 1))
    return found
