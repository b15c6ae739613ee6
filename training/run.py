"""One training run and its folder: settings, curves, previews, checkpoints, and the time left."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from training.images import save_image
from weights.files import replacing

TIMED = 5
"""Steps from which the time of a training is foretold."""

STOPS = (signal.SIGTERM, signal.SIGINT)
"""By what a scheduler and a user ask for a stop."""


def outlive_a_stop(_worker: int) -> None:
    """Let a process that reads photos go on at a SIGTERM or Ctrl-C.

    The whole group of processes hears it, and the training has a step and a checkpoint to finish.
    """
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


class Run:
    """The folder of one training; rank 0 alone writes. `line_seconds` lie between two lines where no terminal is."""

    def __init__(
        self,
        folder: Path,
        settings: Any,
        checkpoint_minutes: float,
        writes: bool = True,
        line_seconds: float = 60.0,
    ) -> None:
        self.folder = folder
        self.writes = writes
        self.console = Console(stderr=True, quiet=not writes)
        self._every, self._line_seconds = checkpoint_minutes * 60, line_seconds
        self._saved = time.monotonic()
        self._asked_to_stop = False
        self._curves: SummaryWriter | None = None
        if writes:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / "settings.json") as temporary:
                temporary.write_text(json.dumps(asdict(settings), default=str, indent=1) + "\n", encoding="utf-8")
            self._curves = SummaryWriter(str(folder))

    def say(self, text: str) -> None:
        """One line to the terminal."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def curves(self, step: int, values: Mapping[str, float], group: str = "train") -> None:
        """One point of each curve."""
        if self._curves:
            for name, value in values.items():
                self._curves.add_scalar(f"{group}/{name}", value, step)

    def preview(self, step: int, picture: Tensor) -> None:
        """The newest preview as preview.png, and one kept for each step it was made at."""
        if self.writes:
            save_image(picture, self.folder / "previews" / f"{step:06d}.png")
            save_image(picture, self.folder / "preview.png")

    def due(self, agree: Callable[[Any], Any] = lambda said: said) -> bool:
        """Whether a checkpoint is to be written; asking resets nothing.

        The last one is older than the settings allow, or a stop was asked for. `agree` gives all processes what the
        first one says: they would wait for each other for ever, where one alone heard of a stop or had another clock.
        """
        late = time.monotonic() - self._saved >= self._every
        self._asked_to_stop, late = agree((self._asked_to_stop, late))
        if self._asked_to_stop:
            self.say("stopping, as soon as a checkpoint is written; Ctrl-C stops at once")
        return self._asked_to_stop or late

    def saved(self) -> None:
        """A checkpoint was written now. Raises KeyboardInterrupt where a stop was asked for before it.

        A process that writes nothing leaves without a word, and as if all were well: its starter would kill the others.
        """
        self._saved = time.monotonic()
        if self._asked_to_stop:
            raise KeyboardInterrupt if self.writes else SystemExit(0)

    def steps(self, first: int, last: int, status: Mapping[str, float]) -> Iterator[int]:
        """Yield first … last - 1 behind a progress bar with the time left; `status` is shown as it changes.

        Meanwhile SIGTERM or Ctrl-C makes a checkpoint `due`, after which the training ends; another Ctrl-C ends it at
        once.
        """
        steps = self._timed(range(first, last))
        with self._hears_stops():
            if self.console.is_terminal:
                yield from self._bar(steps, first, last, status)
            else:
                yield from self._lines(steps, first, last, status)

    @contextmanager
    def _hears_stops(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():  # others may not listen
            yield
            return

        before = {number: signal.getsignal(number) for number in STOPS}

        def hear(*_: object) -> None:
            self._asked_to_stop = True
            signal.signal(signal.SIGINT, before[signal.SIGINT])

        for number in STOPS:
            signal.signal(number, hear)
        try:
            yield
        finally:
            for number in STOPS:
                signal.signal(number, before[number])

    def _timed(self, steps: range) -> Iterator[int]:
        """Yield the steps; after some of many, say how long all will take."""
        begun = time.monotonic()
        for made, step in enumerate(steps, 1):
            yield step
            if made == TIMED and len(steps) > 4 * TIMED:
                minutes = (time.monotonic() - begun) / TIMED * (len(steps) - TIMED) / 60
                self.say(f"about {minutes:.0f} minutes for {len(steps)} steps")

    def _bar(self, steps: Iterable[int], first: int, last: int, status: Mapping[str, float]) -> Iterator[int]:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task("", total=last, completed=first)
            for step in steps:
                yield step
                progress.update(task, completed=step + 1, description=_words(status))

    def _lines(self, steps: Iterable[int], first: int, last: int, status: Mapping[str, float]) -> Iterator[int]:
        begun = said = time.monotonic()
        for step in steps:
            yield step
            now = time.monotonic()
            if now - said >= self._line_seconds or step + 1 == last:
                said = now
                left = (now - begun) / (step + 1 - first) * (last - step - 1)
                self.say(f"step {step + 1}/{last}  {_words(status)}  {left / 60:.0f} min left")

    def close(self) -> None:
        """Flush the curves."""
        if self._curves:
            self._curves.close()


def _words(status: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in status.items())
