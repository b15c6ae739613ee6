"""What a style is worth, in figures: losses, the reference steps they equal, and steadiness.

    python -m training.evaluate styles weights/starry-night.safetensors --paintings paintings/ --photos held-out/

prints for each style, over held-out photos: the content, style and total loss it was trained with; the number of
L-BFGS steps from the content picture after which Gatys' optimisation of the same total loss overtakes it (the measure
of Johnson 2016, figure 5); its noise gain; and its shift error at 1 to 4 pixels.
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

from training.checkpoint import load_generator
from training.generators import Generator
from training.images import SUFFIXES, central_crop, load_image, pictures_in
from training.objective import LossSettings, Objective, loss_vgg, total
from weights.card import Card
from weights.errors import InputError, exit_code

SIGMA = 3 / 255
"""Deviation of the noise whose gain is measured: about that of a webcam in a lit room."""

SHIFTS = (1, 2, 3, 4)


def noise_gain(generator: Generator, photo: Tensor) -> float:
    """Output change over input change (root mean squares) under Gaussian noise of SIGMA; the identity has 1."""
    noisy = (photo + SIGMA * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    with torch.no_grad():
        change: Tensor = generator(noisy) - generator(photo)
    gain: float = (change.square().mean().sqrt() / (noisy - photo).square().mean().sqrt()).item()
    return gain


def shift_error(generator: Generator, photo: Tensor, pixels: int, rim: int = 16) -> float:
    """RMSE in [0, 1] between f(shift(x)) and shift(f(x)), vertical and horizontal, away from the rim."""
    room = max(SHIFTS)
    errors: list[float] = []
    height, width = (side - 2 * room for side in photo.shape[2:])
    with torch.no_grad():
        still = generator(photo[:, :, room : room + height, room : room + width])
        for dy, dx in ((pixels, 0), (0, pixels)):
            moved = generator(photo[:, :, room + dy : room + dy + height, room + dx : room + dx + width])
            a = moved[:, :, rim - dy : height - rim - dy, rim - dx : width - rim - dx]
            errors.append((a - still[:, :, rim : height - rim, rim : width - rim]).square().mean().sqrt().item())
    return sum(errors) / len(errors)


def reference_steps(objective: Objective, photo: Tensor, goal: float, limit: int) -> tuple[int, float]:
    """How many L-BFGS steps from `photo` bring the total loss to `goal` or below, and the loss after the last step.

    Plain L-BFGS, step length 1 and a history of 100 (the settings of PyTorch's own style-transfer tutorial), over the
    pixels. Returns `limit` + 1 where `limit` steps don't suffice.
    """
    x = photo.clone(memory_format=torch.contiguous_format).requires_grad_()
    content = objective.content_of(photo)
    optimizer = torch.optim.LBFGS([x], lr=1, max_iter=1, history_size=100, tolerance_grad=0, tolerance_change=0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = total(objective(x, photo, content))
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    loss = float("inf")
    for step in range(limit + 1):  # the loss a step returns is the one it started from
        loss = float(optimizer.step(closure))  # type: ignore[no-untyped-call]
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
    """.safetensors styles."""
    paintings: Path
    """The folder of the paintings, NAME.jpg (or .png) each."""
    photos: Path
    """Held-out photos."""
    count: int = 6
    """How many of them, evenly chosen."""
    size: int = 256
    """Side of their central crops in pixels."""
    reference: int = 100
    """L-BFGS steps tried at most; 0 to leave them out."""


def painting_of(name: str, folder: Path) -> Path:
    """The painting called `name` in `folder`. Raises InputError."""
    for path in sorted(folder.glob(f"{name}.*")):
        if path.suffix.lower() in SUFFIXES:
            return path
    raise InputError(f"There is no painting {name}.jpg in {folder}.")


def evaluate_style(path: Path, options: Styles) -> dict[str, float]:
    """One row of figures, means over the photos."""
    generator, card = load_generator(path)
    objective = objective_of(card, painting_of(card.name, options.paintings))
    paths = pictures_in(options.photos)
    rows: list[dict[str, float]] = []
    for photo_path in paths[:: max(1, len(paths) // options.count)][: options.count]:
        photo = central_crop(photo_path, options.size)
        with torch.no_grad():
            terms = {name: value.item() for name, value in objective(generator(photo), photo).items()}
        loss = sum(terms.values())
        row = {"content": terms["content"], "style": terms["style"], "total": loss}
        if options.reference:
            row["steps"], row["after"] = reference_steps(objective, photo, loss, options.reference)
        row["noise"] = noise_gain(generator, photo)
        row.update({f"shift{k}": shift_error(generator, photo, k) for k in SHIFTS})
        rows.append(row)
    return {key: mean(row[key] for row in rows) for key in rows[0]}


def styles(options: Styles) -> None:
    """Print the table."""
    table = Table(
        title=f"{options.count} photos at {options.size} px, reference at most {options.reference} L-BFGS steps"
    )
    for path in options.weights:
        row = evaluate_style(path, options)
        if not table.columns:
            table.add_column("style")
            for key in row:
                table.add_column(key, justify="right")
        table.add_row(path.stem, *(f"{value:.4g}" for value in row.values()))
    Console(width=140).print(table)


def main() -> int:
    """The command line."""
    styles(
        tyro.extras.subcommand_cli_from_dict(
            {"styles": Styles}, prog="python -m training.evaluate", description=__doc__
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
