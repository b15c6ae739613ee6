"""How far painting files is, and what has become of them, told in sentences."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from realtime.render.estimate import Estimate
from realtime.render.pipe import STREAM
from realtime.render.pipeline import Progress, Summary
from realtime.render.plan import Job


def say(text: str) -> None:
    """One sentence on stderr; nothing where `text` is empty."""
    if text:
        print(f"livebrush: {text}", file=sys.stderr)


def minutes(seconds: float) -> str:
    """`seconds` as in 1:05 or 2:00:00."""
    whole = round(seconds)
    hours = f"{whole // 3600}:{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60}"
    return f"{hours}:{whole % 60:02d}"


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


class Report:
    """Counts what becomes of the files, and tells it in sentences; for one thread."""

    def __init__(self) -> None:
        self._began, self._out = time.monotonic(), sys.stdout  # a cluster talks into another one meanwhile
        self.files = self.frames = self.failed = self.there = 0
        self._clips, self._expected = False, 0.0

    def note(self, text: str) -> None:
        """Something about all files."""
        say(text)

    def begin(self, frames: Sequence[int]) -> None:
        """Files of so many `frames` each are to be painted; 0 is unknown."""

    def start(self, job: Job) -> None:
        """Painting `job`, the next of them, begins."""

    def progress(self, progress: Progress) -> None:
        """So far is the clip that was started last."""

    def pieces(self, done: int, count: int) -> None:
        """So many of the `count` pieces that a cluster paints are done."""

    def done(self, job: Job, summary: Summary, whole: bool = True) -> None:
        """`job` is painted, or of a clip that is not `whole` its share."""
        self._count(job, summary)
        if whole and job.target != STREAM:
            print(job.target, file=self._out, flush=True)
        for note in summary.notes:
            self.note(note)

    def _count(self, job: Job, summary: Summary) -> None:
        self.files, self.frames = self.files + 1, self.frames + summary.frames - summary.before
        self._clips = self._clips or not job.still

    def passed(self, job: Job) -> None:
        """`job` was painted by an earlier run."""
        self.there += 1
        self.note(f"{job.target} is there already: --overwrite paints it again.")

    def fails(self, job: Job, error: Exception) -> None:
        """`job` could not be painted."""
        self.failed += 1
        text = str(error)
        known = job.source.name in text or job.target.name in text
        self.note(text if known else f"{job.source}: {text}")

    def expects(self, job: Job, estimate: Estimate) -> None:
        """What painting `job` would come to."""
        self._expect(estimate)
        height, width = estimate.size
        frames = "frames of unknown number" if not estimate.frames else _frames(estimate.frames)
        size = f"{width}x{height}" if job.still else f"{width}x{height}, {frames}"
        print(f"{job.source} -> {job.target}: {size}, about {minutes(estimate.seconds)}", file=self._out)

    def expected(self) -> None:
        """That was all; nothing was painted."""
        fps = self.frames / max(self._expected, 1e-6)
        files = "1 file" if self.files == 1 else f"{self.files} files"
        self.note(
            f"{files}, {_frames(self.frames)}, about {minutes(self._expected)} at {fps:.1f} frames a second; "
            "nothing was written."
        )

    def _expect(self, estimate: Estimate) -> None:
        self.files, self.frames = self.files + 1, self.frames + estimate.frames
        self._expected += estimate.seconds

    def close(self) -> None:
        """Nothing more is painted, whatever happened."""

    def end(self) -> None:
        """All is done: where that took its time, how much."""
        if self.frames and (self._clips or self.files > 1):
            files = f"{self.files} files, " if self.files != 1 else ""
            self.note(f"{files}{_frames(self.frames)} in {minutes(self.seconds)}, {self.fps:.1f} frames a second.")

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    @property
    def fps(self) -> float:
        """Frames painted a second, all in all."""
        return self.frames / max(self.seconds, 1e-6)
