"""What a run shows while it works and leaves beside the picture: progress, loss curve, film, checkpoint."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gatys.descent import Step
from gatys.figures import loss_curve
from gatys.film import save_film
from gatys.pictures import enlarge
from gatys.settings import Settings
from training.images import SUFFIXES, save_image, to_uint8
from weights.errors import InputError
from weights.files import check_output, not_the_original, replacing, sha256

_LINE_EVERY = 30.0
_FILM_SIDE = 640
_STATE_KEY = "gatys"

_FREE = frozenset({"out", "resume", "save_every", "film", "checkpoint_minutes", "threads", "device", "memory"})
"""Settings that may change when a run is resumed."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a stopped run goes on: the picture, its size's number from 0, the steps done at it, the curve so far."""

    picture: Tensor
    level: int
    done: int
    curve: list[dict[str, float]]


def beside(output: Path, ending: str) -> Path:
    """OUTPUT without its suffix, plus `ending`."""
    return output.with_name(output.stem + ending)


def load_checkpoint(settings: Settings) -> Checkpoint:
    """The checkpoint of a run with these settings. Raises InputError."""
    path = beside(settings.output, ".resume.safetensors")
    try:
        with safe_open(str(path), framework="pt") as file:
            state = json.loads(file.metadata()[_STATE_KEY])
            before, sources = dict(state["settings"]), dict(state["sources"])
            checkpoint = Checkpoint(file.get_tensor("picture"), state["level"], state["done"], state["curve"])
    except FileNotFoundError:
        raise InputError(f"There is nothing to resume: {path} is missing; run without --resume.") from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"The checkpoint {path} can't be read ({error}): run without --resume.") from error
    now = json.loads(json.dumps(settings.to_dict(), default=str))
    for name in now:
        if name not in _FREE and before.get(name) != now[name]:
            raise InputError(
                f"--{name.replace('_', '-')} is {now[name]} and was {before.get(name)}: resume with the same settings."
            )
    for source in settings.sources:
        if sources.get(str(source)) != sha256(source):
            raise InputError(f"{source} is another picture than when the run began: run without --resume.")
    return checkpoint


def check_outputs(settings: Settings) -> None:
    """Say before the work what keeps the run from writing its files after it. Raises InputError."""
    check_output(settings.output, SUFFIXES, *settings.sources)
    for path in (beside(settings.output, "-loss.png"), film_of(settings)):
        not_the_original(path, *settings.sources)


def film_of(settings: Settings) -> Path:
    """Where the film or contact sheet goes."""
    return beside(settings.output, f"-steps.{'mp4' if settings.film == 'mp4' else 'png'}")


def save_picture(picture: Tensor, settings: Settings) -> None:
    """Write what a run made. Raises InputError where it can't be, with the place where it was written instead."""
    try:
        save_image(picture, settings.output)
    except (InputError, OSError, ValueError) as error:  # a disk that is full by now, a picture too large for its format
        kept = Path(tempfile.mkdtemp(prefix="livebrush-", dir=tempfile.gettempdir())) / f"{settings.output.stem}.png"
        save_image(picture, kept)
        raise InputError(f"{str(error).rstrip('.')}. The picture is kept as {kept}.") from error


class Recorder:
    """Shows and keeps one run's steps. `quiet` shows nothing and writes nothing (studies, tests)."""

    def __init__(self, settings: Settings, quiet: bool = False) -> None:
        self.settings, self.quiet = settings, quiet
        self.console = Console(stderr=True, quiet=quiet)
        self.curve: list[dict[str, float]] = []
        self.frames: list[Any] = []
        self._begun = self._said = self._saved = time.monotonic()
        self._earlier = 0.0
        self._work, self._done = 1.0, 0.0
        self._progress: Progress | None = None

    @contextlib.contextmanager
    def showing(self, work: float, checkpoint: Checkpoint | None) -> Iterator[None]:
        """Show progress towards `work`, in steps times pixels."""
        self._work = work
        if checkpoint:
            self.curve = list(checkpoint.curve)
            self._earlier = self.curve[-1]["seconds"] if self.curve else 0.0
        if not self.console.is_terminal or self.quiet:
            yield
            return
        columns = (BarColumn(), TextColumn("{task.percentage:.0f} %  {task.description}"), TimeRemainingColumn())
        with Progress(*columns, console=self.console) as self._progress:
            self._progress.add_task("", total=work)
            yield
        self._progress = None

    @property
    def seconds(self) -> float:
        """Working time, earlier parts of a resumed run included."""
        return self._earlier + time.monotonic() - self._begun

    def say(self, text: str) -> None:
        """One line to the terminal."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def step(self, level: int, step: Step) -> None:
        """Show and keep one step of the size with this number."""
        height, width = step.picture.shape[2:]
        self._done += height * width
        self.curve.append({"level": level, "seconds": round(self.seconds, 3), **step.terms, "total": step.total})
        if step.note:
            self.say(step.note)
        if self.settings.save_every and (step.number - 1) % self.settings.save_every == 0 and not self.quiet:
            self._keep(step.picture)
        self._show(f"{width}x{height}  step {step.number}  loss {step.total:.4g}")
        if not self.quiet and time.monotonic() - self._saved > 60 * self.settings.checkpoint_minutes:
            self.checkpoint(level, step.number, step.picture)

    def _show(self, words: str) -> None:
        if self._progress:
            self._progress.update(self._progress.task_ids[0], completed=self._done, description=words)
        elif time.monotonic() - self._said > _LINE_EVERY:
            self._said = time.monotonic()
            left = (self._said - self._begun) * (self._work / self._done - 1)
            self.say(f"{words}  {left / 60:.1f} min left")

    def _keep(self, picture: Tensor) -> None:
        height, width = picture.shape[2:]
        scale = min(1.0, _FILM_SIDE / max(height, width))
        self.frames.append(to_uint8(enlarge(picture, (round(height * scale), round(width * scale)))))

    def checkpoint(self, level: int, done: int, picture: Tensor) -> None:
        """Write the checkpoint, whole or not at all; where that fails, say so and work on."""
        state = {"settings": self.settings.to_dict(), "level": level, "done": done, "curve": self.curve}
        state["sources"] = {str(source): sha256(source) for source in self.settings.sources}
        path = beside(self.settings.output, ".resume.safetensors")
        self._saved = time.monotonic()
        try:
            with replacing(path) as temporary:
                save_file(
                    {"picture": picture.detach().cpu().contiguous()},
                    temporary,
                    metadata={_STATE_KEY: json.dumps(state, default=str)},
                )
        except (InputError, SafetensorError) as error:
            self.say(f"no checkpoint now: {error}")

    def finish(self, facts: Mapping[str, Any], complete: bool) -> None:
        """Write settings, losses and curve beside the picture, and the film; a complete run needs no checkpoint."""
        output, last = self.settings.output, self.curve[-1] if self.curve else {}
        losses = {k: v for k, v in last.items() if k not in ("level", "seconds")}
        record = {"settings": self.settings.to_dict(), **facts, "seconds": round(self.seconds, 2), "losses": losses}
        with replacing(beside(output, ".json")) as temporary:
            temporary.write_text(json.dumps({**record, "curve": self.curve}, default=str, indent=1) + "\n", "utf-8")
        loss_curve(self.curve, f"{output.stem}: {last.get('total', float('nan')):.4g}", beside(output, "-loss.png"))
        if self.frames:
            save_film(self.frames, film_of(self.settings))
        if complete:
            beside(output, ".resume.safetensors").unlink(missing_ok=True)
