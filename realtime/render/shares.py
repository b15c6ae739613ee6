"""Much work for many machines: the parts of clips, and whole files, that each of them paints.

Nobody tells the machines of each other: all read the same line, so all divide the work alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from realtime.render.clip import parts_of
from realtime.render.pipeline import Summary
from realtime.render.plan import Job
from realtime.render.resume import Resume
from realtime.render.sequence import RATE
from realtime.timeline import WHOLE, Trim
from weights.errors import InputError

_STILL = 0.04
"""Seconds of a clip that a still takes as long as: a frame's."""


@dataclass(frozen=True)
class Piece:
    """What one machine paints in one go: a file, or of a clip in parts the part of that number; `seconds` of a clip
    take about as long."""

    job: Job
    part: int | None = None
    seconds: float = _STILL


@dataclass(frozen=True)
class Task:
    """A file to paint whole where `parts` is None, else those parts of it."""

    job: Job
    parts: frozenset[int] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a task, and what is `wrong` in words, "" where nothing is."""

    summary: Summary = field(default_factory=Summary)
    wrong: str = ""


def pieces_of(jobs: Sequence[Job], resume: Resume, trim: Trim = WHOLE, rate: Fraction = RATE) -> list[Piece]:
    """All that is to be painted, in its order; a clip that can't be read is one piece, and said by who paints it."""
    return [piece for job in jobs for piece in _pieces(job, resume, trim, rate)]


def _pieces(job: Job, resume: Resume, trim: Trim, rate: Fraction) -> Iterator[Piece]:
    if job.still:
        yield Piece(job)
        return
    try:
        count, seconds = parts_of(job.source, job.target, resume, trim, rate)
    except InputError:
        yield Piece(job)
        return
    for part in range(count):
        yield Piece(job, part if count > 1 else None, seconds)


def share_of(pieces: Sequence[Piece], number: int, count: int) -> list[Task]:
    """What the machine `number`, from 1 to `count`, paints: neighbouring pieces that take about as long as others'.

    >>> share_of(pieces_of(jobs, Resume()), 2, 8)
    """
    whole, before, own = sum(piece.seconds for piece in pieces), 0.0, []
    for piece in pieces:
        if int((before + piece.seconds / 2) / whole * count) == number - 1:
            own.append(piece)
        before += piece.seconds
    return tasks_of(own)


def tasks_of(pieces: Sequence[Piece]) -> list[Task]:
    """The `pieces`, those of one file together."""
    return [
        Task(job, frozenset(part for piece in some if (part := piece.part) is not None) or None)
        for job, some in groupby(pieces, lambda piece: piece.job)
    ]
