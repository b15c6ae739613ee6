"""A new painting in minutes: only its style vector is fitted, the trunk stays as it is (Dumoulin 2017, section 3.4).

    python -m training.newstyle mine.jpg --name mine

needs no photos (a few are in the repository), shows previews in runs/mine, installs the style and is done in about
five minutes on two cores. A trunk knows the strokes it was trained with: a painting far from them is met only partly,
and that is said.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import torch
import tyro
from torch import Tensor

from training.checkpoint import bound, load_generator, load_vector, save_vector, vectors_beside
from training.generators import LiteTrunk
from training.images import central_crop, load_image, pictures_in
from training.johnson import training_summary
from training.loop import LoopSettings, Training, commit, fit, install
from training.multistyle import ManyStyles
from training.objective import LossSettings, Objective, loss_vgg
from weights.card import WEIGHTS, Card, StylePicture
from weights.errors import InputError, exit_code

PHOTOS = Path(__file__).resolve().parent / "photos"
"""The photos that come with the project (weights/README.md names them)."""

FAR = 1.5
"""A style loss this many times the trunk's own styles' says that the trunk can't meet the painting."""


def _defaults() -> LoopSettings:
    return LoopSettings(PHOTOS, size=192, batch=2, steps=300, optimizer="adam", lr=4e-3, preview_steps=25, install=True)


@dataclass(frozen=True)
class Settings:
    """Fit the style vector of one painting."""

    style_image: Annotated[Path, tyro.conf.Positional]
    """The painting."""
    name: str
    """The style's name: lower-case letters, digits, dashes."""
    loop: LoopSettings = field(default_factory=_defaults)
    trunk: Path = WEIGHTS / "pack.safetensors"
    """The shared network, as export wrote it."""
    style_size: int = 0
    """Short side of the painting in pixels; 0 for the trunk's."""
    picture: StylePicture = field(default_factory=StylePicture)
    weights_license: str = ""
    """The licence you give the vector."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    @property
    def folder(self) -> Path:
        return self.out or Path("runs") / self.name


def start(objective: Objective, trunk: LiteTrunk, known: list[Tensor], photo: Tensor) -> Tensor:
    """The known vector, or their mean, that comes nearest to the painting: where the fit begins."""
    candidates = [*known, torch.stack(known).mean(0)] if known else [trunk.plain_style()]
    with torch.no_grad():
        losses = [objective(trunk(photo, v), photo)["style"].item() for v in candidates]
    return candidates[losses.index(min(losses))].clone()


def verdict(loss: float, known: float) -> str:
    """Words where the trunk can't meet the painting, else empty. Both are style losses, validated."""
    if not math.isfinite(loss) or loss > FAR * known:
        return (
            f"The trunk meets this painting only partly (style loss {loss:.2g}, its own styles' {known:.2g}): "
            "try another --style-size, or train a network of its own with python -m training.johnson."
        )
    return ""


def train(settings: Settings) -> Path:
    """Fit, save and (by default) install the vector; returns its .safetensors file. Raises InputError."""
    trunk, trunk_card = load_generator(settings.trunk)
    if not isinstance(trunk, LiteTrunk):
        raise InputError(f"{settings.trunk} is no trunk: give the .safetensors of one with --trunk.")
    loss = LossSettings.from_summary(trunk_card.training)
    loss = replace(loss, style_size=settings.style_size or loss.style_size)
    painting = load_image(settings.style_image, short_side=loss.style_size)
    known = [load_vector(p)[0] for p in vectors_beside(settings.trunk)]
    objective = Objective(loss, loss_vgg(loss), painting)
    photo = central_crop(pictures_in(settings.loop.photos)[0], settings.loop.size)
    painter = ManyStyles(trunk.requires_grad_(False), start(objective, trunk, known, photo)[None])
    path = settings.folder / f"{settings.name}.safetensors"
    final: dict[str, float] = {}

    def card(steps: int, losses: dict[str, float]) -> Card:
        return Card(
            name=settings.name,
            title=settings.picture.title_for(settings.name),
            method="newstyle",
            architecture="lite-trunk",
            arguments=trunk.arguments,
            trunk=trunk_card.name,
            picture=settings.picture,
            license=settings.weights_license,
            training=training_summary(settings.loop, loss, steps, losses),
            commit=commit(),
        )

    def save(steps: int, losses: dict[str, float]) -> None:
        final.update(losses)
        save_vector(path, painter.vectors[0], bound(card(steps, losses), trunk))

    card(0, {})
    writes = fit(Training(settings.loop, settings.folder, painter, objective, 1, save, settings))
    known_loss = float(trunk_card.training.get("val_style", math.inf))
    if writes and (words := verdict(final["style"], known_loss)):
        print(words, file=sys.stderr)
    if writes and settings.loop.install:
        install(path)
    return path


def main() -> int:
    """The command line."""
    train(
        tyro.cli(Settings, prog="python -m training.newstyle", description=__doc__, config=(tyro.conf.OmitArgPrefixes,))
    )
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
