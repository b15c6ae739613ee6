"""Sheets with captions and loss curves (matplotlib, without a display)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from training.images import to_uint8
from weights.files import replacing

DPI = 100


@dataclass(frozen=True)
class Captioned:
    """One picture (1, 3, H, W) in [0, 1] of a sheet and the words under it."""

    picture: Tensor
    caption: str


def captioned_sheet(rows: Sequence[Sequence[Captioned]], title: str, path: Path, cell: float = 3.2) -> None:
    """Write the rows of pictures, each above its caption, as one picture; `cell` is a column's width in inches."""
    columns = max(len(row) for row in rows)
    ratio = max(c.picture.shape[2] / c.picture.shape[3] for row in rows for c in row)
    lines = max(c.caption.count("\n") + 1 for row in rows for c in row)
    height = len(rows) * (cell * ratio + 0.21 * lines + 0.1) + 0.4
    figure = Figure(figsize=(columns * cell, height), dpi=DPI, layout="constrained")
    for line, row in zip(figure.subplots(len(rows), columns, squeeze=False), rows, strict=True):
        for axis in line[len(row) :]:
            axis.axis("off")
        for axis, item in zip(line, row, strict=False):
            axis.imshow(to_uint8(item.picture), interpolation="lanczos")
            axis.set(xticks=(), yticks=())
            axis.set_xlabel(item.caption, fontsize=12)
            axis.spines[:].set_visible(False)
    figure.suptitle(title, fontsize=13)
    save_figure(figure, path)


def loss_curve(points: Sequence[Mapping[str, float]], title: str, path: Path) -> None:
    """Write the curve of every loss term, and of their total, over the steps."""
    figure = Figure(figsize=(7, 4), dpi=DPI)
    axis = figure.subplots()
    steps = range(1, len(points) + 1)
    for name in points[0] if points else ():
        if name not in ("level", "seconds"):
            axis.plot(steps, [point[name] for point in points], label=name)
    if points:
        axis.set_yscale("log")
        axis.legend()
    axis.set(xlabel="step", ylabel="weighted loss", title=title)
    axis.grid(alpha=0.3)
    figure.tight_layout()
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write the figure, whole or not at all."""
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary)
