"""Keeping the photo's colours: Gatys, Bethge, Hertzmann & Shechtman 2016, "Preserving Color in Neural Artistic Style
Transfer": matching the painting's colours to the photo's first (section 3.1), or painting the luminance alone (3.2)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

ColorMode = Literal["painting", "linear", "histogram", "luminance"]

_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])


def _mixed(matrix: Tensor, x: Tensor) -> Tensor:
    """The (3, 3) matrix on the channels of (1, 3, H, W)."""
    return torch.mm(matrix, x[0].flatten(1)).view_as(x)


def to_yiq(x: Tensor) -> Tensor:
    """(1, 3, H, W) RGB in [0, 1] -> Y in [0, 1] and the two colour differences I and Q."""
    return _mixed(_YIQ.to(x), x)


def to_rgb(yiq: Tensor) -> Tensor:
    """The inverse of to_yiq, clamped to [0, 1]."""
    return _mixed(torch.linalg.inv(_YIQ).to(yiq), yiq).clamp(0, 1)


def match_linear(painting: Tensor, photo: Tensor) -> Tensor:
    """The painting with the photo's mean and covariance of colours: root(C_photo) root(C_painting)^-1 (section 3.1).

    Both (1, 3, H, W) in [0, 1], as is the result.
    """
    s, c = (x[0].flatten(1).double() for x in (painting, photo))
    mean_s, mean_c = s.mean(1, keepdim=True), c.mean(1, keepdim=True)
    matrix = _root(torch.cov(c)) @ _root(torch.cov(s)).inverse()
    matched: Tensor = matrix @ (s - mean_s) + mean_c
    return matched.view_as(painting).to(painting).clamp(0, 1)


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root, kept invertible for pictures of one colour."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = vectors @ torch.diag(values.clamp_min(1e-6).sqrt()) @ vectors.T
    return root


def match_histogram(painting: Tensor, photo: Tensor) -> Tensor:
    """The painting with the photo's histogram in each channel, (1, 3, H, W) in [0, 1]."""
    channels = []
    for s, c in zip(painting[0].flatten(1), photo[0].flatten(1), strict=True):
        ranks = torch.empty_like(s)
        ranks[s.argsort()] = torch.linspace(0, c.numel() - 1, s.numel(), dtype=s.dtype, device=s.device)
        channels.append(c.sort().values[ranks.round().long()])
    return torch.stack(channels).view_as(painting)


def seen(mode: ColorMode, photo: Tensor) -> Tensor:
    """The photo as the losses see it."""
    return to_yiq(photo)[:, :1].repeat(1, 3, 1, 1) if mode == "luminance" else photo


def prepare(mode: ColorMode, photo: Tensor, painting: Tensor) -> tuple[Tensor, Tensor]:
    """The photo and the painting that the losses see."""
    if mode == "linear":
        return photo, match_linear(painting, photo)
    if mode == "histogram":
        return photo, match_histogram(painting, photo)
    if mode == "luminance":
        grey, y = seen(mode, photo), to_yiq(painting)[:, :1]
        y = (y - y.mean()) * (grey[:, :1].std() / y.std().clamp_min(1e-6)) + grey.mean()
        return grey, y.clamp(0, 1).repeat(1, 3, 1, 1)
    return photo, painting


def finish(mode: ColorMode, picture: Tensor, photo: Tensor) -> Tensor:
    """The picture to save: with the photo's colours where only its luminance was painted."""
    if mode != "luminance":
        return picture
    return to_rgb(torch.cat((to_yiq(picture)[:, :1], to_yiq(photo)[:, 1:]), dim=1))
