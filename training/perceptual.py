"""Perceptual losses: VGG features by layer name, Gram matrices, content, style, pixel and total-variation losses.

Gatys, Ecker & Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks"; Johnson, Alahi & Fei-Fei 2016,
"Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.vgg import CAFFE_MEAN, CAFFE_STD, Channels, read_numbers
from weights.errors import InputError
from weights.folders import WEIGHTS

Features = dict[str, Tensor]

BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions in each of the five blocks (Simonyan & Zisserman 2015, table 1, columns D and E)."""

WIDTHS = (64, 128, 256, 512, 512)


def layer_names(network: str) -> list[str]:
    """conv1_1, relu1_1, conv1_2, relu1_2, pool1, conv2_1 … in the order of `torchvision.models.vgg*.features`."""
    names = []
    for block, count in enumerate(BLOCKS[network], start=1):
        for conv in range(1, count + 1):
            names += [f"conv{block}_{conv}", f"relu{block}_{conv}"]
        names.append(f"pool{block}")
    return names


class VGG(nn.Module):
    """A frozen VGG16 or VGG19 whose features are asked for by name.

    Input (N, 3, H, W) float RGB in [0, 1]; the network's own mean and scale live in here. With `pooling="avg"` the
    maxima are replaced by means (Gatys 2016, section 2).
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: str = "vgg16",
        pooling: Literal["max", "avg"] = "max",
        mean: Channels = CAFFE_MEAN,
        std: Channels = CAFFE_STD,
    ) -> None:
        super().__init__()
        self.network = network
        self.pooling = pooling
        self.names = layer_names(network)
        self.convolutions = nn.ModuleDict()
        channels = 3
        for name in self.names:
            if name.startswith("conv"):
                width = WIDTHS[int(name[4]) - 1]
                self.convolutions[name] = nn.Conv2d(channels, width, 3, padding=1)
                channels = width
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def forward(self, x: Tensor, layers: Iterable[str]) -> Features:
        """The features of the named layers, each (N, C, H/2^k, W/2^k); nothing is computed beyond the deepest."""
        wanted = set(layers)
        unknown = wanted.difference(self.names)
        if unknown:
            raise InputError(
                f"{self.network} has no layer {', '.join(sorted(unknown))}: its layers are {' '.join(self.names)}."
            )
        found: Features = {}
        x = (x - self.mean) / self.std
        for name in self.names:
            if len(found) == len(wanted):
                break
            kind = name[:4]
            if kind == "conv":
                x = self.convolutions[name](x)
            elif kind == "relu":
                x = F.relu(x)
            else:
                x = F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2)
            if name in wanted:
                found[name] = x
        return found


def load_vgg(network: str = "vgg16", weights: Path | str | None = None, pooling: Literal["max", "avg"] = "max") -> VGG:
    """The loss network with its ImageNet numbers.

    vgg16 is in the repository (float16, conv1_1 … conv5_1); vgg19 comes from torchvision's cache or download, or from
    `weights`, a .safetensors or .pth file with torchvision's names (`features.0.weight` …). Mean and deviation are what
    the file says (`training.vgg`). Raises InputError.
    """
    if network not in BLOCKS:
        raise InputError(f"There is no loss network {network!r}: choose vgg16 or vgg19.")
    if weights is None and network == "vgg16":
        weights = WEIGHTS / "vgg16.safetensors"
    numbers = read_numbers(network, Path(weights) if weights else None)
    vgg = VGG(network, pooling, numbers.mean, numbers.std)
    for index, name in enumerate(vgg.names):
        keys = {part: f"features.{index}.{part}" for part in ("weight", "bias")}
        if not name.startswith("conv"):
            continue
        if not numbers.state.keys() >= set(keys.values()):  # a cut file: what lies beyond can't be asked for
            vgg.names = vgg.names[:index]
            break
        try:
            vgg.convolutions[name].load_state_dict({part: numbers.state[key].float() for part, key in keys.items()})
        except RuntimeError as error:
            raise InputError(
                f"{weights} holds another network's numbers than {network}'s: its {name} differs."
            ) from error
    if not vgg.names:
        raise InputError(f"{weights} holds no VGG convolutions ('features.0.weight' …): give torchvision's weights.")
    return vgg.eval()


def gram_matrix(features: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, C) float32: G = F F^T / (C H W) over the vectorised maps (Johnson 2016, equation 3).

    The sum is taken in float32 (in float64 where the features are), under autocast too.
    """
    n, c, h, w = features.shape
    with torch.autocast(features.device.type, enabled=False):
        maps = features.permute(0, 2, 3, 1).reshape(n, h * w, c)  # no copy where channels lie last
        maps = maps if maps.dtype == torch.float64 else maps.float()
        product: Tensor = _Inner.apply(maps)  # type: ignore[no-untyped-call]
        return product / (c * h * w)


class _Inner(torch.autograd.Function):
    """F^T F of (N, P, C), with one product of matrices on the way back where autograd would take two."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(maps)
        return maps.transpose(1, 2) @ maps

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (maps,) = ctx.saved_tensors
        product: Tensor = maps @ (gradient + gradient.transpose(1, 2))
        return product


def feature_loss(y: Tensor, x: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """1 / (C H W) * ||phi(y) - phi(x)||^2, mean over the batch (Johnson 2016, equation 2).

    `weight`, a number or (N,), multiplies each picture's.
    """
    return (weight * (y - x).square().mean((1, 2, 3))).mean()


def style_loss(
    grams: Mapping[str, Tensor], targets: Mapping[str, Tensor], layer_weights: Mapping[str, Tensor | float]
) -> Tensor:
    """sum_l w_l ||G_l(y) - G_l(style)||_F^2, mean over the batch (Johnson 2016, equation 4).

    `grams` are (N, C, C), `targets` (1, C, C) or (N, C, C), each weight a number or (N,).
    """
    terms = [(w * (grams[name] - targets[name]).square().sum((1, 2))).mean() for name, w in layer_weights.items()]
    return torch.stack(terms).sum()


def pixel_loss(y: Tensor, x: Tensor) -> Tensor:
    """||y - x||^2 / (C H W), mean over the batch (Johnson 2016, section 3.2)."""
    return F.mse_loss(y, x)


def total_variation(y: Tensor) -> Tensor:
    """Squared differences of neighbours over C H W, mean over the batch (Johnson 2016, section 3.2)."""
    down = (y[:, :, 1:] - y[:, :, :-1]).square().sum()
    right = (y[:, :, :, 1:] - y[:, :, :, :-1]).square().sum()
    return (down + right) / y.numel()
