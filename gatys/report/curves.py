"""Loss against steps, read from what runs leave behind.

    python -m gatys.report.curves runs/a runs/b out.json -o curves.jpg

A panel for each: a run folder's TensorBoard curves (several folders joined by `+` are the stages of one training and
are drawn one after the other), or the JSON file that `python -m gatys` writes beside its picture.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gatys.cli import parse
from gatys.figures import save_figure
from training.images import SUFFIXES
from weights.errors import InputError, exit_code
from weights.files import check_output

Curve = tuple[list[int], list[float]]
"""Steps and values."""

HIDDEN = frozenset({"level", "seconds"})
HELD_OUT = "held-out total"


@dataclass(frozen=True)
class Options:
    """Draw loss curves."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Run folders, several joined by +, or a JSON file of python -m gatys."""
    out: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("curves.png")
    """The picture to write."""
    titles: tuple[str, ...] = ()
    """A title for each; the names of the runs if not given."""
    smooth: int = 25
    """Steps of the running mean, 1 for none; a training's every step sees other photos."""


def run_curves(folder: Path) -> dict[str, Curve]:
    """The curves of a run folder: every term of the training, and "held-out total". Raises InputError."""
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: give the folder of a training.")
    events = EventAccumulator(str(folder)).Reload()
    found = {}
    for tag in events.Tags()["scalars"]:
        name = HELD_OUT if tag == "val/total" else tag.removeprefix("train/")
        if "/" not in name:
            found[name] = in_order([(point.step, point.value) for point in events.Scalars(tag)])
    if not found:
        raise InputError(f"{folder} holds no curves: give the folder of a training.")
    return found


def in_order(points: list[tuple[int, float]]) -> Curve:
    """The points in the order of their steps: where a run went back to a checkpoint, what it did again counts."""
    kept: list[tuple[int, float]] = []
    for point in points:
        while kept and kept[-1][0] >= point[0]:
            kept.pop()
        kept.append(point)
    return [step for step, _ in kept], [value for _, value in kept]


def picture_curves(path: Path) -> dict[str, Curve]:
    """The curves of one optimised picture by term. Raises InputError."""
    try:
        points = json.loads(path.read_text(encoding="utf-8"))["curve"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} can't be read ({error}): give the JSON file that python -m gatys wrote.") from error
    names = [name for name in points[0] if name not in HIDDEN] if points else []
    return {name: (list(range(1, len(points) + 1)), [point[name] for point in points]) for name in names}


def joined(stages: list[dict[str, Curve]]) -> dict[str, Curve]:
    """Stages one after the other; a term that a stage lacks has a gap there."""
    found: dict[str, Curve] = {}
    begun = 0
    for stage in stages:
        for name, (steps, values) in stage.items():
            earlier = found.get(name, ([], []))
            found[name] = (earlier[0] + [begun + step for step in steps], earlier[1] + values)
        begun += max(steps[-1] for steps, _ in stage.values()) + 1
    return found


def smoothed(values: list[float], width: int) -> np.ndarray:
    """The running mean over `width` values, of as many as there are near the ends."""
    ones = np.ones(min(width, len(values)))
    return np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")


def draw(options: Options) -> None:
    """Write the picture. Raises InputError."""
    check_output(options.out, SUFFIXES)
    figure = Figure(figsize=(5.2 * len(options.runs), 3.6), dpi=110, layout="constrained")
    axes = figure.subplots(1, len(options.runs), squeeze=False)[0]
    for number, (axis, run) in enumerate(zip(axes, options.runs, strict=True)):
        picture = run.endswith(".json")
        curves = picture_curves(Path(run)) if picture else joined([run_curves(Path(part)) for part in run.split("+")])
        for name, (steps, values) in curves.items():
            if name == HELD_OUT:
                axis.semilogy(steps, values, "k.", label=name, zorder=3)
            else:
                axis.semilogy(steps, smoothed(values, 1 if picture else options.smooth), label=name, linewidth=1.4)
        title = options.titles[number] if number < len(options.titles) else run
        axis.set(xlabel="step", ylabel="weighted loss", title=title)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.17))
    save_figure(figure, options.out)


def main() -> int:
    """The command line."""
    options = parse(Options, "python -m gatys.report.curves", __doc__)
    draw(options)
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
