"""Paint files: plan where they go, paint one after the other, say how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from realtime.interrupt import tidy_when_stopped
from realtime.numbered import is_numbered
from realtime.options import Options
from realtime.render.asked import (
    encoding_of,
    join_job,
    name_of_steps,
    open_painter,
    paint_task,
    resume_of,
    steps_of,
)
from realtime.render.estimate import frames_in
from realtime.render.journal import forget, is_begun, is_whole
from realtime.render.json_lines import Lines
from realtime.render.pipe import STREAM, check_pipe
from realtime.render.pipeline import Summary
from realtime.render.plan import Job, plan
from realtime.render.report import Report
from realtime.render.resume import Resume, Stopped
from realtime.render.sequence import rate_of
from realtime.render.shares import Outcome, Task, pieces_of, share_of
from realtime.render.trial import preview, try_out
from realtime.timeline import Schedule
from weights.errors import InputError

Doing = tuple[Task, Callable[[], Summary]]
"""A task, and what does it."""


def paint_files(options: Options, style: str, inputs: Sequence[Path], output: Path | None) -> int:
    """Paint each of `inputs`, or the share of them that is asked for, or join what others have painted.

    What can't be done is said, and the rest is done all the same.
    """
    steps = steps_of(options, style)
    jobs, unread = plan(inputs, output, name_of_steps(steps))
    notes = dict.fromkeys(encoding_of(options, job.target)[1] for job in jobs if not job.still and not options.join)
    if options.fps is not None and not any(is_numbered(job.source) for job in jobs):
        raise InputError("--fps is how fast numbered pictures follow each other, as in frames/%05d.png: leave it out.")
    resume, report = resume_of(options, steps), _report(options)
    try:
        if any(STREAM in (job.source, job.target) for job in jobs):
            check_pipe(options, jobs[0].target)
        for words in (*unread, *notes):
            report.note(words)
        if options.join and not options.only_tries:
            tidy_when_stopped()
            joining = ((Task(job), partial(join_job, job, options, resume)) for job in jobs)
            code = _each(report, joining, len(jobs))
        elif options.ray is not None and not options.only_tries:
            code = _paint_on_cluster(report, jobs, options, steps, resume)
        else:
            code = _paint_here(report, jobs, options, steps, resume)
    finally:
        report.close()
    if unread:
        raise InputError(f"{len(unread)} of the folders could not be read, as said above.")
    return code


def _paint_here(report: Report, jobs: Sequence[Job], options: Options, steps: Schedule, resume: Resume) -> int:
    painter, note = open_painter(options, steps)
    tidy_when_stopped()  # not before: an engine that is broken off while it loads leaves a page of traceback
    report.note(note)
    if options.preview is not None:
        return preview(jobs, painter, options, report, options.preview)
    tasks = [Task(job) for job in jobs]
    if options.part:
        number, count = options.part
        tasks = share_of(pieces_of(jobs, resume, options.trim, rate_of(options.fps)), number, count)
        if not tasks:
            report.note(f"Share {number} of {count} has nothing to paint: a smaller --part-seconds makes more parts.")
    todo = [task for task in tasks if not _is_there(report, task.job, options)]
    if options.dry_run:
        return try_out([task.job for task in todo], painter, options, report)
    if type(report) is not Report:  # else nobody wants to know, and each file would be opened twice
        report.begin([frames_in(task.job, options.trim, rate_of(options.fps)) for task in todo])
    doing = ((task, partial(paint_task, task, painter, options, resume, report.progress)) for task in todo)
    return _each(report, doing, len(tasks))


def _paint_on_cluster(report: Report, jobs: Sequence[Job], options: Options, steps: Schedule, resume: Resume) -> int:
    from realtime.render.cluster import Work, paint_on_cluster

    jobs = [job for job in jobs if not _is_there(report, job, options)]
    if options.restart:
        for job in jobs:
            forget(job.target)
        resume = replace(resume, restart=False)
    pieces = pieces_of(jobs, resume, options.trim, rate_of(options.fps))
    painted = paint_on_cluster(pieces, Work(options, steps, resume), report)
    finishing = ((Task(job), partial(_finish, job, outcome, options, resume)) for job, outcome in painted)
    return _each(report, finishing, len(jobs))


def _report(options: Options) -> Report:
    """Who is told how far it is: a program, somebody at a terminal, or a log."""
    if options.json:
        return Lines()
    if not sys.stderr.isatty():
        return Report()
    from realtime.render.bars import Bars  # not where nobody looks

    return Bars()


def _each(report: Report, todo: Iterable[Doing], count: int) -> int:
    """Do one of `count` tasks after the other. Raises InputError where some failed."""
    try:
        for task, do in todo:
            report.start(task.job)
            try:
                summary = do()
            except (InputError, OSError) as error:
                if count == 1:
                    raise
                report.fails(task.job, error)
            else:
                report.done(task.job, summary, task.parts is None)
    except Stopped as stop:
        report.note(str(stop))
        raise
    report.close()
    report.end()
    if report.failed:
        raise InputError(f"{report.failed} of {count} files could not be painted, as said above.")
    return 0


def _is_there(report: Report, job: Job, options: Options) -> bool:
    """Whether an earlier run has painted the file, which may stay; it is said.

    A file that is named is painted again; but a share that is asked for twice, as schedulers do, is done once.
    """
    there = job.there or (options.part is not None and is_whole(job.target))
    if there and not options.overwrite:
        report.passed(job)
        return True
    return False


def _finish(job: Job, outcome: Outcome, options: Options, resume: Resume) -> Summary:
    """Put together what a cluster has painted of one file."""
    if outcome.wrong:
        raise InputError(outcome.wrong)
    return replace(join_job(job, options, resume), before=0) if is_begun(job.target) else outcome.summary
