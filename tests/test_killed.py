"""A training that is killed again and again ends where an unbroken one does, to the bit."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.conftest import picture
from training import johnson, multistyle, newstyle
from training.checkpoint import STATE
from training.cyclegan import __main__ as cyclegan
from training.cyclegan.settings import Method
from training.cyclegan.settings import Settings as CycleGANSettings
from training.objective import LossSettings
from training.settings import LoopSettings

LOSS = LossSettings(style_size=48, style_layers=("relu1_2", "relu2_2"), content_layer="relu2_2")
KILLS = 20

Train = Callable[[Path, bool], Path]
"""Trains in a folder, resuming or not; returns the weights."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows can't fork a process that is ready to train"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, two paintings and a trunk that knows them."""
    root = tmp_path_factory.mktemp("killed")
    for folder, count in (("photos", 4), ("paintings", 2)):
        (root / folder).mkdir()
        for i in range(count):
            Image.fromarray(picture(48, 56, seed=4 * i)).save(root / folder / f"{folder}-{i}.png")
    multistyle.train(trunk_settings(root, root / "trunk", resume=False, steps=2))
    return root


def loop(root: Path, resume: bool, steps: int = 60) -> LoopSettings:
    """Steps of some hundredths of a second, with a checkpoint after each."""
    return LoopSettings(
        root / "photos", size=32, batch=2, steps=steps, threads=1, resume=resume, checkpoint_minutes=0.0
    )


def trunk_settings(root: Path, out: Path, resume: bool, steps: int = 60) -> multistyle.Settings:
    return multistyle.Settings(
        root / "paintings", "pack", loop(root, resume, steps), LOSS, width=16, deep=8, dilations=(1,), out=out
    )


def trainings(root: Path) -> dict[str, Train]:
    """Each kind of training."""
    painting = root / "paintings" / "paintings-0.png"

    def one(out: Path, resume: bool) -> Path:
        return johnson.train(
            johnson.Settings(painting, "one", loop(root, resume), LOSS, width=16, deep=8, dilations=(1,), out=out)
        )

    def many(out: Path, resume: bool) -> Path:
        return multistyle.train(trunk_settings(root, out, resume))

    def new(out: Path, resume: bool) -> Path:
        settings = newstyle.Settings(painting, "new", loop(root, resume), trunk=root / "trunk/pack.safetensors")
        return newstyle.train(replace(settings, loop=replace(settings.loop, optimizer="adam"), out=out))

    def cycle(out: Path, resume: bool) -> Path:
        run: dict[str, Any] = {"size": 32, "steps": 60, "threads": 1, "checkpoint_minutes": 0.0, "out": out}
        method = Method(width=16, blocks=1, ndf=8, pool=3, steady_weight=1.0)
        return cyclegan.train(
            CycleGANSettings(root / "photos", root / "paintings", "cycle", method, resume=resume, **run)
        )

    return {"johnson": one, "multistyle": many, "newstyle": new, "cyclegan": cycle}


def quietly(train: Train, out: Path, resume: bool) -> None:
    """Train in a forked process, its chatter thrown away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    train(out, resume)


@pytest.mark.parametrize("kind", ["johnson", "multistyle", "newstyle", "cyclegan"])
def test_a_training_killed_at_random_steps_ends_as_an_unbroken_one(kind: str, world: Path) -> None:
    train = trainings(world)[kind]
    whole, broken = train(world / f"{kind}-whole", False), world / f"{kind}-broken"
    chance, fork = random.Random(kind), multiprocessing.get_context("fork")
    for _ in range(KILLS):
        process = fork.Process(target=quietly, args=(train, broken, (broken / STATE).exists()))
        process.start()
        time.sleep(chance.uniform(0.1, 0.6))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    resumed = train(broken, (broken / STATE).exists())
    assert not [p for p in broken.rglob("*.json") if not json.loads(p.read_text())]
    for path in broken.rglob("*.safetensors"):
        a, b = load_file(path), load_file(whole.parent / path.relative_to(resumed.parent))
        assert all(torch.equal(a[k], b[k]) for k in b)
    assert np.isfinite([float(v.float().abs().max()) for v in load_file(resumed).values()]).all()
