"""What `--style` says: one style, or several of one trunk with their weights, as in `starry-night:0.6,the-scream:0.4`.

Standard library only, as the command line asks it before anything heavy is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, nan
from shlex import quote

from weights.catalog import Style, find_style, installed_styles
from weights.errors import InputError
from weights.folders import Folders


@dataclass(frozen=True)
class Part:
    """An installed style and its weight in a blend, above 0 and at most 1."""

    style: Style
    weight: float


def read_blend(text: str) -> dict[str, float]:
    """The weights in `text` by style name, from 0 to 1 and 1 in all; a name without a number weighs 1.

    Raises InputError where `text` can't be read; whether such styles exist is `find_blend`'s question.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, colon, number = (piece.strip() for piece in part.partition(":"))
        weight = _number(number) if colon else 1.0
        if not name or not 0 <= weight < inf:
            raise InputError(
                f"--style {quote(text)} can't be read: give one name of --list, or a blend as in NAME:0.6,NAME:0.4."
            )
        weights[name] = weights.get(name, 0.0) + weight
    total = sum(weights.values())
    if not 0 < total < inf:
        raise InputError(f"The weights of --style {text} come to {total:g}: give at least one style a number above 0.")
    return {name: weight / total for name, weight in weights.items()}


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
    weights = {name: weight for name, weight in read_blend(text).items() if weight > 0}
    if len(weights) == 1:
        return next(iter(weights))
    return "-".join(f"{name}-{round(weight * 100)}" for name, weight in weights.items())


def find_blend(text: str, folders: Folders | None = None) -> list[Part]:
    """The styles that `text` names, those of weight 0 left out: one of any kind, or several of one trunk.

    Raises InputError where one isn't installed, or where they can't be blended; it says what can.
    """
    styles = {style.card.name: style for style in installed_styles(folders)}
    weights = read_blend(text)
    for name in weights:
        if name not in styles:
            find_style(name, folders)  # says which there are
    parts = [Part(styles[name], weight) for name, weight in weights.items() if weight > 0]
    if len(parts) > 1:
        _check_trunks([part.style for part in parts], styles.values())
    return parts


def _check_trunks(chosen: list[Style], styles: Iterable[Style]) -> None:
    """Raise InputError unless all the `chosen` are vectors for one trunk."""
    alone = [style.card.name for style in chosen if not style.vector]
    if not alone and len({style.card.trunk_hash for style in chosen}) == 1:
        return
    if alone:
        why = f"The style {alone[0]} is a network of its own, which can't be blended"
    else:
        names = " and ".join(style.card.name for style in chosen)
        why = f"The styles {names} belong to different networks and can't be blended"
    groups: dict[str, list[str]] = {}
    for style in styles:
        if style.vector:
            groups.setdefault(style.card.trunk_hash, []).append(style.card.name)
    some = [f"some of {', '.join(names)}" for names in groups.values() if len(names) > 1]
    raise InputError(f"{why}: blend {'; or '.join(some)}." if some else f"{why}: no styles that can are installed.")
