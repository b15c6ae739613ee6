"""What a predictor is shown of a painting: the whole, and parts of it enlarged and in other colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance
from torch import Tensor

from training.images import open_picture, resized, to_tensor

LOOKED_AT = 256
"""The short side in pixels at which a predictor looks at a painting."""

LONGEST = 2.0
"""The longest side of a view in short sides: of a scroll the middle is taken, for it would cost as much as many."""


def looked_at(view: Image.Image) -> Tensor:
    """What a predictor is given of a view: (1, 3, H, W) in [0, 1], the short side LOOKED_AT."""
    return to_tensor(np.asarray(resized(view, LOOKED_AT)))


def view_of(path: Path, number: int, seed: int) -> Image.Image:
    """View `number` of a painting, upright RGB: 0 is the whole, the others are parts of it, turned in colour.

    It is a function of the file's name, the number and the seed. There are too few paintings by far to learn from
    (Ghiasi 2017 had 80,000), and a part in other colours is nearly another one. Raises InputError.
    """
    picture = _middle(open_picture(path))
    if number == 0:
        return picture
    rng = np.random.default_rng((seed, number, *path.name.encode()))
    return _recoloured(_part(picture, rng), rng)


def part_of(path: Path, number: int, seed: int) -> Image.Image:
    """Part `number` of a painting in its own colours, upright RGB; 0 is the whole. Raises InputError."""
    picture = _middle(open_picture(path))
    return picture if number == 0 else _part(picture, np.random.default_rng((seed, number, *path.name.encode())))


def _middle(picture: Image.Image) -> Image.Image:
    longest = round(LONGEST * min(picture.size))
    width, height = (min(side, longest) for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _part(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part with half to nine tenths of the sides, mirrored or not."""
    width, height = (round(side * rng.uniform(0.5, 0.9)) for side in picture.size)
    left, top = int(rng.integers(picture.width - width + 1)), int(rng.integers(picture.height - height + 1))
    part = picture.crop((left, top, left + width, top + height))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else part


def _recoloured(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The hues turned, the colours stronger, weaker or gone, contrast and brightness changed."""
    hue, saturation, value = picture.convert("HSV").split()
    by = int(rng.integers(256))
    turned = hue.point([(level + by) % 256 for level in range(256)])
    picture = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    colours = 0.0 if rng.random() < 0.1 else rng.uniform(0.5, 1.4)
    picture = ImageEnhance.Color(picture).enhance(colours)
    picture = ImageEnhance.Contrast(picture).enhance(rng.uniform(0.7, 1.3))
    return ImageEnhance.Brightness(picture).enhance(rng.uniform(0.75, 1.25))
