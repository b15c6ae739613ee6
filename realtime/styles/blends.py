"""What `--style` says: one style, or several of one trunk with their weights, as in `starry-night:0.6,the-scream:0.4`.

A picture stands for the style that is predicted from it, alone or in a blend: `mine.jpg:0.5,the-scream:0.5`.

Standard library only, as the command line asks it before anything heavy is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, isnan, nan
from pathlib import Path
from shlex import quote

from realtime.styles.pictures import is_file, is_picture, slug, style_of
from weights.catalog import Style, find_style, installed_styles
from weights.errors import InputError
from weights.folders import Folders


@dataclass(frozen=True)
class Part:
    """A style and its weight in a blend, above 0 and at most 1; `picture` is what it is predicted from, None where it
    is installed."""

    style: Style
    weight: float
    picture: Path | None = None

    @property
    def of_trunk(self) -> bool:
        """Whether it is a vector for a trunk rather than a network of its own."""
        return self.style.vector is not None or self.picture is not None


_COMMAS = 8  # that a file's name may hold: each is looked at


def read_blend(text: str) -> dict[str, float]:
    """The weights in `text` by style name, from 0 to 1 and 1 in all; a name without a number weighs 1.

    Raises InputError where `text` can't be read; whether such styles exist is `find_blend`'s question.
    """
    weights: dict[str, float] = {}
    for part in _parts(text):
        name, weight = _weighed(part)
        if not name or not 0 <= weight < inf:
            raise InputError(
                f"--style {quote(text)} can't be read: give one name of --list, or a blend as in NAME:0.6,NAME:0.4."
            )
        weights[name] = weights.get(name, 0.0) + weight
    total = sum(weights.values())
    if not 0 < total < inf:
        raise InputError(f"The weights of --style {text} come to {total:g}: give at least one style a number above 0.")
    return {name: weight / total for name, weight in weights.items()}


def _parts(text: str) -> Iterator[str]:
    """The parts of a blend, between commas; but those of a file that is there belong to its name."""
    pieces = text.split(",")
    while pieces:
        runs = (",".join(pieces[:count]) for count in range(min(len(pieces), _COMMAS), 1, -1))
        part = next((run for run in runs if is_picture(_weighed(run)[0]) and is_file(_weighed(run)[0])), pieces[0])
        yield part
        del pieces[: part.count(",") + 1]


def _weighed(part: str) -> tuple[str, float]:
    """Name and weight of a part of a blend: 1 where it says none, NaN where that is no number."""
    name, colon, number = (piece.strip() for piece in part.rpartition(":"))
    if not colon or (isnan(_number(number)) and is_picture(part.strip())):  # as in C:\mine.jpg
        return part.strip(), 1.0
    return name, _number(number)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def write_blend(weights: Mapping[str, float]) -> str:
    """The text that `read_blend` reads; styles of weight 0 are left out."""
    kept = {name: weight for name, weight in weights.items() if weight > 0}
    return next(iter(kept)) if len(kept) == 1 else ",".join(f"{name}:{weight:g}" for name, weight in kept.items())


def name_of(text: str) -> str:
    """A name for the style or blend `text` that any file may carry, as in `starry-night-60-the-scream-40`."""
    weights = [(_short(name), weight) for name, weight in read_blend(text).items() if weight > 0]
    if len(weights) == 1:
        return weights[0][0]
    return "-".join(f"{name}-{round(weight * 100)}" for name, weight in weights)


def _short(name: str) -> str:
    return slug(Path(name).stem) if is_picture(name) else name


def with_whole_paths(text: str) -> str:
    """`text` with its pictures named from the root, so that it means the same whatever folder is worked in."""
    weights = {str(Path(name).absolute()) if is_picture(name) else name: w for name, w in read_blend(text).items()}
    return write_blend(weights)


def find_blend(text: str, folders: Folders | None = None) -> list[Part]:
    """The styles that `text` names, those of weight 0 left out: one of any kind, or several of one trunk.

    Raises InputError where one isn't installed, or where they can't be blended; it says what can. Of a picture only
    what `pictures.style_of` asks is looked at: it is read when its style is predicted.
    """
    installed = installed_styles(folders)
    styles = {style.card.name: style for style in installed}
    weights = read_blend(text)
    for name in weights:
        if is_picture(name):
            styles[name] = style_of(Path(name), installed, folders)
        elif name not in styles:
            find_style(name, folders)  # says which there are
    parts = [Part(styles[n], w, Path(n) if is_picture(n) else None) for n, w in weights.items() if w > 0]
    if len(parts) > 1:
        _check_trunks(parts, installed)
    return parts


def _check_trunks(chosen: list[Part], styles: Iterable[Style]) -> None:
    """Raise InputError unless all the `chosen` are vectors for one trunk."""
    alone = [part.style.card.name for part in chosen if not part.of_trunk]
    if not alone and len({part.style.card.trunk_hash for part in chosen}) == 1:
        return
    if alone:
        why = f"The style {alone[0]} is a network of its own, which can't be blended"
    else:
        names = " and ".join(part.style.card.name for part in chosen)
        why = f"The styles {names} belong to different networks and can't be blended"
    groups: dict[str, list[str]] = {}
    for style in styles:
        if style.vector:
            groups.setdefault(style.card.trunk_hash, []).append(style.card.name)
    some = [f"some of {', '.join(names)}" for names in groups.values() if len(names) > 1]
    raise InputError(f"{why}: blend {'; or '.join(some)}." if some else f"{why}: no styles that can are installed.")
