"""What a predictor is worth, in figures, on paintings it never saw.

    python -m training.predictor.evaluate weights/predictor.safetensors --paintings held-out/ --photos photos/

prints for each painting the style loss over photos of the predicted vectors (both strokes), that over the nearest of
the trunk's own styles; D, the coarse style distance of the bold strokes (training.measures), that over the nearest
style's, and over the own style's of this name where there is one; noise gain and 1-px shift error
(training.steadiness). With --fit-steps a vector is fitted to each painting too, by training.newstyle and without the
prediction: then style loss and D over the fitted ones', and what a third of the steps from the prediction reach over
what all of them reached without it (total loss). Fits are kept in --fits, and what is stopped goes on there. The last
row is the median.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch import Tensor

from training import newstyle
from training.checkpoint import load_generator, load_vector, vectors_beside
from training.cli import parse
from training.generators import LiteTrunk
from training.images import central_crop, load_image, pictures_in
from training.measures import coarse_style_distance, photo_to_measure
from training.multistyle import losses_told
from training.objective import Objective, loss_vgg
from training.perceptual import Features, load_vgg
from training.predictor.asking import predicted_style
from training.predictor.network import load_predictor
from training.settings import at_least
from training.steadiness import noise_gain, shift_error
from training.validation import evenly
from weights.errors import InputError, exit_code
from weights.folders import WEIGHTS


@dataclass(frozen=True)
class Settings:
    """Judge a predictor of style vectors."""

    predictor: Annotated[Path, tyro.conf.Positional]
    """Its .safetensors."""
    paintings: Path
    """Paintings that it never saw."""
    photos: Path
    """Held-out photos."""
    trunk: Path = WEIGHTS / "pack.safetensors"
    """The trunk, with its styles beside it."""
    count: int = 0
    """How many of the paintings, evenly chosen; 0 for all."""
    photo_count: int = 3
    """How many of the photos."""
    size: int = 288
    """Side of their central crops in pixels, for losses and steadiness."""
    lines: int = 480
    """Short side of the photos and of the painting for D."""
    fit_steps: int = 0
    """Steps of the fits; 0 for none. newstyle takes 300 by default."""
    fits: Path = Path("runs/fits")
    """Where the fits are kept."""
    threads: int = 0
    """CPU threads; 0 for all."""

    def __post_init__(self) -> None:
        at_least(self, count=0, photo_count=1, size=32, lines=32, fit_steps=0)


class Judge:
    """The trunk, its own styles by name, and the photos to paint."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        trunk, card = load_generator(settings.trunk)
        self.own = {path.stem: load_vector(path)[0] for path in vectors_beside(settings.trunk)}
        if not isinstance(trunk, LiteTrunk) or not self.own:
            raise InputError(f"{settings.trunk} is no trunk with styles: give the .safetensors of one with --trunk.")
        self.predictor, predictor_card = load_predictor(settings.predictor)
        predictor_card.check_trunk(card, settings.predictor)
        self.trunk, self.losses, self.vgg = trunk, losses_told(card.training), load_vgg()
        paths = evenly(pictures_in(settings.photos), settings.photo_count)
        self.crops = [central_crop(path, settings.size) for path in paths]
        self.seen: dict[str, list[dict[int, Features]]] = {}
        self.large = [photo_to_measure(path, settings.lines) for path in paths]

    @torch.no_grad()
    def row(self, path: Path) -> dict[str, float]:
        """The figures of one painting."""
        paintings = [(load_image(path, short_side=loss.style_size), loss) for loss in self.losses]
        objective = Objective(loss_vgg(self.losses[1]), *paintings)
        wanted = load_image(path, short_side=self.settings.lines)
        vectors = predicted_style(self.predictor, path)
        style, distance = self.loss(objective, vectors)[0], self.distance(vectors, wanted)
        losses = self.losses_of_own(objective)
        nearest = min(losses, key=losses.__getitem__)
        row = {"style": style, "over nearest": style / losses[nearest], "D": distance}
        row["D over nearest"] = distance / self.distance(self.own[nearest], wanted)
        if path.stem in self.own:
            row["D over own"] = distance / self.distance(self.own[path.stem], wanted)
        if self.settings.fit_steps:
            fitted, sooner = self.fitted(path, predict=False), self.fitted(path, predict=True)
            loss, total = self.loss(objective, fitted)
            row["over fitted"], row["D over fitted"] = style / loss, distance / self.distance(fitted, wanted)
            row["a third"] = self.loss(objective, sooner)[1] / total
        return {**row, **self.steadiness(vectors[1:])}

    def loss(self, objective: Objective, vectors: Tensor) -> tuple[float, float]:
        """Mean style and mean total loss of both strokes over the crops."""
        which, found = torch.arange(2), []
        for photo in self.crops:
            both = photo.expand(2, -1, -1, -1)
            terms = objective(self.trunk(both, vectors), both, which=which)
            found.append((terms["style"].item(), sum(term.item() for term in terms.values())))
        return mean(style for style, _ in found), mean(total for _, total in found)

    def losses_of_own(self, objective: Objective) -> dict[str, float]:
        """Mean style loss over the crops of each of the trunk's own styles; what is seen in those is kept."""
        if not self.seen:
            for name, own in self.own.items():
                self.seen[name] = [objective.seen_in(self.trunk(x.expand(2, -1, -1, -1), own)) for x in self.crops]
        which = torch.arange(2)
        return {name: mean(objective.style_of(one, which) for one in seen) for name, seen in self.seen.items()}

    def distance(self, vectors: Tensor, wanted: Tensor) -> float:
        """Mean D of the bold strokes over the photos."""
        return mean(coarse_style_distance(self.vgg, self.trunk(x, vectors[1:]), wanted) for x in self.large)

    def steadiness(self, vector: Tensor) -> dict[str, float]:
        """Mean noise gain and shift error over the crops."""

        def paint(photo: Tensor) -> Tensor:
            painted: Tensor = self.trunk(photo, vector)
            return painted

        return {
            "noise": mean(noise_gain(paint, photo) for photo in self.crops),
            "shift": mean(shift_error(paint, photo, 1) for photo in self.crops),
        }

    @torch.enable_grad()
    def fitted(self, path: Path, predict: bool) -> Tensor:
        """(2, style_length) as newstyle fits it: from the prediction with a third of the steps, or without it."""
        folder = self.settings.fits / (f"{path.stem}-predicted" if predict else path.stem)
        steps = self.settings.fit_steps // 3 if predict else self.settings.fit_steps
        fit = newstyle.Settings(
            path,
            path.stem.lower(),
            trunk=self.settings.trunk,
            predictor=self.settings.predictor if predict else None,
            out=folder,
        )
        resume = (folder / "checkpoint.pt").exists()
        loop = replace(fit.loop, steps=steps, install=False, resume=resume, threads=self.settings.threads)
        return load_vector(newstyle.train(replace(fit, loop=loop)))[0]


def evaluate(settings: Settings) -> dict[str, dict[str, float]]:
    """The figures of every painting, and their medians. Raises InputError."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    judge, paths = Judge(settings), pictures_in(settings.paintings)
    rows: dict[str, dict[str, float]] = {}
    for path in evenly(paths, settings.count) if settings.count else paths:
        rows[path.stem] = row = judge.row(path)
        print(path.stem, *(f"{name} {value:.3g}" for name, value in row.items()), sep="  ", file=sys.stderr)
    columns = max(rows.values(), key=len)
    rows["median"] = {name: median(row[name] for row in rows.values() if name in row) for name in columns}
    return rows


def main() -> int:
    """The command line."""
    settings = parse(Settings, "python -m training.predictor.evaluate", __doc__)
    rows = evaluate(settings)
    columns = rows["median"]
    table = Table("painting", *columns)
    for name, row in rows.items():
        table.add_row(name, *(f"{row[c]:.3g}" if c in row else "" for c in columns))
    Console(width=200).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
