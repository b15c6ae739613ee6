"""What a style is worth, in figures: losses, the reference they equal, boldness, and steadiness.

    python -m training.evaluate styles weights/starry-night.safetensors --paintings paintings/ --photos held-out/

prints for each style, and for the fine and the bold strokes of each that has both, over held-out photos:
the content, style and total loss it was trained with; that total over what Gatys' optimisation of the same loss
reaches from white noise (the measure of Johnson 2016, figure 5: 1.9 to 3.8), and the number of its steps from the
content picture that overtake the style; D, the coarse style distance, and C, the content change
(training.measures); its noise gain; its shift error at 1 to 4 pixels; its rim error; with --flow or --clips, its
flow-warped error (training.steadiness); and the work of a frame of 640x480.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated

import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from training.checkpoint import load_generator, load_with_trunk, read_card
from training.cli import parse_one_of
from training.cyclegan.evaluate import CycleGAN, evaluate_cyclegan
from training.images import SUFFIXES, central_crop, load_image, pictures_in
from training.measures import coarse_style_distance, content_change, photo_to_measure
from training.multistyle import losses_told
from training.objective import LossSettings, Objective, loss_vgg, reference_descent
from training.perceptual import load_vgg
from training.steadiness import (
    SHIFTS,
    Network,
    Pair,
    clip_pairs,
    flow_error,
    noise_gain,
    rim_error,
    shift_error,
    true_pairs,
)
from training.validation import evenly
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


def loss_from_noise(objective: Objective, photo: Tensor, steps: int) -> float:
    """The lowest total loss in `steps` of L-BFGS from white noise."""
    noise = torch.rand(photo.shape, generator=torch.Generator().manual_seed(0))
    descent = zip(range(steps + 1), reference_descent(objective, photo, noise), strict=False)
    return min(loss for _, (loss, _) in descent)


@dataclass(frozen=True)
class Styles:
    """Losses, reference, boldness and steadiness of trained styles."""

    weights: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """.safetensors styles: networks of their own, or vectors beside their trunk."""
    paintings: Path
    """The folder of the paintings, NAME.jpg (or .png) each; a style's name may go on after it, NAME-johnson."""
    photos: Path
    """Held-out photos."""
    count: int = 6
    """How many of them, evenly chosen."""
    size: int = 256
    """Side of their central crops in pixels, for losses and steadiness."""
    lines: int = 480
    """Short side of the photos and of the painting for D and C."""
    reference: int = 100
    """L-BFGS steps from the photo tried at most; 0 to leave them out."""
    noise_steps: int = 300
    """L-BFGS steps from white noise; 0 to leave the ratio out."""
    flow: Path | None = None
    """A folder of folders with frame0.png, frame1.png and flow.flo."""
    clips: tuple[Path, ...] = ()
    """Clips whose flow is estimated."""
    threads: int = 0
    """CPU threads; 0 for all."""


@dataclass(frozen=True)
class Trained:
    """A style to be measured: how it paints, and the losses it was trained with (none for CycleGAN's)."""

    name: str
    label: str
    paint: Network
    losses: LossSettings | None


def painting_of(name: str, folder: Path) -> Path:
    """The painting of style `name` in `folder`, starry-night.jpg for starry-night-johnson too. Raises InputError."""
    stem = name
    while stem:
        for path in sorted(folder.glob(f"{stem}.*")):
            if path.suffix.lower() in SUFFIXES:
                return path
        stem = stem.rpartition("-")[0]
    raise InputError(f"There is no painting {name}.jpg in {folder}.")


def load_styles(path: Path) -> Iterator[Trained]:
    """The style of a file: a network, or the strokes of a vector whose trunk is beside it or above it."""
    if not read_card(path).trunk:
        network, card = load_generator(path)
        settings = None if card.method == "cyclegan" else LossSettings.from_summary(card.training)
        yield Trained(card.name, str(path), network, settings)
        return
    trunk, vectors, card = load_with_trunk(path)

    def painter(vector: Tensor) -> Network:
        return lambda x: trunk(x, vector)

    fine, bold = losses_told(card.training)
    if fine != bold:
        yield Trained(card.name, f"{path}, fine", painter(vectors[0]), fine)
    yield Trained(card.name, f"{path}, bold" if fine != bold else str(path), painter(vectors[1]), bold)


def losses_of(style: Trained, painting: Path, photos: list[Tensor], options: Styles) -> dict[str, float]:
    """Mean content, style and total loss, and the references where asked for; none for CycleGAN's styles."""
    s, rows = style.losses, []
    if s is None:
        return {}
    objective = Objective(loss_vgg(s), (load_image(painting, short_side=s.style_size), s))
    for photo in photos:
        with torch.no_grad():
            terms = {name: value.item() for name, value in objective(style.paint(photo), photo).items()}
        row = {"content": terms["content"], "style": terms["style"], "total": sum(terms.values())}
        if options.noise_steps:
            row["ratio"] = row["total"] / loss_from_noise(objective, photo, options.noise_steps)
        if options.reference:
            row["steps"], row["after"] = reference_steps(objective, photo, row["total"], options.reference)
        rows.append(row)
    return mean_of(rows)


def boldness_of(style: Trained, painting: Path, photos: Sequence[Path], lines: int) -> dict[str, float]:
    """Mean coarse style distance D and content change C of photos with this short side."""
    vgg, wanted = load_vgg(), load_image(painting, short_side=lines)
    rows = []
    for path in photos:
        photo = photo_to_measure(path, lines)
        with torch.no_grad():
            painted = style.paint(photo)
        rows.append({"D": coarse_style_distance(vgg, painted, wanted), "C": content_change(vgg, painted, photo)})
    return mean_of(rows)


def steadiness_of(paint: Network, photos: list[Tensor], pairs: dict[str, list[Pair]]) -> dict[str, float]:
    """Mean noise gain, shift errors, rim error and flow-warped errors."""
    rows = []
    for photo in photos:
        shifts = {f"shift{k}": shift_error(paint, photo, k) for k in SHIFTS}
        rows.append({"noise": noise_gain(paint, photo), **shifts, "rim": rim_error(paint, photo)})
    return {**mean_of(rows), **{kind: mean(flow_error(paint, pair) for pair in of) for kind, of in pairs.items()}}


def work_of(paint: Network) -> float:
    """Billions of multiplications and additions that a frame of 640x480 takes."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        paint(torch.zeros(1, 3, 480, 640))
    return float(counter.get_total_flops() / 2e9)


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each key."""
    return {key: mean(row[key] for row in rows) for key in rows[0]}


def styles(options: Styles) -> None:
    """Print the table; its last rows are the mean of all and the identity, the floor of every measure of steadiness.

    CycleGAN styles have neither losses of this kind nor one painting; only their steadiness is measured.
    """
    if options.threads:
        torch.set_num_threads(options.threads)
    paths = evenly(pictures_in(options.photos), options.count)
    photos = [central_crop(p, options.size) for p in paths]
    pairs: dict[str, list[Pair]] = {}
    if options.flow:
        pairs["flow"] = list(true_pairs(options.flow))
    if options.clips:
        pairs["clips"] = [pair for clip in options.clips for pair in clip_pairs(clip)]
    rows: dict[str, dict[str, float]] = {}
    for style in (style for path in options.weights for style in load_styles(path)):
        row: dict[str, float] = {}
        if style.losses:
            painting = painting_of(style.name, options.paintings)
            row = losses_of(style, painting, photos, options) | boldness_of(style, painting, paths, options.lines)
        rows[style.label] = {**row, **steadiness_of(style.paint, photos, pairs), "GMAC": work_of(style.paint)}
    full = [row for row in rows.values() if "D" in row]
    if len(full) > 1:
        rows["mean"] = mean_of(full)
    rows["identity"] = steadiness_of(lambda x: x, photos, pairs)
    columns = max(rows.values(), key=len)
    table = Table(
        "style", *columns, title=f"{len(photos)} photos at {options.size} px; D and C at {options.lines} lines"
    )
    for name, row in rows.items():
        table.add_row(name, *(f"{row[c]:.4g}" if c in row else "" for c in columns))
    Console(width=200).print(table)


def main() -> int:
    """The command line."""
    options = parse_one_of({"styles": Styles, "cyclegan": CycleGAN}, "python -m training.evaluate", __doc__)
    if isinstance(options, Styles):
        styles(options)
    else:
        evaluate_cyclegan(options)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
