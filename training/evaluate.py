"""What a style is worth, in figures: losses, the reference steps they equal, and steadiness.

    python -m training.evaluate styles weights/starry-night.safetensors --paintings paintings/ --photos held-out/

prints for each style, over held-out photos: the content, style and total loss it was trained with; the number of
L-BFGS steps from the content picture after which Gatys' optimisation of the same total loss overtakes it (the measure
of Johnson 2016, figure 5); its noise gain; its shift error at 1 to 4 pixels; and, with --flow or --clips, its
flow-warped error (training.steadiness).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated

import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch import Tensor

from training.checkpoint import load_generator, load_vector, read_card
from training.cyclegan.evaluate import CycleGAN, evaluate_cyclegan
from training.images import SUFFIXES, central_crop, load_image, pictures_in
from training.loop import evenly
from training.objective import LossSettings, Objective, loss_vgg, reference_descent
from training.steadiness import SHIFTS, Paint, Pair, clip_pairs, flow_error, noise_gain, shift_error, true_pairs
from weights.card import Card
from weights.errors import InputError, exit_code


def reference_steps(objective: Objective, photo: Tensor, goal: float, limit: int) -> tuple[int, float]:
    """How many L-BFGS steps from `photo` bring the total loss to `goal` or below, and the loss after the last step.

    The steps are those of training.objective.reference_descent. Returns `limit` + 1 where `limit` don't suffice.
    """
    loss = float("inf")
    for step, (loss, _) in zip(range(limit + 1), reference_descent(objective, photo), strict=False):
        if loss <= goal:
            return step, loss
    return limit + 1, loss


def objective_of(card: Card, painting: Path) -> Objective:
    """The loss that the card's network was trained with. Raises InputError where the card has no settings."""
    settings = LossSettings.from_summary(card.training)
    return Objective(settings, loss_vgg(settings), load_image(painting, short_side=settings.style_size))


@dataclass(frozen=True)
class Styles:
    """Losses, reference steps and steadiness of trained styles."""

    weights: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """.safetensors styles: networks of their own, or vectors beside their trunk."""
    paintings: Path
    """The folder of the paintings, NAME.jpg (or .png) each; a style's name may go on after it, NAME-johnson."""
    photos: Path
    """Held-out photos."""
    count: int = 6
    """How many of them, evenly chosen."""
    size: int = 256
    """Side of their central crops in pixels."""
    reference: int = 100
    """L-BFGS steps tried at most; 0 to leave them out."""
    flow: Path | None = None
    """A folder of folders with frame0.png, frame1.png and flow.flo."""
    clips: tuple[Path, ...] = ()
    """Clips whose flow is estimated."""


def painting_of(name: str, folder: Path) -> Path:
    """The painting of style `name` in `folder`, starry-night.jpg for starry-night-johnson too. Raises InputError."""
    stem = name
    while stem:
        for path in sorted(folder.glob(f"{stem}.*")):
            if path.suffix.lower() in SUFFIXES:
                return path
        stem = stem.rpartition("-")[0]
    raise InputError(f"There is no painting {name}.jpg in {folder}.")


def load_style(path: Path) -> tuple[Paint, Card]:
    """A style as a function and its card: a network, or a vector with its trunk beside it or above it."""
    if not read_card(path).trunk:
        return load_generator(path)
    vector, card = load_vector(path)
    beside = [folder / f"{card.trunk}.safetensors" for folder in (path.parent, path.parent.parent)]
    trunk, _ = load_generator(next((p for p in beside if p.exists()), beside[0]))
    return lambda x: trunk(x, vector), card


def losses_of(paint: Paint, objective: Objective, photos: list[Tensor], reference: int) -> dict[str, float]:
    """Mean content, style and total loss, and the reference steps where asked for."""
    rows: list[dict[str, float]] = []
    for photo in photos:
        with torch.no_grad():
            terms = {name: value.item() for name, value in objective(paint(photo), photo).items()}
        row = {"content": terms["content"], "style": terms["style"], "total": sum(terms.values())}
        if reference:
            row["steps"], row["after"] = reference_steps(objective, photo, row["total"], reference)
        rows.append(row)
    return mean_of(rows)


def steadiness_of(paint: Paint, photos: list[Tensor], pairs: dict[str, list[Pair]]) -> dict[str, float]:
    """Mean noise gain, shift errors and flow-warped errors."""
    rows = [
        {"noise": noise_gain(paint, photo), **{f"shift{k}": shift_error(paint, photo, k) for k in SHIFTS}}
        for photo in photos
    ]
    return {**mean_of(rows), **{kind: mean(flow_error(paint, pair) for pair in of) for kind, of in pairs.items()}}


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each key."""
    return {key: mean(row[key] for row in rows) for key in rows[0]}


def styles(options: Styles) -> None:
    """Print the table; its last row is the identity, the floor of every measure of steadiness.

    CycleGAN styles have no losses of this kind, only steadiness.
    """
    paths = pictures_in(options.photos)
    photos = [central_crop(p, options.size) for p in evenly(paths, options.count)]
    pairs: dict[str, list[Pair]] = {}
    if options.flow:
        pairs["flow"] = list(true_pairs(options.flow))
    if options.clips:
        pairs["clips"] = [pair for clip in options.clips for pair in clip_pairs(clip)]
    rows: dict[str, dict[str, float]] = {}
    for path in options.weights:
        paint, card = load_style(path)
        losses: dict[str, float] = {}
        if card.method != "cyclegan":  # which has no painting to measure a style loss by
            objective = objective_of(card, painting_of(card.name, options.paintings))
            losses = losses_of(paint, objective, photos, options.reference)
        rows[str(path)] = {**losses, **steadiness_of(paint, photos, pairs)}
    rows["identity"] = steadiness_of(lambda x: x, photos, pairs)
    limit = f"at most {options.reference} L-BFGS steps tried"
    columns = max(rows.values(), key=len)
    table = Table("style", *columns, title=f"{len(photos)} photos at {options.size} px, {limit}")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[c]:.4g}" if c in row else "" for c in columns))
    Console(width=160).print(table)


def main() -> int:
    """The command line."""
    options = tyro.extras.subcommand_cli_from_dict(
        {"styles": Styles, "cyclegan": CycleGAN}, prog="python -m training.evaluate", description=__doc__
    )
    if isinstance(options, Styles):
        styles(options)
    else:
        evaluate_cyclegan(options)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
