"""Steadiness: what keeps a style from shimmering when the camera moves a pixel or its sensor is noisy.

The loss asks that a noisy window of a photo be painted as that window of the photo's painting,
`|| f(cut(x) + noise) - cut(f(x)) ||^2`. The motion is made, so its flow is exact and no video is needed (Gupta 2017 and
Huang 2017 use true video and estimated flow; ReReVST, Wang 2020, makes its flow as we do). Departures: whole-pixel
shifts only, since interpolating f(x) would reward blur; anti-aliased strides in the lite generator (Zhang 2019) do the
rest. The window's rim lies inside the photo: so a picture is painted at its rim, where a network knows less and VGG,
which pads with zeros, rewards odd colours, as it is in its middle.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

SHIFT = 4
"""Largest shift of the window from the middle, in pixels."""

NOISE = 6 / 255
"""Largest standard deviation of the noise; each call draws one uniformly below it."""

RIM = 16
"""Pixels that are cut off on each side at most, and of the window's border that learn from the middle alone."""


def steadiness_loss(generator: Callable[[Tensor], Tensor], photo: Tensor, painted: Tensor) -> Tensor:
    """Mean squared difference, in [0, 1] units, between the painting of a noisy window and the window of the painting.

    `photo` (N, 3, H, W), H and W multiples of the generator's stride from 32; `painted` is generator(photo).
    """
    height, width = painted.shape[2:]
    cut = max(8, min(RIM, min(height, width) // 128 * 8))
    dy, dx = (cut + int(v) for v in torch.randint(-SHIFT, SHIFT + 1, (2,)))
    window = (..., slice(dy, height - 2 * cut + dy), slice(dx, width - 2 * cut + dx))
    noise = torch.randn_like(photo[window]) * (NOISE * torch.rand(()).item())
    again = generator((photo[window] + noise).clamp(0, 1))
    wanted = painted[window].detach().clone()  # the middle is not to be painted as the rim is
    inner = (..., slice(cut, -cut), slice(cut, -cut))
    wanted[inner] = painted[window][inner]
    loss: Tensor = (again - wanted).square().mean()
    return loss
