"""How far painting files is, told to people at a terminal: bars with the time left, of the clip and of all files."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich import progress as bars
from rich.console import Console

from realtime.render.pipeline import Progress, Summary
from realtime.render.plan import Job
from realtime.render.report import Report, say


class Bars(Report):
    """Tells it to people at a terminal: how far the clip is, and how far all are, with the time left."""

    def __init__(self) -> None:
        super().__init__()
        columns = ("{task.description}", bars.BarColumn(24), bars.TaskProgressColumn(), "{task.fields[words]}")
        left = bars.TimeRemainingColumn(compact=True, elapsed_when_finished=True)
        self._bars = bars.Progress(
            *columns, left, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._clip: Any = None
        self._all: Any = None
        self._frames: Sequence[int] = ()
        self._number, self._name, self._started = 0, "", 0.0
        self._bars.start()

    def note(self, text: str) -> None:
        """Something about all files, above the bars."""
        with self._aside():
            say(text)

    def begin(self, frames: Sequence[int]) -> None:
        """Files of so many `frames` each are to be painted; 0 is unknown."""
        self._frames = frames
        if len(frames) > 1:
            self._all = self._bars.add_task("all files", total=sum(frames) or None, words="")

    def start(self, job: Job) -> None:
        """Painting `job` begins."""
        self._forget_clip()
        self._number, self._name, self._started = self._number + 1, job.source.name, time.monotonic()
        self._tell(0)

    def progress(self, progress: Progress) -> None:
        """So far is the clip that was started last."""
        if self._clip is None:
            name = self._name.replace("[", r"\[")  # which would begin a colour
            self._clip = self._bars.add_task(name, total=None, words="", completed=progress.before)
        fps = (progress.done - progress.before) / max(time.monotonic() - self._started, 1e-6)
        total = progress.total if progress.total >= progress.done else None
        of = f" of {total}" if total else ""
        words = f"{progress.done}{of} frames, {fps:.1f} a second"
        self._bars.update(self._clip, completed=progress.done, total=total, words=words)
        self._tell(progress.done)

    def pieces(self, done: int, count: int) -> None:
        """So many of the `count` pieces that a cluster paints are done."""
        if self._all is None:
            self._all = self._bars.add_task("all machines", total=count, words="")
        self._bars.update(self._all, completed=done, words=f"{done} of {count} pieces")

    def _tell(self, done: int) -> None:
        """How far all files are, `done` frames of this one being painted."""
        if self._all is not None and self._frames:
            before = sum(self._frames[: self._number - 1])
            words = f"file {self._number} of {len(self._frames)}"
            self._bars.update(self._all, completed=before + done, words=words)

    def done(self, job: Job, summary: Summary, whole: bool = True) -> None:
        """`job` is painted, or of a clip that is not `whole` its share."""
        self._forget_clip()
        with self._aside():
            super().done(job, summary, whole)

    def close(self) -> None:
        """Nothing more is painted, whatever happened."""
        self._bars.stop()

    def _forget_clip(self) -> None:
        if self._clip is not None:
            self._bars.remove_task(self._clip)
            self._clip = None

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Other words may be written meanwhile."""
        running = self._bars.live.is_started
        self._bars.stop()
        try:
            yield
        finally:
            if running:
                self._bars.start()
