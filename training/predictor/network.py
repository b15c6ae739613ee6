"""From a painting to the style vectors of a trunk (Ghiasi et al. 2017): a frozen encoder and a small map.

Ghiasi learns the whole network, from 80,000 paintings. Where there are some hundred, only the way from a known
picture of a style to the vectors can be learned: the encoder is VGG16, with which the losses judge too, and what it
tells of a painting are the mean and the deviation of each of its maps. Magenta's encoder, learned from those 80,000,
was tried in its place and beside it, and says no more of unseen paintings (weights/README.md has the figures).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.checkpoint import load_network
from training.perceptual import VGG, load_vgg
from weights.card import PREDICTOR, Card
from weights.errors import InputError

STATISTICS_OF = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
"""The layers of VGG16 whose maps' means and deviations are taken."""

_LEAST = 1e-2
"""Added before the logarithm, where VGG's features are some tens: silent maps all tell the same."""

_NEARLY_ALL, _BEYOND = 0.99, 1.5
"""What was learned holds as far out as nearly all known views are, and no longer at so many times as much."""

KNOWN = 0.9
"""How much of the views is known by heart: the strangest are learned the worst."""

_ALIKE = 0.05
"""How far apart in [0, 1] colours may be to be alike."""


class StyleEncoder(nn.Module):
    """(1, 3, H, W) in [0, 1], H and W from 16 -> (1, 1932): what a painting looks like, wherever in it.

    The logarithms of mean and deviation of every map of STATISTICS_OF; last the mean colour, and the products of the
    deviations from it.
    """

    def __init__(self, vgg: VGG) -> None:
        super().__init__()
        self.vgg = vgg

    def forward(self, painting: Tensor) -> Tensor:
        features = self.vgg(painting, STATISTICS_OF)
        found = []
        for name in STATISTICS_OF:
            maps = features[name].float()
            mean = maps.mean((2, 3))
            deviation = ((maps - mean[:, :, None, None]).square().mean((2, 3)) + 1e-8).sqrt()
            found += [torch.log(mean + _LEAST), torch.log(deviation + _LEAST)]
        colour = painting.mean((2, 3))
        centred = (painting - colour[:, :, None, None]).flatten(2)
        products = (centred @ centred.transpose(1, 2)) / centred.shape[2]
        return torch.cat([*found, colour, products.flatten(1)], dim=1)


class StyleMap(nn.Module):
    """(N, F) numbers of the encoder -> (N, 2, style_length) vectors, for fine and bold strokes.

    The numbers are reduced to `parts` uncorrelated ones first (principal components, found by `fit` and then fixed);
    `base` (2, style_length) is what it predicts before it has learned, `spread` (style_length,) how much each number
    of a vector differs from style to style, by which the steps of learning are measured.

    What it learned says nothing of a picture that is further out than nearly all that it learned from, as a white sheet
    or noise is: that one is taken for those of the `known` ones whose colours are the nearest.
    """

    def __init__(
        self, features: int, style_length: int, parts: int = 96, hidden: int = 384, known: int = 0, drop: float = 0.1
    ) -> None:
        super().__init__()
        self.arguments: dict[str, Any] = {
            "features": features, "style_length": style_length, "parts": parts, "hidden": hidden, "known": known
        }  # fmt: skip
        self.register_buffer("known", torch.zeros(known, parts), persistent=known > 0)
        self.register_buffer("known_colours", torch.zeros(known, 6), persistent=known > 0)
        self.register_buffer("reach", torch.ones(()), persistent=known > 0)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("axes", torch.zeros(features, parts))
        self.register_buffer("base", torch.zeros(2, style_length))
        self.register_buffer("spread", torch.ones(style_length))
        self.drop = drop
        self.inner = nn.Linear(parts, hidden)
        self.outer = nn.Linear(hidden, 2 * style_length)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    known: Tensor
    known_colours: Tensor
    reach: Tensor
    mean: Tensor
    axes: Tensor
    base: Tensor
    spread: Tensor

    @torch.no_grad()
    def fit(self, features: Tensor, base: Tensor, spread: Tensor) -> None:
        """Choose the components from the (V, F) numbers of many views, and what is predicted at first."""
        deviation = features.std(0) + 1e-3
        self.mean.copy_(features.mean(0))
        scaled = (features - self.mean) / deviation
        _, values, rows = torch.linalg.svd(scaled, full_matrices=False)
        parts = min(self.axes.shape[1], len(values))
        strength = values[:parts] / len(features) ** 0.5
        self.axes[:, :parts] = rows[:parts].T / deviation[:, None] / (strength + 0.05 * strength[0])
        self.base.copy_(base)
        self.spread.copy_(spread)
        self.know(features)

    @torch.no_grad()
    def know(self, features: Tensor) -> None:
        """Keep what the (V, F) numbers of the views tell, of the least strange ones where room is short."""
        if count := len(self.known):
            parts = (features - self.mean) @ self.axes
            kept = parts.norm(dim=1).argsort()[:count]
            self.known.copy_(parts[kept])
            self.known_colours.copy_(_colours(features[kept]))
            self.reach.copy_(parts.norm(dim=1).quantile(_NEARLY_ALL))

    def forward(self, features: Tensor) -> Tensor:
        parts = F.dropout(self._within(features), self.drop, self.training)
        found = self.outer(F.gelu(self.inner(parts)))
        vectors: Tensor = self.base + self.spread * found.unflatten(1, (2, -1))
        return vectors

    def _within(self, features: Tensor) -> Tensor:
        """The uncorrelated numbers (N, parts), of pictures far out those of the known ones with such colours."""
        parts = (features - self.mean) @ self.axes
        if not len(self.known):
            return parts
        out = ((parts.norm(dim=1, keepdim=True) / self.reach - 1) / (_BEYOND - 1)).clamp(0, 1)
        apart = (_colours(features)[:, None] - self.known_colours).square().sum(2)
        alike = torch.softmax(-apart / (2 * _ALIKE**2), dim=1) @ self.known
        within: Tensor = (1 - out) * parts + out * alike
        return within


def _colours(features: Tensor) -> Tensor:
    """(N, 6): the mean colours and the deviations from them, of the numbers that StyleEncoder gives."""
    products = features[:, -9:]
    return torch.cat([features[:, -12:-9], (products[:, ::4].clamp(min=0) + 1e-6).sqrt()], dim=1)


class StylePredictor(nn.Module):
    """Encoder and map: (1, 3, H, W) in [0, 1] -> (2, style_length)."""

    def __init__(self, encoder: StyleEncoder, style_map: StyleMap) -> None:
        super().__init__()
        self.encoder, self.map = encoder, style_map

    def forward(self, painting: Tensor) -> Tensor:
        vectors: Tensor = self.map(self.encoder(painting))[0]
        return vectors


def load_predictor(path: Path | str) -> tuple[StylePredictor, Card]:
    """The encoder with the map in the file that `training.predictor` wrote; and its card. Raises InputError."""
    style_map, card = load_network(path, _build)
    return StylePredictor(StyleEncoder(load_vgg()), style_map).eval(), card


def _build(architecture: str, arguments: Mapping[str, Any]) -> StyleMap:
    if architecture != PREDICTOR:
        raise InputError(f"This is no predictor but {architecture!r}: train one with python -m training.predictor.")
    try:
        return StyleMap(**{name: value for name, value in arguments.items() if name != "size"})
    except TypeError as error:
        raise InputError(f"The predictor can't be built: {error}.") from error
