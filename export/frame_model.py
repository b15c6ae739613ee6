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

    color: Tensor
    eye: Tensor

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator).eval()
        self.generator.fold()
        self.stride = generator.stride
        eye = torch.eye(3)
        self.register_buffer("eye", eye)
        self.register_buffer("color", eye - torch.tensor(LUMA).expand(3, 3))  # RGB -> RGB less its luminance

    def forward(self, frame: Tensor, strength: Tensor, keep_colors: Tensor) -> Tensor:
        x = self.open(frame)
        return self.close(self.generator(x), x, frame, strength, keep_colors)

    def example(self) -> dict[str, Tensor]:
        """One value for each input of the graph, by name and in order."""
        scalars = {"strength": torch.tensor(1.0), "keep_colors": torch.tensor(0.0)}
        return {"frame": torch.zeros(64, 72, 3, dtype=torch.uint8), **scalars}

    def open(self, frame: Tensor) -> Tensor:
        """The frame as (1, 3, H', W') float in [0, 1], reflected out to multiples of the stride."""
        height, width = frame.shape[0], frame.shape[1]
        x = frame.permute(2, 0, 1).unsqueeze(0).float() / 255
        return F.pad(x, (0, -width % self.stride, 0, -height % self.stride), mode="reflect")

    def close(self, y: Tensor, x: Tensor, frame: Tensor, strength: Tensor, keep_colors: Tensor) -> Tensor:
        """The painting `y` of `x`, mixed with the frame, cut to its size and rounded."""
        # Both mixes are linear in a pixel's values, so each picture needs one 1x1 convolution; a concatenation of the
        # two pictures for one convolution of both takes longer than that.
        of_painting = strength * (self.eye - keep_colors * self.color)
        of_frame = strength * keep_colors * self.color + (1 - strength) * self.eye
        both = F.conv2d(y, of_painting[:, :, None, None]) + F.conv2d(x, of_frame[:, :, None, None])
        mixed = both[0, :, : frame.shape[0], : frame.shape[1]]
        return (mixed.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)


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
        return self.close(self.generator(x, style), x, frame, strength, keep_colors)
