"""A long clip painted part by part, so that a stop, a crash or a full disk costs one part at most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from realtime.numbered import is_numbered
from realtime.render.join import join
from realtime.render.journal import Journal, is_begun
from realtime.render.numbered_out import join_numbered
from realtime.render.opened import InParts
from realtime.render.parts import PartReader, PartWriter, count_parts
from realtime.render.pipeline import Pipeline, Progress, Summary, Work
from realtime.render.steady import LEAD_IN
from realtime.render.words import said_of
from weights.errors import InputError
from weights.files import replacing

PART_SECONDS = 10.0


@dataclass(frozen=True)
class Resume:
    """How a clip goes on: `settings` are what decides its look, by the words that the command line has for them.

    With `restart` what was painted before is thrown away; with `keep_partial` a stop leaves what is painted as a file
    that plays. Parts are of some `part_seconds`. With a `share` its parts alone are painted, and others, perhaps on
    other machines, paint the rest; who joins them comes later.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    restart: bool = False
    keep_partial: bool = False
    part_seconds: float = PART_SECONDS
    share: frozenset[int] | None = None

    def journal(self, reader: InParts, target: Path) -> Journal:
        """What is painted of the clip so far."""
        return Journal(target, count_parts(reader, self.part_seconds))

    def open(self, journal: Journal, source: Path) -> None:
        """Begin, or go on. Raises InputError where something else was begun."""
        journal.open(source, {**self.settings, "--part-seconds": self.part_seconds}, self.restart)


class Stopped(KeyboardInterrupt):
    """A stop, and in its words how to go on."""


def paint_parts(reader: InParts, journal: Journal, work: Work, resume: Resume) -> Summary:
    """Paint the parts that are missing, and join all; or, of a share, paint its own.

    Raises InputError, and Stopped where a signal comes.
    """
    wanted = range(journal.count) if resume.share is None else sorted(resume.share)
    try:
        resume.open(journal, reader.path)
        before = journal.frames(wanted)
        with said_of(journal.target):
            painted = paint_missing(reader, journal, wanted, work, resume.part_seconds)
            if resume.share is None:
                return replace(join_parts(reader, journal), before=before)
        return Summary(painted, [_said_of_share(journal, wanted)], before)
    except KeyboardInterrupt as stop:
        done = len(wanted) - len(journal.missing(wanted))
        if not done:
            _forget(journal, resume)
            raise
        where = f"parts of {journal.target}" if resume.share is None else f"parts of this share of {journal.target}"
        words = f"{done} of {len(wanted)} {where} are painted: the same line again goes on from there"
        if resume.keep_partial and (partial := keep_partial(reader, journal)):
            words += f", and {partial} plays what there is"
        raise Stopped(f"{words}.") from stop
    except BaseException:
        _forget(journal, resume)
        raise


def _said_of_share(journal: Journal, own: Sequence[int]) -> str:
    which = f"Part {own[0] + 1}" if len(own) == 1 else f"Parts {own[0] + 1} to {own[-1] + 1}"
    missing = len(journal.missing())
    rest = f"{missing} are still missing" if missing else "all are there, and --join instead of --part joins them"
    return f"{which} of {journal.count} of {journal.target} painted: {rest}."


def _forget(journal: Journal, resume: Resume) -> None:
    """Put the folder of parts away where nothing is in it, and no other machine is about to paint into it."""
    if resume.share is None and len(journal.missing()) == journal.count:
        journal.remove()


def paint_missing(reader: InParts, journal: Journal, wanted: Collection[int], work: Work, part_seconds: float) -> int:
    """Paint those of the parts `wanted` that aren't there; returns how many frames the parts have."""
    done = before = journal.frames(wanted)
    total = reader.total * len(wanted) // journal.count
    missing = journal.missing(wanted)

    def count() -> None:
        nonlocal done
        done += 1
        work.on_progress(Progress(done, total, before))

    if missing:
        pictures = PartReader(reader, missing, journal.count, part_seconds, LEAD_IN if work.steady else 0)
        sink = PartWriter(reader, journal, missing, work.encoding)
        Pipeline(pictures, sink, work.steady).run(work.paint, count, work.at_once)
    return done


def join_parts(source: InParts, journal: Journal) -> Summary:
    """Put all parts together, and the folder away."""
    if is_numbered(journal.target):
        notes = join_numbered(source, journal, journal.target)
    else:
        with replacing(journal.target) as temporary:
            notes = join(source, journal, temporary)
    frames = journal.frames(range(journal.count))
    journal.remove()
    return Summary(frames, notes)


def join_shares(reader: InParts, journal: Journal, resume: Resume) -> Summary:
    """Put together what several machines have painted. Raises InputError where parts are missing."""
    if not is_begun(journal.target):
        raise InputError(f"No part of {journal.target} is painted yet: paint it first, with --part.")
    resume.open(journal, reader.path)
    with said_of(journal.target):
        return join_parts(reader, journal)


def keep_partial(source: InParts, journal: Journal) -> Path | None:
    """Join the parts from the first one up to one that is missing; returns the file, None where there are none."""
    upto = min(journal.missing(), default=journal.count)
    if not upto:
        return None
    target = journal.target
    partial = target.with_name(f"{target.stem}.partial{target.suffix}")
    if is_numbered(target):
        join_numbered(source, journal, partial, upto)
        return partial
    with replacing(partial) as temporary:
        join(source, journal, temporary, upto)
    return partial
