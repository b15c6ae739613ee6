"""Paint files: plan where they go, paint one after the other, say how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from realtime.codecs import Encoding
from realtime.interrupt import tidy_when_stopped
from realtime.layout import Layout
from realtime.options import Options
from realtime.render.clip import paint_clip
from realtime.render.painter import Dials, Painter
from realtime.render.pipeline import Progress
from realtime.render.plan import Job, plan
from realtime.render.resume import Resume, Stopped
from realtime.stills import paint_still
from realtime.styles import Opener
from realtime.styles.blends import Part, find_blend, name_of
from realtime.timeline import Schedule, shown_schedule
from weights.errors import InputError
from weights.files import sha256

_DECIDE = (
    *("strength", "stroke", "keep_colors", "height", "out_height", "side_by_side"),
    *("codec", "crf", "preset", "bits", "steady"),
)
"""The options that a clip which was begun with them can't go on without."""


def paint_files(options: Options, style: str, inputs: Sequence[Path], output: Path | None) -> int:
    """Paint each of `inputs`; what can't be painted is said, and the others are painted all the same."""
    steps = steps_of(options, style)
    jobs = plan(inputs, output, _name_of(steps))
    for job in jobs:
        if not job.still:
            encoding_of(options).codec_of(job.target)
    paint, note = open_painter(options, steps)
    tidy_when_stopped()  # not before: an engine that is broken off while it loads leaves a page of traceback
    say(note)
    resume, failed = _resume(options, steps), 0
    for job in jobs:
        if job.there and not options.overwrite:
            say(f"{job.target} is there already: --overwrite paints it again.")
            continue
        try:
            notes = _paint(job, paint, options, resume)
        except Stopped as stop:
            say(str(stop))
            raise
        except (InputError, OSError) as error:
            if len(jobs) == 1:
                raise
            failed += 1
            say(str(error))
        else:
            print(job.target)
            for note in notes:
                say(note)
    if failed:
        raise InputError(f"{failed} of {len(jobs)} files could not be painted, as said above.")
    return 0


def steps_of(options: Options, style: str) -> Schedule:
    """From which second on which style paints: `style`, until the schedule names another."""
    schedule = options.style_schedule
    return schedule if schedule and not schedule[0][0] else ((Fraction(0), style), *schedule)


def _name_of(steps: Schedule) -> str:
    """What a file's name says of the styles."""
    first, last = name_of(steps[0][1]), name_of(steps[-1][1])
    return first if len(steps) == 1 else f"{first}-to-{last}"


def open_painter(options: Options, steps: Schedule) -> tuple[Painter, str]:
    """What paints in the styles of `steps`, and a note in words. Raises InputError."""
    opener = Opener(options.weights, options.device, options.threads, options.engine, options.precision)
    opened = [(time, opener(style)) for time, style in steps]
    dials = Dials(options.strength, options.keep_colors, options.stroke)
    return Painter(opened, options.fade, dials), opened[0][1].note


def _resume(options: Options, steps: Schedule) -> Resume:
    """How a clip goes on that was begun before; what only says where the network runs is free to change."""
    files = [f for _, style in steps for part in find_blend(style, options.weights) for f in _hashes(part)]
    settings = {f"--{name.replace('_', '-')}": getattr(options, name) for name in _DECIDE}
    settings |= {"--style": steps[0][1], "--style-schedule": shown_schedule(steps[1:]) or None}
    settings |= {"files of the style": files, "--trim": str(options.trim) if options.trim else None}
    settings["--fade"] = options.fade if steps[1:] else None
    return Resume(settings, options.restart, options.keep_partial, options.part_seconds)


def _hashes(part: Part) -> list[str]:
    """What tells the files that `part` is made of from any others."""
    return [part.style.sha256, part.style.vector_sha256, sha256(part.picture) if part.picture else ""]


def _paint(job: Job, paint: Painter, options: Options, resume: Resume) -> list[str]:
    """Paint one file; returns notes in words."""
    if job.still:
        return paint_still(job.source, job.target, paint, layout_of(options))
    progress = _Progress(job.source.name)
    try:
        return paint_clip(
            job.source,
            job.target,
            paint,
            layout_of(options),
            progress,
            encoding=encoding_of(options),
            steady=options.steady,
            resume=resume,
            trim=options.trim,
        ).notes
    finally:
        progress.clear()


def encoding_of(options: Options) -> Encoding:
    """What the command line asks of the encoder."""
    return Encoding(options.codec, options.crf, options.preset, options.bits)


def layout_of(options: Options) -> Layout:
    """How large the command line wants what is painted."""
    return Layout(options.height, options.out_height, options.side_by_side)


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
