"""A preconditioner for pictures, learned on the way down: the spatial frequencies and colours the loss hardly feels.

The losses look at a picture through convolutions, so that their mean curvature is nearly the same at every place and
nearly diagonal over spatial frequencies. L-BFGS starts each direction from a guess of the inverse curvature; here this
guess is one number per band of frequencies and per colour axis, from the steps just taken, in place of one for all.
"""

from __future__ import annotations

import torch
from torch import Tensor

_BANDS = 10
"""Half octaves below the highest frequency; the last holds all that is slower."""

_MEMORY = 0.97
"""How much of the earlier steps' sums is kept at each step."""

_WIDEST = 8.0
"""Largest ratio between a band's guess and the mean one; wider ones throw slow colours against black and white."""

_AXES = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]])
"""Lightness, red against blue, magenta against green: nearly the principal axes of photos' colours (Ohta 1980)."""


class SpectralPreconditioner:
    """A symmetric, positive definite map from gradients to steps, (1, 3, H, W) both."""

    def __init__(self, like: Tensor) -> None:
        """For pictures of the shape, dtype and device of `like`."""
        height, width = like.shape[2:]
        self._shape = (height, width)
        down, right = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
        octaves = torch.log2((down.square() + right.square()).sqrt().clamp_min(1e-9) * 2**0.5)
        self._band = (_BANDS - 1 + 2 * octaves).clamp(0, _BANDS - 1).round().long().to(like.device)
        self._axes = (_AXES / _AXES.norm(dim=1, keepdim=True)).to(like)
        self._steps = torch.zeros(3, _BANDS, dtype=like.dtype, device=like.device)
        self._changes = torch.zeros_like(self._steps)

    def learn(self, step: Tensor, change: Tensor) -> None:
        """Take in one step and the gradient's change over it."""
        self._steps = _MEMORY * self._steps + self._powers(step)
        self._changes = _MEMORY * self._changes + self._powers(change)

    def __call__(self, gradient: Tensor) -> Tensor:
        """The gradient with each band scaled by |step| / |change| there; as it is before anything was learned."""
        if not bool(self._changes.sum() > 0):
            return gradient.clone()
        mean = (self._steps.sum() / self._changes.sum()).sqrt()
        scales = (self._steps / self._changes.clamp_min(1e-30)).sqrt() / mean
        scales = torch.where(self._changes > 0, scales, 1.0).clamp(1 / _WIDEST, _WIDEST)
        scaled = self._spectrum(gradient) * scales[:, self._band]
        mixed = torch.fft.irfft2(scaled, s=self._shape, norm="ortho").flatten(1)
        result: Tensor = self._axes.T @ mixed
        return result.view_as(gradient)

    def _spectrum(self, x: Tensor) -> Tensor:
        """(3, H, W / 2 + 1), complex: the colour axes' spectra."""
        colors = (self._axes @ x[0].flatten(1)).view(3, *self._shape)
        spectrum: Tensor = torch.fft.rfft2(colors, norm="ortho")
        return spectrum

    def _powers(self, x: Tensor) -> Tensor:
        """(3, bands): the power of each band of each colour axis."""
        power = self._spectrum(x).abs().square().flatten(1)
        return torch.zeros_like(self._steps).index_add_(1, self._band.flatten(), power)
