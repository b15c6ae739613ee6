"""Convolutions that change the size of a picture without aliasing or checkering, each a single kernel at run time."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _blurred(kernel: Tensor, taps: Literal[3, 4]) -> Tensor:
    """(out, in, k, k) convolved with the binomial of `taps`: (out, in, k + taps - 1, k + taps - 1)."""
    row = kernel.new_tensor({3: [1.0, 2.0, 1.0], 4: [1.0, 3.0, 3.0, 1.0]}[taps])
    blur = torch.outer(row, row) / row.sum() ** 2
    out, inner, side, _ = kernel.shape
    blurred = F.conv2d(kernel.reshape(out * inner, 1, side, side), blur[None, None], padding=taps - 1)
    return blurred.reshape(out, inner, side + taps - 1, side + taps - 1)


class FoldedConv(nn.Module):
    """A convolution whose run-time kernel is derived from a smaller learned `weight` (out, in, 3, 3)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(channels_out, channels_in, 3, 3), a=5**0.5))
        self.folded: Tensor | None = None

    def kernel(self) -> Tensor:
        """The run-time kernel, differentiable in `weight`; the folded one after `fold`."""
        return self._derive() if self.folded is None else self.folded

    def _derive(self) -> Tensor:
        raise NotImplementedError

    def fold(self) -> None:
        """Freeze the run-time kernel as a constant, for export."""
        self.folded = self._derive().detach()


WIDE = 32
"""Channels from which on a blur of its own is less work than the blur in every kernel."""


class BlurDown(FoldedConv):
    """Blur with the binomial [1 3 3 1], then a learned 3x3 convolution, then every second pixel (Zhang 2019).

    All three are one linear map, so they run as a single 6x6 convolution of stride 2. Nothing above the new Nyquist
    frequency is left to alias into shimmer, and the output grid is centred on 2x2 groups of pixels.

    Exported, a wide map is blurred first: a third of the work. Of a narrow one that saves little, and its kernels,
    which may be steep where the blur is to smooth them, would make more of the rounding to bfloat16 in between.
    """

    blur: Tensor | None = None
    """(in, 1, 4, 4), where it comes first."""

    def _derive(self) -> Tensor:
        """(out, in, 6, 6): the learned kernel convolved with the blur."""
        return _blurred(self.weight, taps=4)

    def fold(self) -> None:
        if self.weight.shape[1] < WIDE:
            super().fold()
            return
        unit = torch.ones_like(self.weight[0, :, None, :1, :1])
        self.blur = _blurred(unit, taps=4)
        self.folded = self.weight.detach().clone()

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (2, 2, 2, 2), mode="reflect")
        if self.blur is not None:
            x = F.conv2d(x, self.blur, groups=len(self.blur))
        return F.conv2d(x, self.kernel(), stride=2)


# Which low-resolution tap each of the 5 taps on the doubled grid falls on, for even and odd output pixels.
_PHASES = torch.tensor(
    [
        [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]],
        [[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]],
    ],
    dtype=torch.float32,
)


class BlurUp(FoldedConv):
    """Double each pixel, blur with [1 2 1], then a learned 3x3 convolution: smooth up-sampling that cannot checker.

    The three are one linear map with one 3x3 kernel for each of the four phases of the output grid, so they run at
    the low resolution as a 3x3 convolution to 4 x out channels followed by a pixel shuffle: the speed of sub-pixel
    convolution (Shi 2016) without its free phases.
    """

    def _derive(self) -> Tensor:
        """(4 * out, in, 3, 3): the kernel of each phase, in the channel order of pixel_shuffle."""
        out, inner = self.weight.shape[:2]
        phases = _PHASES.to(self.weight)
        fine = _blurred(self.weight, taps=3)
        return torch.einsum("apu,oiuv,bqv->oabipq", phases, fine, phases).reshape(4 * out, inner, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.kernel()), 2)
