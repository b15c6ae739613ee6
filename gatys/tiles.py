"""What the layers of a loss network see, and tiles: a picture computed in parts, its features those of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from training.perceptual import VGG
from weights.errors import InputError


@dataclass(frozen=True)
class Field:
    """What one position of a layer sees: `stride` pixels a position, `reach` pixels beyond its own on either side."""

    stride: int
    reach: int

    @property
    def halo(self) -> int:
        """The reach rounded up to the stride: what a tile needs around it, in pixels."""
        return -(-self.reach // self.stride) * self.stride

    @property
    def size(self) -> int:
        """Side of the receptive field in pixels."""
        return self.stride + 2 * self.reach


def receptive_field(names: Sequence[str], layer: str) -> Field:
    """The receptive field of `layer`; `names` are the network's layers in order (training.perceptual.layer_names)."""
    stride, reach = 1, 0
    for name in names[: list(names).index(layer) + 1]:
        if name.startswith("conv"):
            reach += stride
        elif name.startswith("pool"):
            stride *= 2
    return Field(stride, reach)


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


@dataclass(frozen=True)
class Tile:
    """Rows and columns: those computed (`outer`) and those that count (`inner`), each (top, bottom, left, right)."""

    outer: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]

    @property
    def pixels(self) -> tuple[slice, slice]:
        """The outer part of a picture."""
        top, bottom, left, right = self.outer
        return slice(top, bottom), slice(left, right)

    def inside(self, stride: int) -> tuple[slice, slice]:
        """The inner part of the outer part's features at a layer of this stride."""
        (top, _, left, _), (t, b, le, r) = self.outer, self.inner
        return slice((t - top) // stride, (b - top) // stride), slice((le - left) // stride, (r - left) // stride)

    def place(self, stride: int) -> tuple[slice, slice]:
        """Where these features lie in the whole picture's."""
        t, b, le, r = self.inner
        return slice(t // stride, b // stride), slice(le // stride, r // stride)


def tiles(size: tuple[int, int], side: int, field: Field) -> list[Tile]:
    """Tiles whose inner parts cover a picture of this (height, width) once and start at multiples of the stride.

    `side` is the longest inner side in pixels; 0 for the whole picture as one tile. The halo around an inner part
    keeps its features from seeing the tile's border; the picture's own border stays a border.
    """
    height, width = size
    if not side:
        whole = (0, height, 0, width)
        return [Tile(whole, whole)]
    halo = field.halo
    found = []
    for t, b in _parts(height, side, field.stride):
        for le, r in _parts(width, side, field.stride):
            outer = (max(0, t - halo), min(height, b + halo), max(0, le - halo), min(width, r + halo))
            found.append(Tile(outer, (t, b, le, r)))
    return found


def _parts(length: int, side: int, stride: int) -> Iterator[tuple[int, int]]:
    """Nearly equal parts of at most `side`, cut at multiples of `stride`."""
    count = -(-length // max(side, stride))
    cuts = sorted({min(length, round(i * length / count / stride) * stride) for i in range(count)} | {length})
    yield from pairwise(cuts)
