"""Any painting at once: learn to predict its style vectors from a look at it (Ghiasi et al. 2017).

    python -m training.predictor --paintings many/train --val-paintings many/val --photos photos/ --name predictor

The trunk stays as it is, so that predicted styles blend with trained ones; what is learned is the map from what VGG16
sees in a painting to the vectors of its fine and its bold strokes. The paintings are looked at first, and what they
are judged by is kept in the run folder: with some hundred paintings this takes minutes and a gigabyte.
`python -m export runs/predictor` makes predictor.onnx, which `--style picture.jpg` and a dropped picture ask.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.checkpoint import bound, load_generator, load_vector, save_generator, vectors_beside
from training.cli import parse
from training.generators import LiteTrunk
from training.images import pictures_in, split
from training.loop import Training, run_training
from training.multistyle import differing, losses_told
from training.objective import loss_vgg
from training.optimisation import Painter, device_of
from training.perceptual import load_vgg
from training.predictor.network import KNOWN, StyleEncoder, StyleMap, load_predictor
from training.predictor.targets import Table, TableObjective, View
from training.predictor.views import LOOKED_AT
from training.provenance import commit, install, training_summary
from training.resident import memory_for_data
from training.resume import names_of, nothing_lost
from training.run import Run
from training.settings import InRunFolder, LoopSettings, at_least, split_photos
from weights.card import PREDICTOR, Card
from weights.errors import InputError, exit_code
from weights.files import sha256
from weights.folders import WEIGHTS


@dataclass(frozen=True)
class Settings(InRunFolder):
    """Train a predictor of style vectors."""

    paintings: Path
    """A folder of paintings, some hundred of all kinds."""
    loop: LoopSettings
    name: str = "predictor"
    """The predictor's name: lower-case letters, digits, dashes."""
    val_paintings: Path | None = None
    """Paintings to judge by; without it, one in ten is held out."""
    trunk: Path = WEIGHTS / "pack.safetensors"
    """The trunk, with its styles beside it."""
    number_of_views: int = 3
    """Views of each painting that is learned from: the whole, then parts of it in other colours."""
    hidden: int = 384
    """Width of the map."""
    parts: int = 96
    """How many numbers are kept of what the encoder says."""
    init: Path | None = None
    """A predictor's .safetensors whose map is trained on, as one for the same trunk before it was trained further."""
    weights_license: str = ""
    """The licence you give the map's numbers."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    def __post_init__(self) -> None:
        at_least(self, number_of_views=1, hidden=1, parts=1)


class PredictedStyles(Painter):
    """A trunk that paints after rows of a table: `which` 2 v and 2 v + 1 are the strokes of view v. The map learns."""

    features: Tensor

    def __init__(self, trunk: LiteTrunk, style_map: StyleMap, features: Tensor) -> None:
        super().__init__()
        self.trunk, self.map = trunk.requires_grad_(False), style_map
        self.register_buffer("features", features, persistent=False)

    def forward(self, photo: Tensor, which: Tensor) -> Tensor:
        vectors = self.map(self.features[which // 2])
        painted: Tensor = self.trunk(photo, vectors[torch.arange(len(which), device=which.device), which % 2])
        return painted


def initial_map(settings: Settings, features: Tensor, known: list[Tensor]) -> StyleMap:
    """The map to train: fresh, or that of `init`. Raises InputError where that one has another shape."""
    fresh = fresh_map(settings, features, known)
    if settings.init is None:
        return fresh
    found = load_predictor(settings.init)[0].map
    shape = {name: value for name, value in found.arguments.items() if name != "known"}
    if any(fresh.arguments[name] != value for name, value in shape.items()):
        differ = ", ".join(f"{name} {value}" for name, value in shape.items())
        raise InputError(f"The map of {settings.init} has another shape ({differ}): ask for the same.")
    fresh.load_state_dict({**fresh.state_dict(), **{k: v for k, v in found.state_dict().items() if "known" not in k}})
    fresh.know(features)
    return fresh


def fresh_map(settings: Settings, features: Tensor, known: list[Tensor]) -> StyleMap:
    """A map that predicts the mean of the known styles, (2, style_length) each, whatever it is shown."""
    styles = torch.stack(known)
    known_by_heart = round(KNOWN * len(features))
    style_map = StyleMap(features.shape[1], styles.shape[-1], settings.parts, settings.hidden, known_by_heart)
    spread = (styles - styles.mean(0)).flatten(0, 1).square().mean(0).sqrt()
    style_map.fit(features, styles.mean(0), spread.clamp(min=0.02))
    return style_map


def split_paintings(settings: Settings) -> tuple[list[Path], list[Path]]:
    """The paintings to learn from and those to judge by. Raises InputError."""
    paintings = pictures_in(settings.paintings)
    if settings.val_paintings:
        return paintings, pictures_in(settings.val_paintings)
    rest, held_out = split(paintings, 10)
    return rest or paintings, held_out


def card_of(settings: Settings, trunk_card: Card, arguments: dict[str, Any], steps: int, told: dict[str, Any]) -> Card:
    """The predictor's card."""
    return Card(
        settings.name,
        f"Style predictor for {trunk_card.name}",
        method="predictor",
        architecture=PREDICTOR,
        arguments={**arguments, "size": LOOKED_AT},
        trunk=trunk_card.name,
        license=settings.weights_license,
        training={**told, "steps": steps},
        commit=commit(),
    )


def train(settings: Settings) -> Path:
    """Look at the paintings, then learn; returns the map's .safetensors file. Raises InputError."""
    trunk, trunk_card = load_generator(settings.trunk)
    known = [load_vector(p)[0] for p in vectors_beside(settings.trunk)]
    if not isinstance(trunk, LiteTrunk) or not known:
        raise InputError(f"{settings.trunk} is no trunk with styles: give the .safetensors of one with --trunk.")
    split_photos(settings.loop)  # photos that are missing are said before the work
    paintings, judged = split_paintings(settings)
    if len(paintings) < 2:
        raise InputError(f"{settings.paintings} has one painting to learn from: give some hundred of all kinds.")
    learned = [View(path, number) for number in range(settings.number_of_views) for path in paintings]
    table = Table(
        settings.folder / "table", losses_told(trunk_card.training), [*learned, *(View(p, 0) for p in judged)]
    )
    card_of(settings, trunk_card, {}, 0, {})  # a bad name is said before the work
    nothing_lost(settings.folder, settings.loop.resume)
    device = device_of(settings.loop.accelerator)
    vgg = loss_vgg(table.losses[1]).to(device)
    pictures = {"the paintings": names_of([*paintings, *judged])}
    same = {**pictures, "the trunk": sha256(settings.trunk)}
    run = Run(settings.folder, settings, settings.loop.checkpoint_minutes, line_seconds=settings.loop.line_seconds)
    with torch.no_grad():
        looked_at = [(loss.loss_network, loss.style_size, loss.style_views()) for loss in table.losses]
        made_of = f"{pictures} {settings.number_of_views} {settings.loop.seed} {looked_at}"
        table.build(vgg, StyleEncoder(load_vgg()).to(device), settings.loop.seed, made_of, run)
    if device.type == "cuda" and table.nbytes <= memory_for_data(device):
        table.hold(device)
    run.close()
    torch.manual_seed(settings.loop.seed)
    features = table.features()
    style_map = initial_map(settings, features[: len(learned)], known)
    path = settings.folder / f"{settings.name}.safetensors"
    fine, bold = table.losses

    def save(painter: Painter, steps: int, losses: dict[str, float]) -> None:
        assert isinstance(painter, PredictedStyles)
        told = {**training_summary(settings.loop, bold, steps, losses), **differing(fine, bold)}
        told |= {"paintings": len(paintings), "views": settings.number_of_views}
        card = card_of(settings, trunk_card, painter.map.arguments, steps, told)
        save_generator(path, painter.map, bound(card, trunk))

    painter = PredictedStyles(trunk, style_map, features)
    shown = range(2 * len(learned) + 1, 2 * len(table.views), 2)  # the bold strokes of those held out
    training = Training(
        settings.loop, settings.folder, painter, TableObjective(vgg, table), 2 * len(learned), save, settings, same,
        judged=shown,
    )  # fmt: skip
    if run_training(training) and settings.loop.install:
        install(path)
    return path


def main() -> int:
    """The command line."""
    path = train(parse(Settings, "python -m training.predictor", __doc__))
    print(f"{path}: install it with  python -m export {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
