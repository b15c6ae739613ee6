"""The loss of one picture and its gradient: all at once, or tile by tile with the same result.

The style loss depends on a picture only through its Gram matrices, which are sums over positions. So a large picture
takes two passes over its tiles: the first adds up the Gram matrices without a graph; the second walks back through
each tile alone from dL/dG, which is then known. Loss and gradient are exactly those of the whole picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gatys.losses import FACTORS, LossForm, blend, gram_sum, squared_difference, total_variation_sum
from gatys.tiles import Tile, check_size, deepest, size_of, stride_of, tiles
from training.perceptual import VGG, Features

Grams = dict[str, list[Tensor]]
"""By layer, one (N, N) per region."""


@dataclass(frozen=True)
class Value:
    """A picture's loss: the weighted terms by name, and the gradient (1, 3, H, W) of their sum."""

    terms: Mapping[str, float]
    gradient: Tensor

    @property
    def total(self) -> float:
        return sum(self.terms.values())


class Objective(Protocol):
    """What an optimiser minimises."""

    def __call__(self, x: Tensor) -> Value:
        """The loss of the picture (1, 3, H, W) in [0, 1], and its gradient."""
        ...


@dataclass(frozen=True)
class LossSpec:
    """Which loss: form, layers, weights (settings.Settings explains them); `area` is full size over this size."""

    form: LossForm
    content_layers: tuple[str, ...]
    style_layers: Mapping[str, float]
    alpha: float
    beta: float
    tv: float = 0.0
    area: float = 1.0


@torch.no_grad()
def mean_grams(vgg: VGG, picture: Tensor, layers: list[str], side: int = 0) -> dict[str, Tensor]:
    """The picture's Gram matrices divided by their positions, by layer; in tiles of `side` pixels where not 0."""
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}
    field = deepest(vgg, set(layers))
    for tile in tiles(size_of(picture), side, field):
        features = vgg(picture[(..., *tile.pixels)], layers)
        for name in layers:
            inner = features[name][(..., *tile.inside(stride_of(vgg, name)))]
            sums[name] = sums.get(name, 0) + gram_sum(inner)
            counts[name] = counts.get(name, 0) + inner.shape[2] * inner.shape[3]
    return {name: sums[name] / counts[name] for name in layers}


class Problem:
    """The loss of design and paper for one photo at one size."""

    def __init__(
        self,
        vgg: VGG,
        spec: LossSpec,
        photo: Tensor,
        paintings: list[Tensor],
        blend_weights: list[float] | None = None,
        masks: list[Tensor] | None = None,
        tile_side: int = 0,
    ) -> None:
        """`photo` (1, 3, H, W) and `paintings` in [0, 1]; `masks`, one (1, 1, H, W) in [0, 1] per painting, say where
        each goes, and without them the paintings are blended. Raises InputError where a picture is smaller than the
        receptive field."""
        self.vgg, self.spec = vgg, spec
        self.factors = FACTORS[spec.form]
        self.scale = round(255 * vgg.std.mean().item(), 4) / self.factors.unit
        self.style_layers = [name for name, w in spec.style_layers.items() if w and spec.beta]
        self.content_layers = list(spec.content_layers) if spec.alpha else []
        self.layers = list(dict.fromkeys(self.content_layers + self.style_layers))
        field = deepest(vgg, set(self.layers))
        for what, picture in [("photo", photo), *(("painting", p) for p in paintings)]:
            check_size(what, picture, field)
        self.tiles = tiles(size_of(photo), tile_side, field)
        self.strides = {name: stride_of(vgg, name) for name in self.layers}
        self.photo_features = self._content_of(photo)
        grams = [mean_grams(vgg, p, self.style_layers, tile_side) for p in paintings] if self.style_layers else []
        self.masks: dict[str, list[Tensor | None]] = {}
        self.targets: Grams = {}
        for name in self.style_layers:
            own = [g[name] for g in grams]
            if masks:
                shape = [side // self.strides[name] for side in photo.shape[2:]]
                self.masks[name] = [interpolate(m, shape, mode="area")[0, 0] for m in masks]
                self.targets[name] = own
            else:
                self.masks[name] = [None]
                self.targets[name] = [blend(own, blend_weights or [1.0] * len(own))]
        self.shape = photo.shape

    @torch.no_grad()
    def _content_of(self, photo: Tensor) -> Features:
        found: Features = {}
        for tile in self.tiles if self.content_layers else []:
            features = self.vgg(photo[(..., *tile.pixels)], self.content_layers)
            for name in self.content_layers:
                stride = stride_of(self.vgg, name)
                if name not in found:
                    h, w = (side // stride for side in photo.shape[2:])
                    found[name] = features[name].new_empty((1, features[name].shape[1], h, w))
                found[name][(..., *tile.place(stride))] = features[name][(..., *tile.inside(stride))]
        return found

    def __call__(self, x: Tensor) -> Value:
        """The weighted terms `content`, `style` (and `tv`) of x, and the gradient of their sum."""
        x = x.detach()
        if len(self.tiles) == 1:
            picture = x.clone().requires_grad_()
            features = self.vgg(picture, self.layers)
            terms = {**self._content(features, self.tiles[0]), **self._style(self._sums(features, self.tiles[0]))}
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
            gradient, values = _gradient(picture), {name: term.item() for name, term in terms.items()}
        else:
            values, gradient = self._tiled(x)
        if self.spec.tv:
            picture = x.clone().requires_grad_()
            term = self.spec.tv * self.spec.area * total_variation_sum(picture)
            term.backward()  # type: ignore[no-untyped-call]
            gradient += _gradient(picture)
            values["tv"] = term.item()
        return Value(values, gradient)

    def _tiled(self, x: Tensor) -> tuple[dict[str, float], Tensor]:
        """Both passes over the tiles."""
        slopes: Grams = {}
        values = {"content": 0.0} if self.content_layers else {}
        if self.style_layers:
            sums = self._all_sums(x)
            for grams in sums.values():
                for gram in grams:
                    gram.requires_grad_()
            style = self._style(sums)["style"]
            style.backward()  # type: ignore[no-untyped-call]
            slopes = {name: [_gradient(gram) for gram in grams] for name, grams in sums.items()}
            values["style"] = style.item()
        gradient = torch.zeros_like(x)
        for tile in self.tiles:
            part = x[(..., *tile.pixels)].clone().requires_grad_()
            features = self.vgg(part, self.layers)
            content = self._content(features, tile)
            values.update({name: values[name] + term.item() for name, term in content.items()})
            through = [
                (slope * gram).sum()
                for name, grams in self._sums(features, tile).items()
                for slope, gram in zip(slopes[name], grams, strict=True)
            ]
            torch.stack([*content.values(), *through]).sum().backward()  # type: ignore[no-untyped-call]
            gradient[(..., *tile.pixels)] += _gradient(part)
            del features, content, through
        return values, gradient

    @torch.no_grad()
    def _all_sums(self, x: Tensor) -> Grams:
        """The first pass: the whole picture's Gram sums."""
        total: Grams = {}
        for tile in self.tiles:
            for name, grams in self._sums(self.vgg(x[(..., *tile.pixels)], self.style_layers), tile).items():
                total[name] = [a + b for a, b in zip(total[name], grams, strict=True)] if name in total else grams
        return total

    def _sums(self, features: Features, tile: Tile) -> Grams:
        """The tile's share of each Gram matrix."""
        found: Grams = {}
        for name in self.style_layers:
            inner = features[name][(..., *tile.inside(self.strides[name]))]
            place = tile.place(self.strides[name])
            found[name] = [gram_sum(inner, None if mask is None else mask[place]) for mask in self.masks[name]]
        return found

    def _style(self, sums: Grams) -> dict[str, Tensor]:
        """The weighted style loss of the whole picture's Gram sums; a region counts by its share of the picture."""
        terms = []
        for name, grams in sums.items():
            h, w = (side // self.strides[name] for side in self.shape[2:])
            factor = self.spec.beta * self.spec.style_layers[name] * self.scale**4
            factor *= self.factors.style(grams[0].shape[0], h * w, self.spec.area)
            for gram, target, mask in zip(grams, self.targets[name], self.masks[name], strict=True):
                positions = h * w if mask is None else max(mask.square().sum().item(), 1e-6)
                terms.append(factor * positions / (h * w) * (gram / positions - target).square().sum())
        return {"style": torch.stack(terms).sum()} if terms else {}

    def _content(self, features: Features, tile: Tile) -> dict[str, Tensor]:
        """The tile's share of the weighted content loss."""
        terms = []
        for name in self.content_layers:
            target = self.photo_features[name]
            n, m = target.shape[1], target.shape[2] * target.shape[3]
            factor = self.spec.alpha * self.scale**2 * self.factors.content(n, m, self.spec.area)
            inner = features[name][(..., *tile.inside(self.strides[name]))]
            terms.append(factor * squared_difference(inner, target[(..., *tile.place(self.strides[name]))]))
        return {"content": torch.stack(terms).sum()} if terms else {}


def _gradient(x: Tensor) -> Tensor:
    assert x.grad is not None
    return x.grad.contiguous()
