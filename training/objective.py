"""The total loss of one painting: what johnson, multistyle and newstyle train with and evaluate measures by.

Two-scale, the default: the deep layers and the content are compared on the picture halved by averaging, where they
see twice as much of the painting for a quarter of the work, and, where `coarse_weight` asks for it, on the quartered
one; the shallow layers at full size, in a training on one random crop. The weights of the scales are the size of the
strokes. `scales="one"` is Johnson's: everything at full size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
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
from training.settings import at_least
from weights.errors import InputError

DETAIL_CROP = 128
"""Side of the crop that a training compares the shallow layers on, in pixels."""

DETAIL_BLOCKS = 2
"""The layers of VGG's first so many blocks are compared at full size, the others on the smaller pictures."""


@dataclass(frozen=True)
class LossSettings:
    """Which loss network, which layers at which scales, and how much each term weighs."""

    loss_network: Literal["vgg16", "vgg19"] = "vgg16"
    """The network that judges."""
    vgg_weights: Path | None = None
    """Its weights, where not the shipped or torchvision's."""
    scales: Literal["two", "one"] = "two"
    """two: deep layers and content on the picture halved; one: all at full size, as in the paper."""
    content_layer: str = "relu3_3"
    """Where content is compared."""
    style_layers: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_1")
    """Where style is compared."""
    style_size: int = 480
    """Short side of the painting in pixels: larger gives larger strokes."""
    content_weight: float = 3e-5
    style_weight: float = 10.0
    detail_weight: float = 1.0
    """Multiplies the style terms at full size (two scales)."""
    coarse_weight: float = 0.0
    """Style terms of the deep layers at a quarter of the size, against those at half: larger strokes (two scales)."""
    relative_style: bool = True
    """Divide each layer's style term by the squared norm of the painting's own Gram matrix."""
    pixel_weight: float = 0.0
    tv_weight: float = 1.0

    def __post_init__(self) -> None:
        at_least(self, style_size=16, content_weight=0, style_weight=0, detail_weight=0, coarse_weight=0)
        at_least(self, pixel_weight=0, tv_weight=0)

    def summary(self) -> dict[str, Any]:
        """The settings as plain values for a card, without paths."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if k != "vgg_weights"}

    @classmethod
    def from_summary(cls, values: Mapping[str, Any]) -> LossSettings:
        """The settings that a card tells of; a card from before the scales has one. Raises InputError for none."""
        known = {f.name for f in fields(cls)}
        found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known}
        if "style_weight" not in found:
            raise InputError("The card doesn't say with which losses the style was trained.")
        return cls(**({"scales": "one"} | found))

    @property
    def content_scale(self) -> int:
        """What the picture's sides are divided by where content is compared."""
        return 1 if self.scales == "one" else 2

    def style_views(self) -> dict[int, list[str]]:
        """The layers whose Gram matrices are compared, by what the picture's sides are divided by: 1, 2, 4.

        The scale of the content is among them, with layers or without.
        """
        if self.scales == "one":
            return {1: list(self.style_layers)}
        detail = [name for name in self.style_layers if int(name[4]) <= DETAIL_BLOCKS]
        deep = [name for name in self.style_layers if name not in detail]
        views = {1: detail, 2: deep, 4: deep if self.coarse_weight else []}
        return {scale: names for scale, names in views.items() if names or scale == self.content_scale}

    def scale_weight(self, scale: int) -> float:
        """What multiplies the style terms of a scale."""
        return {1: 1.0 if self.scales == "one" else self.detail_weight, 2: 1.0, 4: self.coarse_weight}[scale]


def reduced(x: Tensor, scale: int) -> Tensor:
    """(N, C, H, W) -> (N, C, H / scale, W / scale) by averaging."""
    return x if scale == 1 else F.avg_pool2d(x, scale)


class Objective(nn.Module):
    """The weighted losses of one painting, or of several; the paintings' Gram matrices are computed once.

    `paintings` are pairs of (1, 3, H, W) in [0, 1] and the settings it is judged by; the settings of all name the
    same network, scales and layers, pixel and variation weights; content and style weights may differ.
    """

    def __init__(self, vgg: VGG, *paintings: tuple[Tensor, LossSettings]) -> None:
        super().__init__()
        self.vgg = vgg
        every = [settings for _, settings in paintings]
        self.settings = max(every, key=lambda s: s.coarse_weight)  # who has terms at all scales speaks for all
        self.views = self.settings.style_views()
        for scale, names in self.views.items():
            self._keep_targets(scale, names, paintings)
        # buffers, so that they move to a GPU with the module
        weights = [s.content_weight for s in every]
        self.register_buffer("content_weight", torch.tensor(weights, device=vgg.mean.device))

    @torch.no_grad()
    def _keep_targets(self, scale: int, names: list[str], paintings: Sequence[tuple[Tensor, LossSettings]]) -> None:
        side = min(min(painting.shape[2:]) for painting, _ in paintings)
        least = scale * 2 ** max((int(name[4]) - 1 for name in names), default=0)
        if side < least:
            raise InputError(
                f"The painting at {side} pixels is too small for the layers it is compared in: "
                f"give a --style-size that leaves it at least {least}, of its fine strokes too."
            )
        found = [self._grams(painting, scale, names) for painting, _ in paintings]
        for name in names:
            target = torch.cat([grams[name] for grams in found])
            weights = [s.style_weight * s.scale_weight(scale) for _, s in paintings]
            weight = torch.tensor(weights, device=target.device)
            if self.settings.relative_style:
                weight = weight / target.square().sum((1, 2))
            self.register_buffer(f"target_{scale}_{name}", target)
            self.register_buffer(f"weight_{scale}_{name}", weight)

    def _grams(self, picture: Tensor, scale: int, names: list[str]) -> Features:
        features = self.vgg(reduced(picture.to(self.vgg.mean.device), scale), names)
        return {name: gram_matrix(features[name]) for name in names}

    @torch.no_grad()
    def content_of(self, photo: Tensor) -> Tensor:
        """The features that a painting of `photo` should keep."""
        layer = self.settings.content_layer
        features: Features = self.vgg(reduced(photo, self.settings.content_scale), [layer])
        return features[layer]

    def forward(
        self,
        painted: Tensor,
        photo: Tensor,
        content: Tensor | None = None,
        which: Tensor | None = None,
        sampled: bool = False,
    ) -> dict[str, Tensor]:
        """The weighted terms by name, scalars; their sum is the total loss of Johnson 2016 (section 3).

        `painted` and `photo` are (N, 3, H, W) in [0, 1]; `content` is content_of(photo), for callers that paint one
        photo many times; `which` (N,) integers say which painting each was painted after, the first if not given.
        With `sampled` the shallow layers of two scales see one random crop instead of the whole picture.
        """
        s = self.settings
        if which is None:
            which = torch.zeros(len(painted), dtype=torch.long, device=painted.device)
        wanted = self.content_of(photo) if content is None else content
        style: list[Tensor] = []
        for scale, names in self.views.items():
            view = reduced(painted, scale)
            if sampled and scale == 1 and s.scales == "two":
                view = _random_crop(view, DETAIL_CROP)
            compared = [s.content_layer] if scale == s.content_scale else []
            features = self.vgg(view, [*names, *compared])
            if names:
                style.append(self._style(scale, names, features, which))
            if compared:
                found, weight = features[s.content_layer].float(), self._of("content_weight", which)
                kept = feature_loss(found, wanted.float(), weight)
        return {
            "content": kept,
            "style": torch.stack(style).sum(),
            "pixel": s.pixel_weight * pixel_loss(painted, photo),
            "tv": s.tv_weight * total_variation(painted),
        }

    @torch.no_grad()
    def seen_in(self, painted: Tensor) -> dict[int, Features]:
        """Gram matrices of pictures (N, 3, H, W) by scale and layer, for `style_of` of any painting's objective."""
        return {scale: self._grams(painted, scale, names) for scale, names in self.views.items()}

    def style_of(self, seen: Mapping[int, Features], which: Tensor) -> float:
        """The style term of pictures in which this was `seen_in`."""
        terms = [self._style_term(scale, grams, which) for scale, grams in seen.items() if grams]
        return float(torch.stack(terms).sum())

    def _of(self, name: str, which: Tensor) -> Tensor:
        return self.get_buffer(name)[which]

    def _style(self, scale: int, names: list[str], features: Features, which: Tensor) -> Tensor:
        return self._style_term(scale, {name: gram_matrix(features[name]) for name in names}, which)

    def _style_term(self, scale: int, grams: Features, which: Tensor) -> Tensor:
        targets = {name: self._of(f"target_{scale}_{name}", which) for name in grams}
        return style_loss(grams, targets, {name: self._of(f"weight_{scale}_{name}", which) for name in grams})


def _random_crop(x: Tensor, side: int) -> Tensor:
    """The same crop of all pictures, as large as `side` allows; chance is torch's own generator."""
    height, width = (min(side, length) for length in x.shape[2:])
    top = int(torch.randint(x.shape[2] - height + 1, ()))
    left = int(torch.randint(x.shape[3] - width + 1, ()))
    return x[:, :, top : top + height, left : left + width]


def loss_vgg(settings: LossSettings) -> VGG:
    """The loss network that the settings name, laid out channels-last, which is faster. Raises InputError."""
    vgg = load_vgg(settings.loss_network, settings.vgg_weights)
    return vgg.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def reference_descent(
    objective: Objective, photo: Tensor, start: Tensor | None = None
) -> Iterator[tuple[float, Tensor]]:
    """Yield the total loss and the picture (1, 3, H, W) after 0, 1, 2 … steps of plain L-BFGS, for ever.

    It starts from `photo`, or from `start` where given (white noise, as Johnson's figure 5 does).

    Step length 1 and a history of 100 (the settings of PyTorch's own style-transfer tutorial), over the pixels: what
    Johnson 2016 (figure 5) counts a fast network against.
    """
    x = (photo if start is None else start).clone(memory_format=torch.contiguous_format).requires_grad_()
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
