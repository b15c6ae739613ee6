"""A long clip painted part by part, so that a stop, a crash or a full disk costs one part at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime.render.join import join
from realtime.render.journal import Journal
from realtime.render.parts import PartReader, PartWriter
from realtime.render.pipeline import Pipeline, Progress, Summary, Work
from realtime.render.reader import ClipReader
from realtime.render.steady import LEAD_IN
from realtime.render.words import said_of
from weights.files import replacing

PART_SECONDS = 10.0


@dataclass(frozen=True)
class Resume:
    """How a clip goes on: `settings` are what decides its look, by the words that the command line has for them.

    With `restart` what was painted before is thrown away; with `keep_partial` a stop leaves what is painted as a file
    that plays. Parts are of some `part_seconds`.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    restart: bool = False
    keep_partial: bool = False
    part_seconds: float = PART_SECONDS


class Stopped(KeyboardInterrupt):
    """A stop, and in its words how to go on."""


def paint_parts(reader: ClipReader, journal: Journal, work: Work, resume: Resume) -> Summary:
    """Paint the parts that are missing, and join all. Raises InputError, and Stopped where a signal comes."""
    settings = {**resume.settings, "--part-seconds": resume.part_seconds}
    journal.open(reader.path, settings, resume.restart)
    try:
        with said_of(journal.target):
            paint_missing(reader, journal, journal.missing(), work, resume.part_seconds)
            return join_parts(reader, journal)
    except KeyboardInterrupt as stop:
        done = journal.count - len(journal.missing())
        if not done:
            journal.remove()
            raise
        words = (
            f"{done} of {journal.count} parts of {journal.target} are painted: the same line again goes on from there"
        )
        if resume.keep_partial and (partial := keep_partial(reader, journal)):
            words += f", and {partial} plays what there is"
        raise Stopped(f"{words}.") from stop
    except BaseException:
        if len(journal.missing()) == journal.count:
            journal.remove()
        raise


def paint_missing(reader: ClipReader, journal: Journal, wanted: list[int], work: Work, part_seconds: float) -> None:
    """Paint the parts `wanted` of the clip."""
    if not wanted:
        return
    before = sum(len(note.packets) for part in range(journal.count) if (note := journal.note(part)))
    done = before

    def count() -> None:
        nonlocal done
        done += 1
        work.on_progress(Progress(done, reader.total, before))

    pictures = PartReader(reader, wanted, journal.count, part_seconds, LEAD_IN if work.steady else 0)
    Pipeline(pictures, PartWriter(reader, journal, wanted, work.encoding), work.steady).run(work.paint, count)


def join_parts(source: ClipReader, journal: Journal) -> Summary:
    """Put all parts together, and the folder away."""
    with replacing(journal.target) as temporary:
        notes = join(source, journal, temporary)
    frames = sum(len(note.packets) for part in range(journal.count) if (note := journal.note(part)))
    journal.remove()
    return Summary(frames, notes)


def keep_partial(source: ClipReader, journal: Journal) -> Path | None:
    """Join the parts from the first one up to one that is missing; returns the file, None where there are none."""
    upto = min(journal.missing(), default=journal.count)
    if not upto:
        return None
    target = journal.target
    partial = target.with_name(f"{target.stem}.partial{target.suffix}")
    with replacing(partial) as temporary:
        join(source, journal, temporary, upto)
    return partial
