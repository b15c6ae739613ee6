"""The two folders of pictures, photos and paintings: what is trained on, what is held out, and crops of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.utils.data import StackDataset

from training.cyclegan.crops import ScaledCrops, split
from training.cyclegan.settings import Settings
from training.images import pictures_in
from weights.errors import InputError


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
    """`count` random (photo, painting) crops; photos have the margin that steadiness needs."""
    s = settings
    return StackDataset(
        ScaledCrops(photos, s.size, s.photo_scale, 2 * s.seed, count, s.margin),
        ScaledCrops(paintings, s.size, s.painting_scale, 2 * s.seed + 1, count),
    )
