"""The image-to-image networks: (N, 3, H, W) float RGB in [0, 1] in, the same shape and range out.

H and W must be multiples of the network's `stride`; export pads. `build` makes a network from what a card says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.folded import BlurDown, BlurUp, FoldedConv
from weights.errors import InputError

Upsampling = Literal["nearest", "transposed"]
Norm = Literal["instance", "batch"]


class Generator(nn.Module):
    """A network image -> image that knows its stride."""

    stride: int = 4
    white: float = 1.0
    """What white is in the pictures that it takes; it gives pictures in [0, 1]."""

    def fold(self) -> None:
        """Turn derived kernels into constants, for export; training can't go on afterwards."""
        for module in self.modules():
            if isinstance(module, FoldedConv):
                module.fold()


# --- Johnson et al. 2016, as published ----------------------------------------------------------------------------


def _norm(kind: Norm, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=True)


def _conv(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, padding_mode="reflect")


class Residual(nn.Module):
    """Two 3x3 convolutions around a skip; no activation after the sum (Gross & Wilber 2016, as Johnson uses it)."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, channels, 3),
            _norm(norm, channels),
            nn.ReLU(),
            _conv(channels, channels, 3),
            _norm(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.body(x)
        return y


class Johnson(Generator):
    """Johnson et al. 2016 (supplement, table 1): 9x9, two strides of 2, five residual blocks, two ups, 9x9.

    Departures: reflection padding in every layer (the paper pads the picture once), instance normalisation by default
    (Ulyanov 2016; `norm="batch"` is the paper's) and nearest up-sampling + convolution by default (Odena 2016;
    `upsampling="transposed"` is the paper's).
    """

    outer = 9
    """Side of the first and the last kernel."""

    def __init__(
        self, upsampling: Upsampling = "nearest", norm: Norm = "instance", blocks: int = 5, width: int = 32
    ) -> None:
        super().__init__()
        a, b, c = width, 2 * width, 4 * width
        layers: list[nn.Module] = []
        for channels_in, channels_out, kernel, stride in ((3, a, self.outer, 1), (a, b, 3, 2), (b, c, 3, 2)):
            layers += [_conv(channels_in, channels_out, kernel, stride), _norm(norm, channels_out), nn.ReLU()]
        layers += [Residual(c, norm) for _ in range(blocks)]
        for channels_in, channels_out in ((c, b), (b, a)):
            if upsampling == "transposed":
                layers.append(nn.ConvTranspose2d(channels_in, channels_out, 3, 2, 1, output_padding=1))
            else:
                layers += [nn.Upsample(scale_factor=2), _conv(channels_in, channels_out, 3)]
            layers += [_norm(norm, channels_out), nn.ReLU()]
        layers.append(_conv(a, 3, self.outer))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 + 0.5 * torch.tanh(self.layers(2 * x - 1))


class ResNet(Johnson):
    """CycleGAN's generator (Zhu et al. 2017, appendix 7.2): Johnson's layout, wider, with 7x7 at both ends.

    c7s1-64, d128, d256, R256 x 9 (6 for 128-px pictures), u128, u64, c7s1-3, instance normalisation.
    """

    outer = 7

    def __init__(self, blocks: int = 9, width: int = 64, upsampling: Upsampling = "transposed") -> None:
        super().__init__(upsampling, "instance", blocks, width)


# --- Lite: made for a laptop's processor --------------------------------------------------------------------------


def _styled_norm(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """gamma (x - mean) / deviation + beta over each map; gamma and beta are (C,) for all or (N, C) for each picture."""
    if gamma.ndim == 1:
        return F.instance_norm(x, weight=gamma, bias=beta)
    return F.instance_norm(x) * gamma[:, :, None, None] + beta[:, :, None, None]


def _recolored(y: Tensor, x: Tensor, matrix: Tensor, bias: Tensor, white: float = 1.0) -> Tensor:
    """y + matrix (4 x - 2) + bias for (N, 3, H, W); (9,) and (3,) for all, or (N, 9) and (N, 3) for each picture.

    4 x - 2 is the line that touches the sigmoid's inverse in its middle: the unit matrix nearly gives the photo back.
    The scaling, by `white` too, is done on the few numbers instead of the pixels.
    """
    square = matrix.reshape(*matrix.shape[:-1], 3, 3)
    columns = (4 / white * square)[..., None, None].unbind(-3)
    # No convolution: of three channels it is the slower one, and engines compute convolutions coarsely.
    for plane, column in zip(torch.split(x, 1, dim=1), columns, strict=True):
        y = y + plane * column
    return y + (bias - 2 * square.sum(-1))[..., None, None]


def _extended(x: Tensor, convolution: nn.Module) -> Tensor:
    """A 3x3 convolution, dilated or not, of x with its border repeated: the same size.

    Reflected, a stroke meets its mirror image there, and the residual blocks make a row of marks of it.
    """
    assert isinstance(convolution, nn.Conv2d)
    reach = convolution.dilation[0]
    y: Tensor = convolution(F.pad(x, (reach, reach, reach, reach), mode="replicate"))
    return y


def _pairs_of_convolutions(width: int, dilations: Sequence[int]) -> nn.ModuleList:
    """Two 3x3 convolutions without bias for each residual block, of these dilations."""
    return nn.ModuleList(nn.Conv2d(width, width, 3, bias=False, dilation=d) for d in dilations for _ in range(2))


class LiteTrunk(Generator):
    """The shared body of the lite networks: everything but a style (Dumoulin, Shlens & Kudlur 2017, section 2.2).

    Blurred stride-2 to `stem` channels, again to `width`, `blocks` residual blocks at a quarter of the size, two smooth
    up-samplings; the first and last convolutions run on half-size grids. With `deep` channels there is a stage at an
    eighth of the size as well, of one residual block for each of the `dilations`: large strokes are decided there, at
    a quarter of the work a block, and join what the quarter-size grid holds. Before the last sigmoid a colour matrix
    of the photo joins in: it carries detail past the small grids, and brightness and colour past the normalisations,
    which take the mean and the contrast of each picture away.

    A style is the vector of the scales and shifts of all instance normalisations and of the output's colours: for each
    normalisation in the order of the forward pass its gammas, then its betas; last the colour matrix, row by row, and
    the biases of R, G and B. `plain_style` paints as plain normalisation would, the matrix being 0.
    """

    def __init__(
        self, width: int = 32, blocks: int = 4, stem: int = 16, deep: int = 0, dilations: Sequence[int] = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.arguments: dict[str, Any] = {"width": width, "blocks": blocks, "stem": stem}
        self.down1, self.down2 = BlurDown(3, stem), BlurDown(stem, width)
        self.convolutions = _pairs_of_convolutions(width, [1] * blocks)
        self.channels = [stem, *[width] * (1 + 2 * blocks)]
        self.deep = bool(deep)
        if deep:
            self.arguments |= {"deep": deep, "dilations": list(dilations)}
            self.stride = 8
            self.down3, self.up3 = BlurDown(width, deep), BlurUp(deep, width)
            self.deep_convolutions = _pairs_of_convolutions(deep, dilations)
            self.channels += [*[deep] * (1 + 2 * len(dilations)), width]
        self.up1, self.up2 = BlurUp(width, stem), BlurUp(stem, 3)
        self.channels.append(stem)
        self.style_length = 2 * sum(self.channels) + 12

    def fold(self) -> None:
        """Take pictures of [0, 255], too: their numbers are whole, so that bfloat16 holds them exactly."""
        super().fold()
        assert self.down1.folded is not None
        self.white = 255.0
        self.down1.folded = self.down1.folded * (2 / self.white)  # the normalisation after it takes any shift away

    def plain_style(self) -> Tensor:
        """(style_length,): scales 1, shifts and biases 0."""
        parts = [part for c in self.channels for part in (torch.ones(c), torch.zeros(c))]
        return torch.cat([*parts, torch.zeros(12)])

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Paint (N, 3, H, W) in [0, 1] with `style`: (style_length,) for all or (N, style_length)."""
        sizes = [c for c in self.channels for _ in range(2)]
        *norms, matrix, bias = torch.split(style, [*sizes, 9, 3], dim=-1)
        pairs = iter(zip(norms[::2], norms[1::2], strict=True))

        def normed(y: Tensor) -> Tensor:
            return _styled_norm(y, *next(pairs))

        def residual(y: Tensor, convolutions: nn.ModuleList) -> Tensor:
            for first, second in zip(convolutions[::2], convolutions[1::2], strict=True):
                y = y + normed(_extended(F.relu(normed(_extended(y, first))), second))
            return y

        y = F.relu(normed(self.down1(2 * x - 1 if self.white == 1 else x)))
        y = F.relu(normed(self.down2(y)))
        y = residual(y, self.convolutions)
        if self.deep:
            deep = residual(F.relu(normed(self.down3(y))), self.deep_convolutions)
            y = y + normed(self.up3(deep))
        y = F.relu(normed(self.up1(y)))
        return torch.sigmoid(_recolored(self.up2(y), x, matrix, bias, self.white))


class Lite(Generator):
    """A lite trunk with a style of its own; the arguments are the trunk's."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__()
        self.trunk = LiteTrunk(*arguments, **named)
        self.stride = self.trunk.stride
        self.style = nn.Parameter(self.trunk.plain_style())

    def fold(self) -> None:
        self.trunk.fold()
        self.white = self.trunk.white

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.trunk(x, self.style)
        return y


GENERATORS: dict[str, Callable[..., Generator]] = {
    "johnson": Johnson,
    "resnet": ResNet,
    "lite": Lite,
    "lite-trunk": LiteTrunk,
}
"""Builders by the name that a card's `architecture` carries."""


def build(architecture: str, arguments: Mapping[str, Any] | None = None) -> Generator:
    """A fresh network; raises InputError for an unknown name or arguments it doesn't take."""
    if architecture not in GENERATORS:
        raise InputError(f"There is no architecture {architecture!r}: choose one of {', '.join(GENERATORS)}.")
    try:
        return GENERATORS[architecture](**(arguments or {}))
    except TypeError as error:
        raise InputError(f"The architecture {architecture!r} can't be built: {error}.") from error
