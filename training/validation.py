"""What a training shows on the way: the loss on photos held out, previews, and words where the weights look wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from training.images import central_crop, pass_over, sheet
from training.objective import Objective
from training.optimisation import Painter
from weights.errors import InputError

VALIDATION_PHOTOS = 16


MOST_ROWS = 32
"""Styles in a preview at most."""

T = TypeVar("T")


def evenly(paths: Sequence[T], count: int) -> Sequence[T]:
    """At most `count` of the paths, evenly chosen."""
    return paths[:: max(1, len(paths) // count)][:count]


class HeldOut:
    """The central crops of some held-out photos, (1, 3, size, size) each, read once; broken ones are passed over.

    Raises InputError where none can be read.
    """

    def __init__(self, photos: list[Path], size: int, styles: Sequence[int], device: torch.device) -> None:
        self.styles = styles
        self.photos: list[Tensor] = []
        for path in evenly(photos, VALIDATION_PHOTOS):
            try:
                self.photos.append(central_crop(path, size).to(device))
            except InputError as error:
                pass_over(error)
        if not self.photos:
            raise InputError("None of the held-out photos can be read: give others with --val.")

    @torch.no_grad()
    def validate(self, painter: Painter, objective: Objective) -> dict[str, float]:
        """Mean loss terms, every photo and every style in its turn."""
        totals: dict[str, Tensor] = {}
        rounds = max(len(self.photos), len(self.styles))
        for i in range(rounds):
            photo = self.photos[i % len(self.photos)]
            which = torch.tensor([self.styles[i % len(self.styles)]], device=photo.device)
            for name, value in objective(painter(photo, which).float(), photo, which=which).items():
                totals[name] = totals.get(name, 0.0) + value / rounds
        losses = {name: value.item() for name, value in totals.items()}
        return {**losses, "total": sum(losses.values())}

    @torch.no_grad()
    def preview(self, painter: Painter) -> Tensor:
        """Photos above their paintings, a row for each style, of very many a part."""
        chosen = self.photos[:: max(1, len(self.photos) // 4)][: 6 if len(self.styles) == 1 else 4]
        shown = evenly(self.styles, MOST_ROWS)
        device = chosen[0].device
        rows = [[painter(p, torch.tensor([k], device=device)) for p in chosen] for k in shown]
        return sheet([chosen, *rows])


def out_of_balance(losses: dict[str, float]) -> str:
    """Words where content or style drowns the other, else empty."""
    content, style = losses["content"], losses["style"]
    if style > 12 * content:
        return "style outweighs content twelvefold: photos may be lost; raise --content-weight or lower --style-weight"
    if content > 6 * style:
        return "content outweighs style sixfold: the painting may not show; raise --style-weight"
    return ""
