"""Teach a predictor the styles that its trunk was trained with: the best vectors of those paintings are known.

    python -m training.predictor.known runs/predictor/predictor.safetensors --own paintings/ --paintings many/train

Ghiasi et al. 2017 learn trunk and predictor from the same paintings. A trunk that was trained first has vectors of its
own for its paintings, NAME.jpg (or .png) in --own each, and is better in these than in any that can be predicted of an
unseen painting. The map is drawn to them, as seen in the whole of a painting and in parts of it, and is held to what it
said before of all other paintings. This takes minutes. The file is written anew, or to -o.

With --trunk-moved it may be the predictor of the trunk before that was trained a little further; it fits --trunk then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

import torch
import tyro
from PIL import Image
from rich.console import Console
from rich.progress import track
from torch import Tensor

from training.checkpoint import bound, load_generator, load_vector, save_generator, vectors_beside
from training.cli import parse
from training.generators import LiteTrunk
from training.images import pictures_in
from training.predictor.network import StyleEncoder, StyleMap, load_predictor
from training.predictor.views import looked_at, part_of, view_of
from training.settings import at_least
from weights.errors import InputError, exit_code
from weights.folders import WEIGHTS

T = TypeVar("T")

STEPS, RATE = 600, 1e-3


@dataclass(frozen=True)
class Settings:
    """Teach a predictor what its trunk knows."""

    predictor: Annotated[Path, tyro.conf.Positional]
    """Its .safetensors."""
    own: Path
    """A folder with the paintings that the trunk was trained with, named as its styles; others are passed over."""
    paintings: Path
    """Other paintings, of which it is to say what it said before."""
    trunk: Path = WEIGHTS / "pack.safetensors"
    """The trunk, with its styles beside it."""
    trunk_moved: bool = False
    """The trunk was trained a little further since the predictor was: what it says of others nearly holds."""
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None
    """Where the predictor goes; into its own file if not given."""
    number_of_parts: int = 12
    """Parts of each own painting that are looked at beside the whole."""
    number_of_views: int = 3
    """Views of each other painting, as in the training."""
    seed: int = 0
    threads: int = 0
    """CPU threads; 0 for all."""

    def __post_init__(self) -> None:
        at_least(self, number_of_parts=0, number_of_views=1, seed=0, threads=0)


def teach(style_map: StyleMap, own: Tensor, vectors: Tensor, others: Tensor) -> float:
    """Draw the map to say `vectors` (M, 2, style_length) of what is seen in `own` (M, F), and nothing new of `others`.

    Returns how far it is from the vectors at the end: a mean square, in spreads from style to style.
    """
    with torch.no_grad():
        said = style_map.eval()(others)
    optimizer = torch.optim.Adam([p for p in style_map.parameters() if p.requires_grad], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in shown(range(STEPS), "learning", STEPS):
        learned = ((style_map(own) - vectors) / style_map.spread).square().mean()
        kept = ((style_map(others) - said) / style_map.spread).square().mean()
        optimizer.zero_grad()
        (learned + kept).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return float(learned.detach())


def shown(items: Iterable[T], what: str, count: int) -> Iterable[T]:
    """The `items`, with a bar of how far it is where there is a terminal."""
    console = Console(stderr=True)
    return track(items, what, count, console=console, transient=True, disable=not console.is_terminal)


@torch.no_grad()
def seen(encoder: StyleEncoder, views: Iterable[Image.Image]) -> Tensor:
    """(N, F): what the encoder says of each view."""
    return torch.cat([encoder(looked_at(view)) for view in views])


def run(settings: Settings) -> Path:
    """Teach and write; returns the file. Raises InputError."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    predictor, card = load_predictor(settings.predictor)
    trunk, trunk_card = load_generator(settings.trunk)
    if not isinstance(trunk, LiteTrunk):
        raise InputError(f"{settings.trunk} is no trunk, and has no styles beside it: give that of the predictor.")
    if not settings.trunk_moved:
        card.check_trunk(trunk_card, settings.predictor)
    elif (card.trunk, predictor.map.arguments["style_length"]) != (trunk_card.name, trunk.style_length):
        raise InputError(f"{settings.predictor} is for another trunk, {card.trunk}, than {settings.trunk}.")
    known = {path.stem: load_vector(path)[0] for path in vectors_beside(settings.trunk)}
    own = [path for path in pictures_in(settings.own) if path.stem in known]
    if not own:
        raise InputError(f"No picture in {settings.own} is named as a style of {settings.trunk}: name them as these.")
    shots = [(path, number) for path in own for number in range(settings.number_of_parts + 1)]
    views = [(path, number) for number in range(settings.number_of_views) for path in pictures_in(settings.paintings)]
    parts = (part_of(path, number, settings.seed) for path, number in shots)
    of_own = seen(predictor.encoder, shown(parts, "looking at its own paintings", len(shots)))
    others = (view_of(path, number, settings.seed) for path, number in views)
    of_others = seen(predictor.encoder, shown(others, "looking at other paintings", len(views)))
    torch.manual_seed(settings.seed)
    vectors = torch.stack([known[path.stem] for path, _ in shots])
    left = teach(predictor.map, of_own, vectors, of_others)
    print(f"{len(own)} paintings known; {left:.3g} of the spread of styles is left", file=sys.stderr)
    path = settings.output or settings.predictor
    told = {**card.training, "known": sorted(path.stem for path in own)}
    save_generator(path, predictor.map, bound(replace(card, training=told), trunk))
    return path


def main() -> int:
    """The command line."""
    path = run(parse(Settings, "python -m training.predictor.known", __doc__))
    print(f"{path}: install it with  python -m export {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
