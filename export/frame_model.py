"""The exported graph: uint8 frame in, uint8 frame out, any size, with everything between them inside."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.generators import Generator, LiteTrunk

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G, B in luminance (ITU-R BT.601), as Gatys 2016 (colour preservation) uses them."""


class FrameModel(nn.Module):
    """A generator as a frame function.

    Inputs: `frame` (H, W, 3) uint8 RGB, H and W from 16; `strength` float32 scalar in [0, 1], from the frame to its
    painting; `keep_colors` float32 scalar in [0, 1], from the painting's colours to the frame's (its luminance stays
    the painting's). Output: `painted` (H, W, 3) uint8 RGB. Frames are reflected out to the network's stride and cut
    back; values are rounded, not truncated.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator).eval()
        self.generator.fold()
        self.stride = generator.stride

    def forward(self, frame: Tensor, strength: Tensor, keep_colors: Tensor) -> Tensor:
        x = self.open(frame)
        return self.close(self.generator(self.scaled(x)), x, frame, strength, keep_colors)

    def example(self) -> dict[str, Tensor]:
        """One value for each input of the graph, by name and in order."""
        scalars = {"strength": torch.tensor(1.0), "keep_colors": torch.tensor(0.0)}
        return {"frame": torch.zeros(64, 72, 3, dtype=torch.uint8), **scalars}

    def open(self, frame: Tensor) -> Tensor:
        """The frame as (1, 3, H', W') float in [0, 255], reflected out to multiples of the stride."""
        height, width = frame.shape[0], frame.shape[1]
        x = frame.permute(2, 0, 1).unsqueeze(0).float()
        return F.pad(x, (0, -width % self.stride, 0, -height % self.stride), mode="reflect")

    def scaled(self, x: Tensor) -> Tensor:
        """The frame as the generator takes it."""
        return x if self.generator.white == 255 else x * (self.generator.white / 255)

    def close(self, y: Tensor, x: Tensor, frame: Tensor, strength: Tensor, keep_colors: Tensor) -> Tensor:
        """The painting `y` of `x`, mixed with the frame, cut to its size and rounded."""
        # In planes, without a convolution: that takes longer for three channels, and OpenVINO computes what comes
        # after the last convolution in float32 whatever it computes the rest in.
        change = 255 * y - x
        red, green, blue = torch.split(change, 1, dim=1)
        luminance = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
        mixed = x + strength * (1 - keep_colors) * change + strength * keep_colors * luminance
        inside: Tensor = mixed[0, :, : frame.shape[0], : frame.shape[1]]
        return inside.clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0)


class TrunkFrameModel(FrameModel):
    """A trunk as a frame function with one more input: `style`, (style_length,) float32, says which of its styles."""

    def __init__(self, generator: LiteTrunk) -> None:
        super().__init__(generator)
        self.plain = generator.plain_style()

    def example(self) -> dict[str, Tensor]:
        return {**super().example(), "style": self.plain}

    def forward(  # type: ignore[override]
        self, frame: Tensor, strength: Tensor, keep_colors: Tensor, style: Tensor
    ) -> Tensor:
        x = self.open(frame)
        return self.close(self.generator(self.scaled(x), style), x, frame, strength, keep_colors)
