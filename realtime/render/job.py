"""Paint files: plan where they go, paint one after the other, say how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from realtime.interrupt import tidy_when_stopped
from realtime.numbered import is_numbered
from realtime.options import Options
from realtime.render.asked import encoding_of, join_job, open_painter, paint_task, resume_of, steps_of
from realtime.render.journal import forget, is_begun
from realtime.render.painter import Painter
from realtime.render.pipe import STREAM
from realtime.render.pipeline import Progress
from realtime.render.plan import Job, plan
from realtime.render.resume import Resume, Stopped
from realtime.render.sequence import rate_of
from realtime.render.shares import Outcome, Task, pieces_of, share_of
from realtime.styles.blends import name_of
from realtime.timeline import Schedule
from weights.errors import InputError

Doing = tuple[Task, Callable[[], Sequence[str]]]
"""A task, and what does it and returns notes in words."""


def paint_files(options: Options, style: str, inputs: Sequence[Path], output: Path | None) -> int:
    """Paint each of `inputs`, or the share of them that is asked for, or join what others have painted.

    What can't be done is said, and the rest is done all the same.
    """
    steps = steps_of(options, style)
    jobs = plan(inputs, output, _name_of(steps))
    for job in jobs:
        if not job.still:
            encoding_of(options).codec_of(job.target)
    if options.fps is not None and not any(is_numbered(job.source) for job in jobs):
        raise InputError("--fps is how fast numbered pictures follow each other, as in frames/%05d.png: leave it out.")
    resume = resume_of(options, steps)
    if options.join:
        tidy_when_stopped()
        return _each(((Task(job), partial(join_job, job, options, resume)) for job in jobs), len(jobs))
    if options.ray is not None:
        return _paint_on_cluster(jobs, options, steps, resume)
    paint, note = open_painter(options, steps)
    tidy_when_stopped()  # not before: an engine that is broken off while it loads leaves a page of traceback
    say(note)
    tasks = [Task(job) for job in jobs]
    if options.part:
        number, count = options.part
        tasks = share_of(pieces_of(jobs, resume, options.trim, rate_of(options.fps)), number, count)
        if not tasks:
            say(f"Share {number} of {count} has nothing to paint: a smaller --part-seconds makes more parts.")
    todo = [task for task in tasks if not _is_there(task.job, options)]
    return _each(((task, partial(_paint, task, paint, options, resume)) for task in todo), len(tasks))


def _paint_on_cluster(jobs: Sequence[Job], options: Options, steps: Schedule, resume: Resume) -> int:
    from realtime.render.cluster import Work, paint_on_cluster

    jobs = [job for job in jobs if not _is_there(job, options)]
    if options.restart:
        for job in jobs:
            forget(job.target)
        resume = replace(resume, restart=False)
    pieces = pieces_of(jobs, resume, options.trim, rate_of(options.fps))
    painted = paint_on_cluster(pieces, Work(options, steps, resume), say)
    return _each(((Task(job), partial(_finish, job, outcome, options, resume)) for job, outcome in painted), len(jobs))


def _name_of(steps: Schedule) -> str:
    """What a file's name says of the styles."""
    first, last = name_of(steps[0][1]), name_of(steps[-1][1])
    return first if len(steps) == 1 else f"{first}-to-{last}"


def _each(todo: Iterable[Doing], count: int) -> int:
    """Do one of `count` tasks after the other. Raises InputError where some failed."""
    failed, out = 0, sys.stdout  # a cluster talks into another one meanwhile
    try:
        for task, do in todo:
            try:
                notes = do()
            except (InputError, OSError) as error:
                if count == 1:
                    raise
                failed += 1
                say(str(error))
            else:
                if task.parts is None and task.job.target != STREAM:
                    print(task.job.target, file=out)
                for note in notes:
                    say(note)
    except Stopped as stop:
        say(str(stop))
        raise
    if failed:
        raise InputError(f"{failed} of {count} files could not be painted, as said above.")
    return 0


def _is_there(job: Job, options: Options) -> bool:
    """Whether an earlier run has painted the file, which may stay; it is said.

    A file that is named is painted again; but a share that is asked for twice, as schedulers do, is done once.
    """
    there = job.there or (options.part is not None and job.target.exists())
    if there and not options.overwrite:
        say(f"{job.target} is there already: --overwrite paints it again.")
        return True
    return False


def _paint(task: Task, paint: Painter, options: Options, resume: Resume) -> Sequence[str]:
    progress = _Progress(task.job.source.name)
    try:
        return paint_task(task, paint, options, resume, progress)
    finally:
        progress.clear()


def _finish(job: Job, outcome: Outcome, options: Options, resume: Resume) -> Sequence[str]:
    """Put together what a cluster has painted of one file."""
    if outcome.wrong:
        raise InputError(outcome.wrong)
    return join_job(job, options, resume) if is_begun(job.target) else outcome.notes


def say(text: str) -> None:
    """One sentence on stderr; nothing where `text` is empty."""
    if text:
        print(f"livebrush: {text}", file=sys.stderr)


class _Progress:
    """One line on stderr that says how far a clip is; silent where stderr is no terminal."""

    def __init__(self, name: str) -> None:
        self._name, self._began, self._shown = name, time.monotonic(), 0.0
        self._terminal = sys.stderr.isatty()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self._terminal or now - self._shown < 0.2:
            return
        self._shown = now
        painted = progress.done - progress.before
        fps = painted / max(now - self._began, 1e-6)
        text = f"{self._name}: frame {progress.done}"
        if progress.total >= progress.done:
            left = (progress.total - progress.done) / fps
            text += f" of {progress.total}, {progress.done * 100 // progress.total} %, {_minutes(left)} left"
        print(f"\r\x1b[K{text}, {fps:.1f} fps", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
