"""The two folders of pictures, photos and paintings: what is trained on, what is held out, and crops of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import StackDataset

from training.cyclegan.crops import ScaledCrops
from training.cyclegan.settings import Settings
from training.images import pictures_in, split
from weights.errors import InputError

VALIDATION_PHOTOS = 16


@dataclass(frozen=True)
class Domains:
    """The pictures to train on, and those held out."""

    photos: list[Path]
    paintings: list[Path]
    photos_held: list[Path]
    paintings_held: list[Path]


def split_domains(settings: Settings) -> Domains:
    """Both folders, split. Raises InputError."""
    s = settings
    photos, photos_held = split(pictures_in(s.photos), 0 if s.val else 20)
    if s.val:
        photos_held = pictures_in(s.val)
    paintings, paintings_held = split(pictures_in(s.paintings), s.hold_out)
    if not paintings:
        raise InputError(f"--hold-out {s.hold_out} leaves no painting of {s.paintings} to train on: add paintings.")
    return Domains(photos or photos_held, paintings, photos_held, paintings_held or paintings)


def crop_pairs(settings: Settings, photos: list[Path], paintings: list[Path], count: int) -> StackDataset[Any]:
    """`count` random (photo, painting) crops."""
    s = settings
    return StackDataset(
        ScaledCrops(photos, s.size, s.photo_scale, 2 * s.seed, count),
        ScaledCrops(paintings, s.size, s.painting_scale, 2 * s.seed + 1, count),
    )


class HeldOut:
    """Some crops of held-out pictures, cut once: a row of (photo, painting), (1, 3, size, size) each."""

    def __init__(self, settings: Settings, domains: Domains, device: torch.device) -> None:
        pairs = crop_pairs(settings, domains.photos_held, domains.paintings_held, VALIDATION_PHOTOS)
        self.pairs: list[tuple[Tensor, Tensor]] = []
        for i in range(VALIDATION_PHOTOS):
            photo, painting = (crop[None].to(device) for crop in pairs[i])
            self.pairs.append((photo, painting))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter(self.pairs)
