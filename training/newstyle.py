"""A new painting in minutes: only its style vector is fitted, the trunk stays as it is (Dumoulin 2017, section 3.4).

    python -m training.newstyle mine.jpg --name mine

needs no photos (a few are in the repository), shows previews in runs/mine, installs the style and is done in about
five minutes on two cores. A trunk knows the strokes it was trained with: a painting far from them is met only partly,
and that is said. Where the trunk has a predictor, the fit begins with what that says of the painting.
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
from training.cli import parse
from training.generators import LiteTrunk
from training.images import central_crop, load_image, pictures_in
from training.loop import Training, run_training
from training.multistyle import ManyStyles, differing, losses_told
from training.objective import Objective, loss_vgg
from training.optimisation import Painter
from training.predictor.asking import predicted_style
from training.predictor.network import load_predictor
from training.provenance import commit, install, training_summary
from training.resume import nothing_lost
from training.settings import InRunFolder, LoopSettings, at_least
from weights.card import Card, StylePicture
from weights.errors import InputError, exit_code
from weights.files import sha256
from weights.folders import WEIGHTS

PHOTOS = Path(__file__).resolve().parent / "photos"
"""The photos that come with the project (weights/README.md names them)."""

PREDICTED_BY = WEIGHTS / "predictor.safetensors"
"""The predictor that is installed; of no use to other trunks than its own."""

FAR = 1.5
"""A style loss this many times the trunk's own styles' says that the trunk can't meet the painting."""


def _defaults() -> LoopSettings:
    return LoopSettings(PHOTOS, batch=1, steps=300, optimizer="adam", lr=4e-3, preview_steps=25, install=True)


@dataclass(frozen=True)
class Settings(InRunFolder):
    """Fit the style vector of one painting."""

    style_image: Annotated[Path, tyro.conf.Positional]
    """The painting."""
    name: str
    """The style's name: lower-case letters, digits, dashes."""
    loop: LoopSettings = field(default_factory=_defaults)
    trunk: Path = WEIGHTS / "pack.safetensors"
    """The shared network, as export wrote it."""
    predictor: Path | None = PREDICTED_BY
    """The trunk's style predictor, from whose vectors the fit begins where they come nearest; None for none."""
    style_size: int = 0
    """Short side of the painting in pixels; 0 for the trunk's."""
    picture: StylePicture = field(default_factory=StylePicture)
    weights_license: str = ""
    """The licence you give the vector."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    def __post_init__(self) -> None:
        at_least(self, style_size=0)


def predicted(settings: Settings, trunk_card: Card) -> list[Tensor]:
    """What the predictor says of the painting, if there is one. Raises InputError where one was asked for in vain."""
    path = settings.predictor
    if path is None or (path == PREDICTED_BY and not path.exists()):
        return []
    predictor, card = load_predictor(path)
    if path == PREDICTED_BY and card.trunk_hash != trunk_card.trunk_hash:
        return []
    card.check_trunk(trunk_card, path)
    return [predicted_style(predictor, settings.style_image)]


def nearest_known(objective: Objective, trunk: LiteTrunk, known: list[Tensor], photo: Tensor) -> Tensor:
    """(2, style_length): the known style, or their mean, that comes nearest to the painting: where the fit begins."""
    candidates = [*known, torch.stack(known).mean(0)] if known else [trunk.plain_style().expand(2, -1)]
    which = torch.arange(2, device=photo.device)
    both = photo.expand(2, -1, -1, -1)
    print(f"looking which of {len(candidates)} vectors comes nearest to the painting", file=sys.stderr)
    with torch.no_grad():
        losses = [objective(trunk(both, v), both, which=which)["style"].item() for v in candidates]
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
    nothing_lost(settings.folder, settings.loop.resume)  # said before the work
    fine, bold = losses_told(trunk_card.training)
    scale = settings.style_size / bold.style_size if settings.style_size else 1.0
    fine, bold = (replace(loss, style_size=round(scale * loss.style_size)) for loss in (fine, bold))
    paintings = [(load_image(settings.style_image, short_side=loss.style_size), loss) for loss in (fine, bold)]
    objective = Objective(loss_vgg(bold), *paintings)
    known = [load_vector(p)[0] for p in vectors_beside(settings.trunk)] + predicted(settings, trunk_card)
    photo = central_crop(pictures_in(settings.loop.photos)[0], settings.loop.size)
    painter = ManyStyles(trunk.requires_grad_(False), nearest_known(objective, trunk, known, photo))
    path = settings.folder / f"{settings.name}.safetensors"

    def card(steps: int, losses: dict[str, float]) -> Card:
        return Card(
            name=settings.name,
            title=settings.picture.title_for(settings.name),
            method="newstyle",
            architecture="lite-trunk",
            arguments=trunk.arguments,
            stride=trunk.stride,
            trunk=trunk_card.name,
            picture=settings.picture,
            license=settings.weights_license,
            training={**training_summary(settings.loop, bold, steps, losses), **differing(fine, bold)},
            commit=commit(),
        )

    def save(painter: Painter, steps: int, losses: dict[str, float]) -> None:
        assert isinstance(painter, ManyStyles)
        save_vector(path, painter.strokes(0), bound(card(steps, losses), trunk))

    card(0, {})
    same = {"the painting": sha256(settings.style_image), "the trunk": sha256(settings.trunk)}
    writes = run_training(Training(settings.loop, settings.folder, painter, objective, 2, save, settings, same))
    if writes:
        found, known_loss = (float(c.training.get("val_style", math.inf)) for c in (load_vector(path)[1], trunk_card))
        if words := verdict(found, known_loss):
            print(words, file=sys.stderr)
        if settings.loop.install:
            install(path)
    return path


def main() -> int:
    """The command line."""
    train(parse(Settings, "python -m training.newstyle", __doc__))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
