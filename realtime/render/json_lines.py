"""How far painting files is, told to programs: each line of stdout is a JSON object with an `event`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from realtime.render.estimate import Estimate
from realtime.render.pipeline import Progress, Summary
from realtime.render.plan import Job
from realtime.render.report import Report

_EVERY = 0.5
"""Seconds between two lines about one clip."""


class Lines(Report):
    """Tells it in lines of JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._job: Job | None = None
        self._started = self._told = 0.0

    def note(self, text: str) -> None:
        """Something about all files."""
        if text:
            self._print("note", text=text)

    def begin(self, frames: Sequence[int]) -> None:
        """Files of so many `frames` each are to be painted; 0 is unknown."""
        self._print("begin", files=len(frames), frames=sum(frames))

    def start(self, job: Job) -> None:
        """Painting `job` begins."""
        self._job, self._started, self._told = job, time.monotonic(), 0.0
        self._print("start", **_names(job))

    def progress(self, progress: Progress) -> None:
        """So far is the clip that was started last; `left` are seconds, null where the file doesn't say."""
        now = time.monotonic()
        if self._job is None or now - self._told < _EVERY:
            return
        self._told = now
        fps = (progress.done - progress.before) / max(now - self._started, 1e-6)
        left = round((progress.total - progress.done) / fps, 1) if progress.total >= progress.done else None
        counts = {"frame": progress.done, "frames": progress.total or None, "fps": round(fps, 2), "left": left}
        self._print("progress", **_names(self._job), **counts)

    def pieces(self, done: int, count: int) -> None:
        """So many of the `count` pieces that a cluster paints are done."""
        self._print("pieces", done=done, pieces=count)

    def done(self, job: Job, summary: Summary, whole: bool = True) -> None:
        """`job` is painted, or of a clip that is not `whole` its share."""
        self._count(job, summary)
        seconds = round(time.monotonic() - self._started, 3)
        self._print("done", **_names(job), frames=summary.frames, seconds=seconds, whole=whole, notes=[*summary.notes])

    def passed(self, job: Job) -> None:
        """`job` was painted by an earlier run."""
        self.there += 1
        self._print("there", **_names(job))

    def fails(self, job: Job, error: Exception) -> None:
        """`job` could not be painted."""
        self.failed += 1
        self._print("failed", **_names(job), error=str(error))

    def expects(self, job: Job, estimate: Estimate) -> None:
        """What painting `job` would come to; `frames` is null where the file doesn't say."""
        self._expect(estimate)
        height, width = estimate.size
        sums = {"frames": estimate.frames or None, "seconds": round(estimate.seconds, 1)}
        self._print("expect", **_names(job), width=width, height=height, **sums)

    def expected(self) -> None:
        """That was all; nothing was painted."""
        self._print("end", painted=0, expected=self.files, frames=self.frames, seconds=round(self._expected, 1))

    def end(self) -> None:
        """All is done."""
        counts = {"painted": self.files, "there": self.there, "failed": self.failed, "frames": self.frames}
        self._print("end", **counts, seconds=round(self.seconds, 3), fps=round(self.fps, 2))

    def _print(self, event: str, **what: Any) -> None:
        print(json.dumps({"event": event, **what}, ensure_ascii=False), file=self._out, flush=True)


def _names(job: Job) -> dict[str, str]:
    return {"source": str(job.source), "target": str(job.target)}
