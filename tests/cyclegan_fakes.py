"""Tiny trainings of CycleGAN: two domains, settings of seconds, and what the tests look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from training.cyclegan.settings import Method, Settings
from training.run import Run

TINY = Method(width=16, blocks=1, ndf=8, lr=1e-3, ema=0.9, pool=3)


def make_world(root: Path) -> Path:
    """Two domains of the same blotches: photos in red, paintings in blue."""
    for folder, colour, seed in (("photos", (230, 60, 40), 0), ("paintings", (50, 90, 220), 100)):
        (root / folder).mkdir()
        for i in range(6):
            grey = np.kron(np.random.default_rng(seed + i).random((6, 6)), np.ones((8, 8)))[..., None]
            Image.fromarray((np.array(colour) * (0.4 + 0.6 * grey)).astype(np.uint8)).save(root / folder / f"{i}.png")
    return root


def settings(world: Path, out: Path, method: dict[str, Any] | None = None, **values: Any) -> Settings:
    usual: dict[str, Any] = {"size": 32, "steps": 4, "threads": 1, "accelerator": "cpu", "hold_out": 3}
    method_ = dataclasses.replace(TINY, **(method or {}))
    return Settings(world / "photos", world / "paintings", "blue", method_, out=out, **{**usual, **values})


def watched_curves(monkeypatch: pytest.MonkeyPatch) -> dict[int, dict[str, float]]:
    """The losses of every step that any training makes."""
    found: dict[int, dict[str, float]] = {}
    kept = Run.curves

    def curves(run: Run, step: int, values: Mapping[str, float], group: str = "train") -> None:
        if group == "train":
            found[step] = dict(values)
        kept(run, step, values, group)

    monkeypatch.setattr(Run, "curves", curves)
    return found
