"""Make the shipped weights again from their list of settings, training/shipped.json.

    python -m training.shipped --paintings paintings/ --photos photos/ --landscapes landscapes/ [NAME ...]

The paintings are looked for under the names that training/pack.json and the list give them. Each style is trained in
stages, each starting from the one before, in runs/shipped/NAME-STAGE; the first one may start
from what a stage of a style above it in the list has made ("init"). What is finished is kept and what was stopped goes
on from its checkpoint, so the command can be stopped and started at will. With `--recipes training/gpu.json` it makes
what two processor cores would take weeks for: a pack that has seen a million pictures, the paper's own network for one
painting (Johnson et al. 2016) and CycleGAN's at 256 px (Zhu et al. 2017).
"""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from training.checkpoint import STATE, read_card
from training.cli import parse
from weights.errors import InputError, exit_code

LIST = Path(__file__).with_name("shipped.json")
FOR_GPU = Path(__file__).with_name("gpu.json")

STOPPED = 130
"""The exit code of a command that was stopped, and has said so."""

PARTS = {"name", "module", "about", "stages"}
"""What each recipe of a list says."""


@dataclass(frozen=True)
class Options:
    """Which weights to make, and from what."""

    paintings: Path
    """The folder of the paintings, and of the folders of paintings, that the list names."""
    photos: Path
    """The photos to train on."""
    landscapes: Path | None = None
    """The photos that CycleGAN styles train on; the same photos if not given."""
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Which of the list; all if none is given."""
    recipes: Path = LIST
    """The list: the shipped styles', or training/gpu.json for a GPU."""
    out: Path | None = None
    """Where the run folders go; runs/shipped, or runs/gpu for training/gpu.json, if not given."""
    threads: int = 0
    """CPU threads; 0 for all."""
    install: bool = False
    """Export and install each when it is done."""

    @property
    def folder(self) -> Path:
        """Where the run folders go: each list has its own, as names are in both."""
        return self.out or Path("runs") / self.recipes.stem


def recipes(names: tuple[str, ...], file: Path = LIST) -> list[dict[str, Any]]:
    """The entries of the list with these names, all for none. Raises InputError for an unknown one."""
    try:
        rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"The list {file} can't be read ({error}): give one like {LIST}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= PARTS for row in rows):
        raise InputError(f"{file} is no list of recipes: give one like {LIST}.")
    unknown = set(names) - {row["name"] for row in rows}
    if unknown:
        raise InputError(f"{file} has no {', '.join(sorted(unknown))}: choose of {', '.join(r['name'] for r in rows)}.")
    return [row for row in rows if not names or row["name"] in names]


def command(recipe: dict[str, Any], stage: int, options: Options) -> list[str]:
    """The command line of one stage of a recipe."""
    folder = options.folder / f"{recipe['name']}-{stage}"
    settings = {**recipe["about"], **recipe["stages"][stage], "photos": options.photos}
    if recipe["module"] == "training.johnson":
        settings["style-image"] = options.paintings / settings["style-image"]
    elif recipe["module"] == "training.multistyle":
        settings |= {"paintings": options.paintings, "pack": LIST.parent / settings["pack"]}
    else:
        settings |= {"paintings": options.paintings / settings["paintings"]}
        settings |= {"photos": options.landscapes or options.photos}
    if "init" in settings:
        settings["init"] = options.folder / settings["init"]
    if stage:
        settings["init"] = options.folder / f"{recipe['name']}-{stage - 1}" / f"{recipe['name']}.safetensors"
    settings |= {"name": recipe["name"], "out": folder, "weights-license": "MIT", "threads": options.threads}
    values = {key: value if isinstance(value, list) else [value] for key, value in settings.items()}
    flags = [part for key, parts in values.items() for part in (f"--{key}", *map(str, parts))]
    return [recipe["module"], *flags, *(["--resume"] if (folder / STATE).exists() else [])]


def finished(weights: Path, steps: int) -> bool:
    """Whether the stage that writes `weights` has made all its steps."""
    return weights.exists() and read_card(weights).training.get("steps", 0) >= steps


def make(options: Options) -> list[Path]:
    """Make what is missing; returns the last stage's file of each. Raises InputError where a stage fails."""
    made = []
    for recipe in recipes(options.names, options.recipes):
        for stage, settings in enumerate(recipe["stages"]):
            weights = options.folder / f"{recipe['name']}-{stage}" / f"{recipe['name']}.safetensors"
            if not finished(weights, settings["steps"]):
                run(command(recipe, stage, options))
        if options.install:
            run(["export", str(weights), "--shipped"])
        made.append(weights)
    return made


def run(arguments: list[str]) -> None:
    """One command of the project, to its end. Raises InputError where it fails, SystemExit where it was stopped.

    A SIGTERM is handed on; a Ctrl-C it hears itself. It has a checkpoint to write then, and says that it has stopped.
    """
    stage: subprocess.Popen[bytes] | None = None
    heard: list[int] = []

    def hear(number: int, _: object) -> None:
        heard.append(number)
        if number == signal.SIGTERM and stage is not None:
            stage.terminate()

    asked = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in asked}  # first: a stage is soon up, and soon stopped
    try:
        stage = subprocess.Popen([sys.executable, "-m", *arguments])
        if signal.SIGTERM in heard:
            stage.terminate()
        failed = stage.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed == STOPPED:
        raise SystemExit(STOPPED)
    if heard:
        raise KeyboardInterrupt
    if failed:
        raise InputError(f"This stage failed: python -m {shlex.join(arguments)}")


def main() -> int:
    """The command line."""
    print(*make(parse(Options, "python -m training.shipped", __doc__)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
