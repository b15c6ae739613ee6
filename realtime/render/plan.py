"""Where each painted file goes: never onto an original, never two onto one name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from realtime.clip_writer import ANIMATION, VIDEO_SUFFIXES
from realtime.stills import WRITABLE, is_still
from weights.errors import InputError
from weights.files import not_the_original


@dataclass(frozen=True)
class Job:
    """One file to paint."""

    source: Path
    target: Path

    @property
    def still(self) -> bool:
        """Whether it is a picture rather than a clip."""
        return is_still(self.source)


def plan(inputs: Iterable[Path], output: Path | None, style: str) -> list[Job]:
    """What to paint and where to: `output` is a file for one input, else a folder; None puts NAME-STYLE where we stand.

    Raises InputError where an input doesn't exist or `output` doesn't fit.
    """
    inputs = list(inputs)
    sources = _expand(inputs, style)
    if output is not None and _is_file_name(output):
        if len(sources) != 1 or inputs[0].is_dir():
            raise InputError(f"{len(sources)} files don't fit into the one file {output}: give -o a folder.")
        return [_one(sources[0], output)]
    folder = Path() if output is None else output
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is no folder: give -o a folder, or a name that ends in .jpg, .png or .mp4.")
    ending = f"-{style}" if output is None else ""
    taken = {source.resolve() for source in sources}
    jobs = []
    for source in sources:
        target = _free(folder, source.stem, ending, _suffix(source), style, taken)
        taken.add(target.resolve())
        jobs.append(Job(source, target))
    return jobs


def _expand(inputs: list[Path], style: str) -> list[Path]:
    """The files to paint; of a folder the pictures in it, less what an earlier run painted beside them."""
    sources: list[Path] = []
    for path in inputs:
        if not path.exists():
            raise InputError(f"There is no file {path}: check the name.")
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.is_file() and is_still(p) and not p.name.startswith("."))
            if not found:
                raise InputError(f"The folder {path} holds no pictures: choose another one.")
            stems = {p.stem for p in found}
            sources.extend(p for p in found if p.stem.removesuffix(f"-{style}") not in stems - {p.stem})
        else:
            sources.append(path)
    return sources


def _is_file_name(output: Path) -> bool:
    return bool(output.suffix) and not output.is_dir()


def _one(source: Path, output: Path) -> Job:
    if is_still(source):
        kind, fits, endings = "picture", WRITABLE, ".jpg, .png, .webp or .tif"
    else:
        kind, fits, endings = "clip", VIDEO_SUFFIXES | {ANIMATION}, ".mp4, .mov, .mkv or .webp"
    if output.suffix.lower() not in fits:
        raise InputError(
            f"The {kind} {source} can't be written as {output}: end its name in {endings}, or name a folder."
        )
    not_the_original(output, source)
    return Job(source, output)


def _suffix(source: Path) -> str:
    suffix = source.suffix.lower()
    if is_still(source):
        return source.suffix if suffix in WRITABLE else ".png"
    return source.suffix if suffix in VIDEO_SUFFIXES else ".mkv"  # Matroska holds any sound


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
