"""What the command line asks of the painting of files: styles, encoding, layout, and a task done with all that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from realtime.codecs import Encoding
from realtime.hardware import accelerated
from realtime.layout import Layout
from realtime.options import Options
from realtime.render.clip import join_clip, paint_clip, still_to_be_painted
from realtime.render.journal import is_begun, is_whole
from realtime.render.painter import Dials, Painter
from realtime.render.pipe import STREAM, paint_pipe
from realtime.render.pipeline import Progress, Summary
from realtime.render.plan import Job
from realtime.render.resume import Resume
from realtime.render.sequence import rate_of
from realtime.render.shares import Task
from realtime.stills import paint_still
from realtime.styles import Opener
from realtime.styles.blends import Part, find_blend, name_of
from realtime.styles.refined import digest_of
from realtime.timeline import Schedule, shown_schedule
from weights.errors import InputError

_DECIDE = (
    *("strength", "stroke", "keep_colors", "height", "out_height", "side_by_side"),
    *("codec", "crf", "preset", "bits", "steady", "fps"),
)
"""The options that a clip which was begun with them can't go on without."""


def steps_of(options: Options, style: str) -> Schedule:
    """From which second on which style paints: `style`, until the schedule names another."""
    schedule = options.style_schedule
    return schedule if schedule and not schedule[0][0] else ((Fraction(0), style), *schedule)


def name_of_steps(steps: Schedule) -> str:
    """What a file's name says of the styles."""
    first, last = name_of(steps[0][1]), name_of(steps[-1][1])
    return first if len(steps) == 1 else f"{first}-to-{last}"


def open_painter(options: Options, steps: Schedule) -> tuple[Painter, str]:
    """What paints in the styles of `steps`, and a note in words. Raises InputError."""
    opener = Opener(options.weights, options.device, options.threads, options.engine, options.precision)
    opened = [(time, opener(style)) for time, style in steps]
    dials = Dials(options.strength, options.keep_colors, options.stroke)
    return Painter(opened, options.fade, dials), opened[0][1].note


def resume_of(options: Options, steps: Schedule) -> Resume:
    """How a clip goes on that was begun before; what only says where the network runs is free to change."""
    files = [f for _, style in steps for part in find_blend(style, options.weights) for f in _hashes(part)]
    settings = {f"--{name.replace('_', '-')}": getattr(options, name) for name in _DECIDE}
    settings |= {"--style": steps[0][1], "--style-schedule": shown_schedule(steps[1:]) or None}
    settings |= {"files of the style": files, "--trim": str(options.trim) if options.trim else None}
    settings["--fade"] = options.fade if steps[1:] else None
    return Resume(settings, options.restart, options.keep_partial, options.part_seconds)


def _hashes(part: Part) -> list[str]:
    """What tells the files that `part` is made of from any others."""
    return [part.style.sha256, part.style.vector_sha256, digest_of(part.picture) if part.picture else ""]


def paint_task(
    task: Task, paint: Painter, options: Options, resume: Resume, on_progress: Callable[[Progress], None]
) -> Summary:
    """Paint one file, or parts of it."""
    job = task.job
    if STREAM in (job.source, job.target):
        return Summary(1, paint_pipe(job.source, job.target, paint, layout_of(options)))
    if job.still:
        return Summary(1, paint_still(job.source, job.target, paint, layout_of(options)))
    encoding, _ = encoding_of(options, job.target)
    return paint_clip(
        job.source,
        job.target,
        paint,
        layout_of(options),
        on_progress,
        encoding=encoding,
        steady=options.steady,
        resume=replace(_coded_by(resume, encoding.hwaccel), share=task.parts),
        trim=options.trim,
        rate=rate_of(options.fps),
    )


def join_job(job: Job, options: Options, resume: Resume) -> Summary:
    """Put together what others have painted of one file, unless it was painted whole."""
    if is_whole(job.target) and not is_begun(job.target):
        return Summary()
    if job.still:
        raise still_to_be_painted(job.target)
    resume = _coded_by(resume, options.hwaccel)
    summary = join_clip(job.source, job.target, resume, layout_of(options), options.trim, rate_of(options.fps))
    return replace(summary, before=summary.frames)


def _coded_by(resume: Resume, hwaccel: str | None) -> Resume:
    """What one encoder began, another can't go on with: their packets don't go into one track."""
    return replace(resume, settings={**resume.settings, "--hwaccel": hwaccel})


def encoding_of(options: Options, target: Path) -> tuple[Encoding, str]:
    """What the command line asks of the encoder for `target`, and a note in words. Raises InputError."""
    encoding = Encoding(options.codec, options.crf, options.preset, options.bits)
    encoding, note = accelerated(encoding, options.hwaccel, target)
    if note and (options.part or options.ray is not None):
        raise InputError(
            f"{note.removesuffix(', so the processor does.')}, and all machines must: leave --hwaccel out."
        )
    return encoding, note


def layout_of(options: Options) -> Layout:
    """How large the command line wants what is painted."""
    return Layout(options.height, options.out_height, options.side_by_side)
