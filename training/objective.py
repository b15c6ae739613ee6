"""The total loss of one painting: what johnson, multistyle and newstyle train with and evaluate measures by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    content_weight: float = 3e-5
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
    """The weighted losses of one painting, or of several; the paintings' Gram matrices are computed once.

    `factors`, one for each painting, multiply the style weight.
    """

    def __init__(self, settings: LossSettings, vgg: VGG, *paintings: Tensor, factors: Sequence[float] = ()) -> None:
        super().__init__()
        self.settings = settings
        self.vgg = vgg
        factor = torch.tensor(factors or [1.0] * len(paintings), device=vgg.mean.device)
        with torch.no_grad():
            found = [vgg(painting, settings.style_layers) for painting in paintings]
        for name in settings.style_layers:  # buffers, so that they move to a GPU with the module
            target = torch.cat([gram_matrix(features[name]) for features in found])
            norm = target.square().sum((1, 2)) if settings.relative_style else 1.0
            self.register_buffer(f"target_{name}", target)
            self.register_buffer(f"weight_{name}", factor / norm)

    @torch.no_grad()
    def content_of(self, photo: Tensor) -> Tensor:
        """The features that a painting of `photo` should keep."""
        features: Features = self.vgg(photo, [self.settings.content_layer])
        return features[self.settings.content_layer]

    def forward(
        self, painted: Tensor, photo: Tensor, content: Tensor | None = None, which: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The weighted terms by name, scalars; their sum is the total loss of Johnson 2016 (section 3).

        `painted` and `photo` are (N, 3, H, W) in [0, 1]; `content` is content_of(photo), for callers that paint one
        photo many times; `which` (N,) integers say which painting each was painted after, the first if not given.
        """
        s = self.settings
        if which is None:
            which = torch.zeros(len(painted), dtype=torch.long, device=painted.device)
        wanted = self.content_of(photo) if content is None else content
        features = self.vgg(painted, [s.content_layer, *s.style_layers])
        grams = {name: gram_matrix(features[name]) for name in s.style_layers}
        targets = {name: self.get_buffer(f"target_{name}")[which] for name in s.style_layers}
        weights = {name: self.get_buffer(f"weight_{name}")[which] for name in s.style_layers}
        return {
            "content": s.content_weight * feature_loss(features[s.content_layer], wanted),
            "style": s.style_weight * style_loss(grams, targets, weights),
            "pixel": s.pixel_weight * pixel_loss(painted, photo),
            "tv": s.tv_weight * total_variation(painted),
        }


def loss_vgg(settings: LossSettings) -> VGG:
    """The loss network that the settings name. Raises InputError."""
    return load_vgg(settings.loss_network, settings.vgg_weights)


def reference_descent(objective: Objective, photo: Tensor) -> Iterator[tuple[float, Tensor]]:
    """Yield the total loss and the picture (1, 3, H, W) after 0, 1, 2 … steps of plain L-BFGS from `photo`, for ever.

    Step length 1 and a history of 100 (the settings of PyTorch's own style-transfer tutorial), over the pixels: what
    Johnson 2016 (figure 5) counts a fast network against.
    """
    x = photo.clone(memory_format=torch.contiguous_format).requires_grad_()
    content = objective.content_of(photo)
    optimizer = torch.optim.LBFGS([x], lr=1, max_iter=1, history_size=100, tolerance_grad=0, tolerance_change=0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = total(objective(x, photo, content))
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    while True:
        picture = x.detach().clone()
        yield float(optimizer.step(closure)), picture  # type: ignore[no-untyped-call]


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """The sum of the terms, a scalar."""
    return torch.stack(list(terms.values())).sum()
