"""Before it is painted: one frame to look at, or what all would come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from realtime.options import Options
from realtime.render.asked import encoding_of, layout_of
from realtime.render.estimate import Estimator
from realtime.render.painter import Painter
from realtime.render.pipeline import Summary
from realtime.render.plan import Job
from realtime.render.preview import paint_preview
from realtime.render.report import Report
from realtime.render.sequence import rate_of
from realtime.stills import paint_still
from weights.errors import InputError


def preview(jobs: Sequence[Job], painter: Painter, options: Options, report: Report, target: Path) -> int:
    """Paint one frame of the only job to the picture `target`. Raises InputError."""
    if len(jobs) > 1:
        raise InputError(f"--preview {target} shows a frame of one file, and {len(jobs)} are named: name one of them.")
    job = replace(jobs[0], target=target)
    report.start(job)
    if job.still:
        notes = paint_still(job.source, target, painter, layout_of(options))
    else:
        rate = rate_of(options.fps)
        notes = paint_preview(job.source, target, painter, layout_of(options), options.trim, rate, options.at)
    report.done(job, Summary(1, notes))
    return 0


def try_out(jobs: Sequence[Job], painter: Painter, options: Options, report: Report) -> int:
    """Say what would be written and how long it would take; write nothing. Raises InputError where something fails."""
    estimator = Estimator(painter, layout_of(options), options.trim, rate_of(options.fps), options.steady)
    for job in jobs:
        try:
            report.expects(job, estimator(job, None if job.still else encoding_of(options, job.target)[0]))
        except (InputError, OSError) as error:
            if len(jobs) == 1:
                raise
            report.fails(job, error)
    report.close()
    report.expected()
    if report.failed:
        raise InputError(f"{report.failed} of {len(jobs)} files could not be painted, as said above.")
    return 0
