"""Steadiness: what keeps a style from shimmering when the camera moves a pixel or its sensor is noisy.

The loss asks that a shifted and noisy photo be painted as the shifted painting of the photo,
`|| f(warp(x) + noise) - warp(f(x)) ||^2` where both see the same pixels. The motion is made, so its flow is exact and
no video is needed (Gupta 2017 and Huang 2017 use true video and estimated flow; ReReVST, Wang 2020, makes its flow as
we do). Departures: whole-pixel shifts only, since interpolating f(x) would reward blur; anti-aliased strides in the
lite generator (Zhang 2019) do the rest.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MARGIN = 4
"""Largest shift in pixels, and the border by which a photo is larger than the crop that is painted."""

NOISE = 6 / 255
"""Largest standard deviation of the noise; each call draws one uniformly below it."""

RIM = 8
"""Pixels next to the painting's border that are not compared: padding makes them depend on the crop."""


def centre(photo: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 3, H - 2 MARGIN, W - 2 MARGIN): the unshifted crop."""
    return photo[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]


def steadiness_loss(generator: Callable[[Tensor], Tensor], photo: Tensor, painted: Tensor) -> Tensor:
    """Mean squared difference, in [0, 1] units, between the painting of a shifted noisy crop and the shifted painting.

    `photo` (N, 3, H, W) is MARGIN larger on each side than what was painted; `painted` is generator(centre(photo)).
    """
    dy, dx = (int(v) for v in torch.randint(-MARGIN, MARGIN + 1, (2,)))
    height, width = painted.shape[2:]
    shifted = photo[:, :, MARGIN + dy : MARGIN + dy + height, MARGIN + dx : MARGIN + dx + width]
    noise = torch.randn_like(shifted) * (NOISE * torch.rand(()).item())
    again = generator((shifted + noise).clamp(0, 1))
    rim = RIM + MARGIN
    seen_now = again[:, :, rim - dy : height - rim - dy, rim - dx : width - rim - dx]
    loss: Tensor = (seen_now - painted[:, :, rim : height - rim, rim : width - rim]).square().mean()
    return loss
