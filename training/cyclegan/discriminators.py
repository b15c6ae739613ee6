"""PatchGAN, and what it and the generators gain by telling or fooling: Zhu et al. 2017, sections 3.1 and 4."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LossForm = Literal["lsgan", "vanilla"]


def init_normal(module: nn.Module) -> None:
    """Convolutions from N(0, 0.02), biases 0 (Zhu 2017, appendix 7.1); for `Module.apply`."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class PatchGAN(nn.Module):
    """Says of every 70x70 patch how real it looks: C64-C128-C256-C512 (Zhu 2017, appendix 7.2; Isola 2017).

    (N, 3, H, W) in [0, 1] -> (N, 1, H/8 - 2, W/8 - 2) scores, unbounded; H and W at least 32. 4x4 convolutions of
    strides 2, 2, 2, 1, 1; instance normalisation but in the first layer; leaky ReLU of slope 0.2. `width` is the 64.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for channels, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            # no bias: the normalisation takes it away again
            layers += [nn.Conv2d(channels, 2 * channels, 4, stride, 1, bias=False), nn.InstanceNorm2d(2 * channels)]
            layers.append(nn.LeakyReLU(0.2))
        layers.append(nn.Conv2d(8 * width, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        self.apply(init_normal)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(2 * x - 1)
        return y


class Discriminators(nn.Module):
    """D_X, who knows photos, and D_Y, who knows paintings."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.of_photos = PatchGAN(width)
        self.of_paintings = PatchGAN(width)

    def forward(self, photos: Tensor, paintings: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the photos by D_X and of the paintings by D_Y."""
        return self.of_photos(photos), self.of_paintings(paintings)


def adversarial_loss(scores: Tensor, real: bool, form: LossForm) -> Tensor:
    """The mean loss of scores that should say `real` or not; a scalar.

    lsgan: (score - 1)^2 for real, score^2 for fake (Mao 2017; Zhu 2017, section 4). vanilla: the log form of Zhu's
    equation 1, -log D for real and -log(1 - D) for fake with D = sigmoid(score); generators too minimise -log D(fake)
    instead of log(1 - D(fake)), which has the same fixed points and does not saturate (Goodfellow 2014, section 3).
    """
    if form == "vanilla":
        return F.softplus(-scores if real else scores).mean()
    return (scores - float(real)).square().mean()


def discriminator_loss(real: Tensor, fake: Tensor, form: LossForm) -> Tensor:
    """Half the sum over real and fake scores: halved, "which slows down the rate at which D learns" (appendix 7.1)."""
    return 0.5 * (adversarial_loss(real, True, form) + adversarial_loss(fake, False, form))


def split_scores(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Scores of a batch [reals, fakes] -> those of the reals, those of the fakes."""
    real, fake = torch.chunk(scores, 2)
    return real, fake
