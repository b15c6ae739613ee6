"""What the layers of a loss network see, and pictures that are too small for them."""

from __future__ import annotations

from torch import Tensor

from gatys.tiles import Field, receptive_field
from training.perceptual import VGG
from weights.errors import InputError


def size_of(picture: Tensor) -> tuple[int, int]:
    """(height, width) of (N, C, H, W)."""
    return picture.shape[2], picture.shape[3]


def deepest(vgg: VGG, layers: set[str]) -> Field:
    """The widest receptive field of the layers. Raises InputError for a layer that the network doesn't have."""
    unknown = layers.difference(vgg.names)
    if unknown:
        raise InputError(
            f"{vgg.network} has no layer {', '.join(sorted(unknown))} here: its layers are {' '.join(vgg.names)}."
        )
    return max((receptive_field(vgg.names, name) for name in layers), key=lambda field: field.size)


def stride_of(vgg: VGG, layer: str) -> int:
    """Pixels a position of the layer."""
    return receptive_field(vgg.names, layer).stride


def check_size(what: str, picture: Tensor, field: Field) -> None:
    """Raise InputError for a picture smaller than the receptive field, called `what`."""
    h, w = picture.shape[2:]
    if min(h, w) < field.size:
        raise InputError(
            f"The {what} at {w}x{h} is smaller than the {field.size} pixels that the deepest layer sees: "
            f"give a larger one, a larger --size or shallower layers."
        )
