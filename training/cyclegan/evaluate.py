"""`python -m training.evaluate cyclegan`: how near a CycleGAN style comes to the paintings it was learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated

import torch
import tyro
from rich.console import Console
from rich.table import Table

from training.checkpoint import load_generator
from training.cyclegan.crops import Scales
from training.cyclegan.kid import crops_of, halves, kid, spread, whole
from training.generators import Generator
from training.images import pictures_in, split
from training.perceptual import load_vgg
from weights.errors import InputError


@dataclass(frozen=True)
class CycleGAN:
    """KID of a style's paintings of held-out photos to held-out paintings, with controls, and its cycle error."""

    weights: Annotated[Path, tyro.conf.Positional]
    """The .safetensors of the style."""
    photos: Path
    """Held-out photos."""
    paintings: Path
    """A folder of held-out paintings, or (with --hold-out) the one trained on."""
    reverse: Path | None = None
    """The .safetensors of F, for the cycle error."""
    hold_out: int = 0
    """Take every so many-th painting only, those that training.cyclegan --hold-out kept from training; 0 for all."""
    size: int = 0
    """Side of the crops that are compared; 0 for the one trained with."""
    crops: int = 8
    """Crops of each picture."""
    subsets: int = 100
    """Random halves of the pictures over which the spread is taken."""
    seed: int = 0


def rows_of(options: CycleGAN) -> dict[str, tuple[float, float]]:
    """Name -> (KID to the held-out paintings, its spread): the photos, their paintings, the paintings' halves.

    Raises InputError.
    """
    generator, card = load_generator(options.weights)
    training = card.training
    size = options.size or int(training.get("size", 256))
    photo_scale, painting_scale = scales_of(training.get("photo_scale")), scales_of(training.get("painting_scale"))
    photos, paintings = pictures_in(options.photos), pictures_in(options.paintings)
    if options.hold_out:
        paintings = split(paintings, options.hold_out)[1]
    if min(len(photos), len(paintings)) < 4:
        raise InputError(f"{len(photos)} photos and {len(paintings)} paintings are too few: give 4 or more of each.")
    vgg = load_vgg()
    before, after = crops_of(photos, vgg, size, photo_scale, options.crops, (lambda x: x, generator), options.seed)
    (target,) = crops_of(paintings, vgg, size, painting_scale, options.crops, (lambda x: x,), options.seed)
    return {
        "photos unchanged": (kid(before, target), spread(before, target, options.subsets, options.seed)),
        f"photos painted by {card.name}": (kid(after, target), spread(after, target, options.subsets, options.seed)),
        "paintings, half against half": halves(target, options.subsets, options.seed),
    }


def scales_of(recorded: object) -> Scales:
    """The scales that a card records, the paper's where it records none."""
    low, high = recorded if isinstance(recorded, (list, tuple)) else (1.117, 1.117)
    return float(low), float(high)


@torch.no_grad()
def cycle_error(generator: Generator, reverse: Generator, photos: list[Path], short_side: int) -> float:
    """The mean of |F(G(x)) - x| over the pixels of whole photos of this short side, in [0, 1]."""
    pictures = (whole(path, short_side) for path in photos)
    errors: list[float] = [(reverse(generator(x)) - x).abs().mean().item() for x in pictures]
    return mean(errors)


def evaluate_cyclegan(options: CycleGAN) -> None:
    """Print the table, and the cycle error where F is given. Raises InputError."""
    rows = rows_of(options)
    table = Table(title=f"KID to the paintings, {options.crops} crops a picture, VGG16 relu4_3")
    for column in ("", "KID", "± over halves", "of the photos'"):
        table.add_column(column, justify="right" if column else "left")
    photos = rows["photos unchanged"][0]
    for name, (value, deviation) in rows.items():
        table.add_row(name, f"{value:.4f}", f"{deviation:.4f}", f"{value / photos:.3f}")
    console = Console(width=120)
    console.print(table)
    if options.reverse:
        generator, card = load_generator(options.weights)
        reverse, _ = load_generator(options.reverse)
        low, high = scales_of(card.training.get("photo_scale"))
        short_side = round((options.size or int(card.training.get("size", 256))) * (low + high) / 2)
        error = cycle_error(generator, reverse, pictures_in(options.photos), short_side)
        console.print(f"cycle error |F(G(x)) - x| of photos at a short side of {short_side} px: {error:.4f} of 1")
