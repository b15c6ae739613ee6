"""The total loss of one painting: what johnson, multistyle and newstyle train with and evaluate measures by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from training.perceptual import (
    VGG,
    Features,
    feature_loss,
    gram_matrix,
    load_vgg,
    pixel_loss,
    style_loss,
    total_variation,
)
from weights.errors import InputError


@dataclass(frozen=True)
class LossSettings:
    """Which loss network, which layers, and how much each term weighs."""

    loss_network: Literal["vgg16", "vgg19"] = "vgg16"
    """The network that judges."""
    vgg_weights: Path | None = None
    """Its weights, where not the shipped or torchvision's."""
    content_layer: str = "relu3_3"
    """Where content is compared."""
    style_layers: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    """Where style is compared."""
    style_size: int = 448
    """Short side of the painting in pixels: larger gives larger strokes."""
    content_weight: float = 1e-5
    style_weight: float = 10.0
    relative_style: bool = True
    """Divide each layer's style term by the squared norm of the painting's own Gram matrix."""
    pixel_weight: float = 0.0
    tv_weight: float = 1.0

    def summary(self) -> dict[str, Any]:
        """The settings as plain values for a card, without paths."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if k != "vgg_weights"}

    @classmethod
    def from_summary(cls, values: Mapping[str, Any]) -> LossSettings:
        """The settings that a card tells of. Raises InputError where it tells of none."""
        known = {f.name for f in fields(cls)}
        found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known}
        if "style_weight" not in found:
            raise InputError("The card doesn't say with which losses the style was trained.")
        return cls(**found)


class Objective(nn.Module):
    """The weighted losses of one painting; the painting's Gram matrices are computed once."""

    def __init__(self, settings: LossSettings, vgg: VGG, painting: Tensor) -> None:
        super().__init__()
        self.settings = settings
        self.vgg = vgg
        with torch.no_grad():
            features = vgg(painting, settings.style_layers)
        self.targets = {name: gram_matrix(value) for name, value in features.items()}
        relative = settings.relative_style
        self.layer_weights = {k: 1 / v.square().sum().item() if relative else 1.0 for k, v in self.targets.items()}

    @torch.no_grad()
    def content_of(self, photo: Tensor) -> Tensor:
        """The features that a painting of `photo` should keep."""
        features: Features = self.vgg(photo, [self.settings.content_layer])
        return features[self.settings.content_layer]

    def forward(self, painted: Tensor, photo: Tensor, content: Tensor | None = None) -> dict[str, Tensor]:
        """The weighted terms by name, scalars; their sum is the total loss of Johnson 2016 (section 3).

        `painted` and `photo` are (N, 3, H, W) in [0, 1]; `content` is content_of(photo), for callers that paint one
        photo many times.
        """
        s = self.settings
        wanted = self.content_of(photo) if content is None else content
        features = self.vgg(painted, [s.content_layer, *s.style_layers])
        grams = {name: gram_matrix(features[name]) for name in s.style_layers}
        return {
            "content": s.content_weight * feature_loss(features[s.content_layer], wanted),
            "style": s.style_weight * style_loss(grams, self.targets, self.layer_weights),
            "pixel": s.pixel_weight * pixel_loss(painted, photo),
            "tv": s.tv_weight * total_variation(painted),
        }


def loss_vgg(settings: LossSettings) -> VGG:
    """The loss network that the settings name. Raises InputError."""
    return load_vgg(settings.loss_network, settings.vgg_weights)


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """The sum of the terms, a scalar."""
    return torch.stack(list(terms.values())).sum()
