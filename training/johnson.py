"""One network for one painting: Johnson, Alahi & Fei-Fei 2016, "Perceptual Losses for Real-Time Style Transfer".

    python -m training.johnson --style-image painting.jpg --photos photos/ --name my-style

trains in runs/my-style and ends with runs/my-style/my-style.safetensors, which `python -m export` turns into a style.
Departures from the paper, each an option: the lite network, style terms divided by the painting's own (so that no
layer drowns the others), SOAP in Adam's place, a falling learning rate, and a steadiness term (training.temporal).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from training.checkpoint import load_generator, load_with_trunk, read_card, save_generator
from training.cli import parse
from training.generators import Generator, Lite, build
from training.images import load_image
from training.loop import Training, run_training
from training.objective import LossSettings, Objective, loss_vgg
from training.optimisation import Painter
from training.provenance import commit, install, training_summary
from training.settings import InRunFolder, LoopSettings, at_least
from weights.card import Card, StylePicture
from weights.errors import InputError, exit_code
from weights.files import sha256


@dataclass(frozen=True)
class Settings(InRunFolder):
    """Train one network for one painting."""

    style_image: Path
    """The painting."""
    name: str
    """The style's name: lower-case letters, digits, dashes."""
    loop: LoopSettings
    loss: LossSettings = field(default_factory=LossSettings)
    picture: StylePicture = field(default_factory=StylePicture)
    weights_license: str = ""
    """The licence you give the trained weights."""
    architecture: Literal["lite", "johnson"] = "lite"
    """lite for CPU real time, johnson for the paper's network."""
    width: int = 32
    """Channels: of lite at a quarter of the size, of johnson's first layer."""
    blocks: int = 0
    """Residual blocks; 0 for the architecture's own number."""
    deep: int = 64
    """lite only: channels at an eighth of the size; 0 for no such stage."""
    dilations: tuple[int, ...] = (1, 1, 1)
    """lite only: a residual block at an eighth of the size for each, and how far apart its kernels reach."""
    upsampling: Literal["nearest", "transposed"] = "nearest"
    """johnson only: how it grows the picture back."""
    norm: Literal["instance", "batch"] = "instance"
    """johnson only: its normalisation."""
    init: Path | None = None
    """A .safetensors style of the same architecture to start from, or one of a pack."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    def __post_init__(self) -> None:
        at_least(self, width=1, blocks=0, deep=0, dilations=1)

    def architecture_arguments(self) -> dict[str, Any]:
        """What `training.generators.build` takes for these settings."""
        arguments: dict[str, Any] = {"width": self.width}
        if self.blocks:
            arguments["blocks"] = self.blocks
        if self.architecture == "johnson":
            arguments.update(upsampling=self.upsampling, norm=self.norm)
        elif self.deep:
            arguments = {"blocks": 1, **arguments, "deep": self.deep, "dilations": list(self.dilations)}
        return arguments


class OneStyle(Painter):
    """A network that knows one painting."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, photo: Tensor, which: Tensor) -> Tensor:
        painted: Tensor = self.generator(photo)
        return painted


def card_of(settings: Settings, stride: int, steps: int, losses: dict[str, float]) -> Card:
    """The card of a network trained with these settings."""
    return Card(
        name=settings.name,
        title=settings.picture.title_for(settings.name),
        method="johnson",
        architecture=settings.architecture,
        arguments=settings.architecture_arguments(),
        stride=stride,
        picture=settings.picture,
        license=settings.weights_license,
        training=training_summary(settings.loop, settings.loss, steps, losses),
        commit=commit(),
    )


def train(settings: Settings) -> Path:
    """Train as the settings say; returns the .safetensors file. Raises InputError."""
    card_of(settings, 0, 0, {})  # a bad name is said before hours of work
    painting = load_image(settings.style_image, short_side=settings.loss.style_size)
    path = settings.folder / f"{settings.name}.safetensors"
    torch.manual_seed(settings.loop.seed)
    network = build(settings.architecture, settings.architecture_arguments())
    if settings.init:
        network.load_state_dict(numbers_to_start_from(settings.init, settings))

    objective = Objective(loss_vgg(settings.loss), (painting, settings.loss))

    def save(painter: Painter, steps: int, losses: dict[str, float]) -> None:
        assert isinstance(painter, OneStyle)
        save_generator(path, painter.generator, card_of(settings, network.stride, steps, losses))

    same = {"the painting": sha256(settings.style_image)}
    writes = run_training(
        Training(settings.loop, settings.folder, OneStyle(network), objective, 1, save, settings, same)
    )
    if writes and settings.loop.install:
        install(path)
    return path


def numbers_to_start_from(path: Path, settings: Settings) -> dict[str, Tensor]:
    """The numbers of a trained style, of a pack's the bold strokes. Raises InputError where it is built otherwise."""
    numbers, card = _trained(path)
    architecture = card.architecture.removesuffix("-trunk")
    asked = _in_full(settings.architecture, settings.architecture_arguments())
    if architecture != settings.architecture or _in_full(architecture, card.arguments) != asked:
        raise InputError(f"{path} is {architecture} {dict(card.arguments)}, not what --architecture asks for.")
    return numbers


def _in_full(architecture: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a network is built of, those that `arguments` leave to its builder included."""
    network = build(architecture, arguments)
    return network.trunk.arguments if isinstance(network, Lite) else dict(arguments)


def _trained(path: Path) -> tuple[dict[str, Tensor], Card]:
    if not read_card(path).trunk:
        generator, card = load_generator(path)
        return generator.state_dict(), card
    trunk, vectors, card = load_with_trunk(path)
    return {f"trunk.{name}": value for name, value in trunk.state_dict().items()} | {"style": vectors[1]}, card


def main() -> int:
    """The command line."""
    settings = parse(Settings, "python -m training.johnson", __doc__)
    path = train(settings)
    if not settings.loop.install:
        print(f"{path}: install it with  python -m export {path.parent}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
