"""Where each painted file goes: never onto an original, never two onto one name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from realtime.codecs import MOVING_PICTURES, VIDEO_SUFFIXES
from realtime.numbered import is_numbered, names_of, numbers_in
from realtime.render.pipe import STREAM
from realtime.stills import is_still, pages
from realtime.suffixes import WRITABLE
from weights.errors import InputError
from weights.files import not_the_original

_CLIPS = VIDEO_SUFFIXES | frozenset(
    (".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".wmv", ".flv", ".3gp", ".ogv", ".mxf", ".gif")
)
"""What is taken for a clip in a folder; one that is named may be of any kind."""


@dataclass(frozen=True)
class Job:
    """One file to paint: a picture where `still`, else a clip. `there` where an earlier run's painting may be kept."""

    source: Path
    target: Path
    still: bool
    there: bool = False


@dataclass(frozen=True)
class _Source:
    """A file to paint, its place `inside` the folder that was named, None where it was named itself."""

    path: Path
    inside: Path | None = None

    @property
    def still(self) -> bool:
        """Whether it is a picture that doesn't move."""
        if is_numbered(self.path):
            return False
        moves = self.path.suffix.lower() in (".gif", ".webp", ".png", ".apng", ".avif") and pages(self.path) > 1
        return not moves and (is_still(self.path) or self.path.suffix.lower() == ".gif")


def plan(inputs: Iterable[Path], output: Path | None, style: str) -> tuple[list[Job], list[str]]:
    """What to paint and where to; and a sentence about each folder below an input that can't be read.

    `output` is a file for one input, else a folder; without it, each goes into the working folder as NAME-STYLE. A
    folder's tree is kept under `output`. Raises InputError where an input doesn't exist or `output` doesn't fit.
    """
    inputs = list(inputs)
    try:
        return _plan(inputs, output, style)
    except OSError as error:
        where = error.filename or output or inputs[0]
        raise InputError(f"{where} can't be used ({error.strerror or error}): choose another name.") from error


def _plan(inputs: list[Path], output: Path | None, style: str) -> tuple[list[Job], list[str]]:
    if STREAM in (*inputs, output):
        return [_through_a_pipe(inputs, output)], []
    unread: list[str] = []
    sources = list(_expand(inputs, output, style, unread))
    if output is not None and _is_file_name(output):
        if len(sources) != 1 or inputs[0].is_dir():
            raise InputError(f"{len(sources)} files don't fit into the one file {output}: give -o a folder.")
        return [_one(sources[0], output)], unread
    folder = Path() if output is None else output
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is no folder: give -o a folder, or a name that ends in .jpg, .png or .mp4.")
    ending = f"-{style}" if output is None else ""
    taken = {source.path.resolve() for source in sources}
    jobs = []
    for source in sources:
        still = source.still
        place = folder / source.inside.parent if source.inside is not None else folder
        apart = output is None and is_numbered(source.path)  # they are many, and lie together
        place = folder / f"{source.path.absolute().parent.name}-{style}" if apart else place
        target = _free(place, _stem(source), "" if apart else ending, _suffix(source.path, still), style, taken)
        taken.add(target.resolve())
        jobs.append(Job(source.path, target, still, source.inside is not None and target.exists()))
    return jobs, unread


def _expand(inputs: list[Path], output: Path | None, style: str, unread: list[str]) -> Iterator[_Source]:
    """The files to paint; of a folder all in it and below it, less what an earlier run painted beside them.

    What folders can't be read is added to `unread`.
    """
    for path in inputs:
        if is_numbered(path) and numbers_in(path):
            yield _Source(path)
            continue
        if not path.exists():
            raise InputError(f"There is no file {path}: check the name.")
        if not path.is_dir():
            yield _Source(path)
            continue
        closed: list[str] = []
        found = sorted(p for p in _below(path, output, closed) if is_still(p) or p.suffix.lower() in _CLIPS)
        if not found:
            nothing = f"The folder {path} holds no pictures or clips: choose another one."
            raise InputError(closed[0] if closed else nothing)
        unread += closed
        stems = {p.with_suffix("") for p in found}
        for file in found:
            if file.with_name(file.stem.removesuffix(f"-{style}")) not in stems - {file.with_suffix("")}:
                yield _Source(file, file.relative_to(path))


def _below(folder: Path, output: Path | None, closed: list[str]) -> Iterator[Path]:
    """The files in `folder` and below it that aren't hidden; not those in `output`, which may lie in it.

    About each folder that can't be read a sentence is added to `closed`.
    """

    def say(error: OSError) -> None:
        reason = error.strerror or error
        closed.append(f"The folder {error.filename} can't be read ({reason}): make it readable, and try again.")

    away = output.resolve() if output is not None and output.resolve() != folder.resolve() else None
    for here, folders, files in os.walk(folder, onerror=say):
        folders[:] = [name for name in folders if not name.startswith(".") and (Path(here) / name).resolve() != away]
        yield from (Path(here) / name for name in files if not name.startswith("."))


def _is_file_name(output: Path) -> bool:
    return bool(output.suffix) and not output.is_dir()


def _one(source: _Source, output: Path) -> Job:
    still, suffix = source.still, output.suffix.lower()
    if is_numbered(output):
        return _numbered(source, output)
    if not still and suffix in WRITABLE - MOVING_PICTURES and pages(source.path):
        still = True  # the first picture of a moving one
    if still:
        kind, fits, endings = "picture", WRITABLE, ".jpg, .png, .webp or .tif"
    else:
        kind, fits, endings = "clip", VIDEO_SUFFIXES | MOVING_PICTURES, ".mp4, .mov, .mkv, .webm, .webp or .gif"
    if suffix not in fits:
        raise InputError(
            f"The {kind} {source.path} can't be written as {output}: end its name in {endings}, or name a folder."
        )
    not_the_original(output, source.path)
    return Job(source.path, output, still)


def _numbered(source: _Source, output: Path) -> Job:
    if source.still or output.suffix.lower() not in WRITABLE:
        what = "The picture" if source.still else "The clip"
        raise InputError(f"{what} {source.path} can't be written as {output}: number clips, as in painted/%05d.png.")
    if is_numbered(source.path):
        numbers = numbers_in(source.path)
        before, after = names_of(source.path), names_of(output)
        not_the_original(after(numbers[0]), before(numbers[0]))
    return Job(source.path, output, False)


def _through_a_pipe(inputs: list[Path], output: Path | None) -> Job:
    """One still; without `output` it goes into the pipe that follows."""
    source = inputs[0]
    if len(inputs) != 1 or (source != STREAM and not is_still(source)):
        raise InputError("A pipe, called -, takes one picture, no clip: give -o a name to paint others.")
    if source != STREAM and not source.exists():
        raise InputError(f"There is no file {source}: check the name.")
    output = STREAM if output is None else output
    if output == STREAM and sys.stdout.isatty():
        raise InputError("The painting would be printed here: send it on, as in > painted.png, or give -o a name.")
    if output != STREAM and (output.is_dir() or output.suffix.lower() not in WRITABLE):
        raise InputError(f"A picture from a pipe can't be written as {output}: end its name in .jpg, .png or .webp.")
    return Job(source, output, True)


def _suffix(source: Path, still: bool) -> str:
    suffix = source.suffix.lower()
    if still or is_numbered(source):
        return source.suffix if suffix in WRITABLE else ".png"
    if pages(source):
        return ".gif" if suffix == ".gif" else ".webp"
    return source.suffix if suffix in VIDEO_SUFFIXES else ".mkv"  # Matroska holds any sound


def _stem(source: _Source) -> str:
    """What the painting's name begins with: that of one clip must not stand for numbered pictures, as 50%discount."""
    stem = source.path.stem
    one = not source.still and not is_numbered(source.path)
    return stem.replace("%", "-") if one and is_numbered(Path(stem)) else stem


def _free(folder: Path, stem: str, ending: str, suffix: str, style: str, taken: set[Path]) -> Path:
    """A name in `folder` that no original and no other job has; a painting of an earlier run may be replaced."""
    target = folder / f"{stem}{ending}{suffix}"
    if target.resolve() in taken and not ending:
        ending = f"-{style}"
        target = folder / f"{stem}{ending}{suffix}"
    number = 2
    while target.resolve() in taken:
        target = folder / f"{stem}{ending}-{number}{suffix}"
        number += 1
    return target
