"""How near a fast network comes to optimisation, on the loss that it was trained with.

    python -m gatys.compare photo.jpg --style starry-night --painting starry-night.jpg

renders photo, fast network and Gatys side by side with each one's content, style and total loss and seconds, and says
after how many L-BFGS steps from the photo the optimisation overtakes the network (Johnson 2016, figure 5). A folder
of photos gives a row each and their means.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import numpy as np
import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch import Tensor

from gatys.cli import parse
from gatys.figures import Captioned, captioned_sheet
from gatys.pictures import at_size, size_at
from realtime.styles import Opener, Stylizer
from training.images import SUFFIXES, load_image, open_picture, pictures_in, to_tensor, to_uint8
from training.objective import LossSettings, Objective, loss_vgg, reference_descent
from weights.errors import InputError, exit_code
from weights.files import check_output
from weights.folders import search_path


@dataclass(frozen=True)
class Comparison:
    """Compare a fast style with optimisation of the same loss."""

    photo: Annotated[Path, tyro.conf.Positional]
    """A photo, or a folder of photos."""
    style: str
    """An installed style's name, or an .onnx file."""
    painting: Path
    """The painting that the style was trained on."""
    out: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("comparison.png")
    """The sheet to write."""
    weights: tuple[Path, ...] = field(default_factory=search_path)
    """The folders of the installed styles, the first asked first; yours and then the program's if not given."""
    size: int = 256
    """Long side in pixels."""
    steps: int = 100
    """L-BFGS steps of the optimisation."""
    count: int = 6
    """How many photos of a folder, evenly chosen."""
    threads: int = 0
    """CPU threads; 0 for all."""


@dataclass(frozen=True)
class Made:
    """One picture (1, 3, H, W) with its weighted terms and the seconds it took."""

    picture: Tensor
    terms: Mapping[str, float]
    seconds: float

    @property
    def total(self) -> float:
        return sum(self.terms.values())


@dataclass(frozen=True)
class Row:
    """One photo, painted twice; `steps` is the first L-BFGS step at least as good as the network, None for none."""

    name: str
    photo: Made
    fast: Made
    slow: Made
    steps: int | None


def open_style(options: Comparison) -> Stylizer:
    """The fast network; its card tells of its training. Raises InputError."""
    if options.style.endswith(".onnx"):
        return Stylizer(options.style, "cpu", options.threads)
    return Opener(options.weights, "cpu", options.threads)(options.style)


def measure(objective: Objective, picture: Tensor, photo: Tensor, seconds: float) -> Made:
    """The picture's terms: content, style, and what else weighs anything."""
    with torch.no_grad():
        terms = {name: value.item() for name, value in objective(picture, photo).items()}
    return Made(picture, {k: v for k, v in terms.items() if v or k in ("content", "style")}, seconds)


def paint_fast(stylizer: Stylizer, photo: Tensor) -> tuple[Tensor, float]:
    """The network's picture and its median seconds."""
    image = np.ascontiguousarray(to_uint8(photo))
    stylizer.warm_up(*image.shape[:2])
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        painted = stylizer(image)
        seconds.append(time.perf_counter() - begun)
    return to_tensor(painted), median(seconds)


def compare(path: Path, stylizer: Stylizer, objective: Objective, options: Comparison) -> Row:
    """One photo both ways."""
    file = open_picture(path)
    photo = at_size(file, size_at(file, options.size))
    painted, seconds = paint_fast(stylizer, photo)
    fast = measure(objective, painted, photo, seconds)
    best, lowest, overtaken, begun = photo, float("inf"), None, time.perf_counter()
    for step, (loss, picture) in zip(range(options.steps + 1), reference_descent(objective, photo), strict=False):
        if loss < lowest:
            best, lowest = picture, loss
        if overtaken is None and loss <= fast.total:
            overtaken = step
    slow = measure(objective, best, photo, time.perf_counter() - begun)
    return Row(path.stem, measure(objective, photo, photo, 0.0), fast, slow, overtaken)


def steps_in_words(row: Row, options: Comparison) -> str:
    """The step that overtakes, or that none does."""
    return f"more than {options.steps}" if row.steps is None else str(row.steps)


def table_of(rows: list[Row], options: Comparison, title: str) -> Table:
    """All figures; a folder's means at the end."""
    table = Table(title=title)
    for name in ("photo", "painted by", "content", "style", "total", "seconds", "overtaken after"):
        table.add_column(name, justify="left" if name in ("photo", "painted by") else "right")
    for row in rows:
        for kind, made in (("nobody", row.photo), ("fast network", row.fast), ("Gatys", row.slow)):
            figures = (made.terms["content"], made.terms["style"], made.total, made.seconds)
            after = steps_in_words(row, options) if kind == "fast network" else ""
            table.add_row(row.name, kind, *(f"{value:.4g}" for value in figures), after)
        table.add_section()
    if len(rows) > 1:
        for kind, all_made in (("fast network", [r.fast for r in rows]), ("Gatys", [r.slow for r in rows])):
            means = [mean(m.terms[k] for m in all_made) for k in ("content", "style")]
            means += [mean(m.total for m in all_made), mean(m.seconds for m in all_made)]
            middle = median(options.steps + 1 if r.steps is None else r.steps for r in rows)
            words = f"{middle:g} (median)" if kind == "fast network" else ""
            table.add_row("mean", kind, *(f"{value:.4g}" for value in means), words)
    return table


def sheet_of(rows: list[Row], options: Comparison, title: str) -> None:
    """Photo, fast network and Gatys side by side, a line per photo."""
    lines = []
    for row in rows:
        cells = (
            (row.photo, "the photo"),
            (
                row.fast,
                f"fast network, {1000 * row.fast.seconds:.0f} ms, = {steps_in_words(row, options)} L-BFGS steps",
            ),
            (row.slow, f"Gatys, {options.steps} L-BFGS steps, {row.slow.seconds:.0f} s"),
        )
        lines.append([Captioned(made.picture, f"{words}\n{terms_in_words(made)}") for made, words in cells])
    captioned_sheet(lines, title, options.out, cell=4.2)


def terms_in_words(made: Made) -> str:
    """Content, style and total."""
    return f"content {made.terms['content']:.3g}  style {made.terms['style']:.3g}  total {made.total:.3g}"


def run(options: Comparison) -> list[Row]:
    """Compare, print the table, write the sheet. Raises InputError."""
    photos = pictures_in(options.photo) if options.photo.is_dir() else [options.photo]
    check_output(options.out, SUFFIXES, options.painting, *photos)
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.steps < 1:
        raise InputError(f"--steps {options.steps} won't do: give 1 or more.")
    stylizer = open_style(options)
    card = stylizer.card
    settings = LossSettings.from_summary(card.training)
    objective = Objective(loss_vgg(settings), (load_image(options.painting, short_side=settings.style_size), settings))
    chosen = photos[:: max(1, len(photos) // options.count)][: options.count]
    rows = [compare(path, stylizer, objective, options) for path in chosen]
    threads = torch.get_num_threads()
    machine = "1 CPU thread" if threads == 1 else f"{threads} CPU threads"
    title = f"{card.title}: {options.size} px, the style's own training loss, {machine}"
    Console(width=120).print(table_of(rows, options, title))
    sheet_of(rows, options, title)
    return rows


def main() -> int:
    """The command line."""
    options = parse(Comparison, "python -m gatys.compare", __doc__)
    run(options)
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
