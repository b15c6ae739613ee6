"""A resumed training of CycleGAN: to the bit, in several processes too, of the same settings only."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.cyclegan_fakes import make_world, settings, watched_curves
from training.checkpoint import STATE, load_state, save_state
from training.cyclegan.__main__ import train
from weights.errors import InputError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def curve(monkeypatch: pytest.MonkeyPatch) -> dict[int, dict[str, float]]:
    return watched_curves(monkeypatch)


def test_four_steps_are_two_and_two_resumed(world: Path, tmp_path: Path, curve: dict[int, dict[str, float]]) -> None:
    method = {"steady_weight": 1.0, "pool": 1}
    straight = load_file(train(settings(world, tmp_path / "straight", method)))
    unbroken = dict(curve)
    curve.clear()
    halved = settings(world, tmp_path / "halved", method, stop_at=2)
    train(halved)
    resumed = load_file(train(dataclasses.replace(halved, stop_at=0, resume=True)))
    assert curve == unbroken and len(curve) == 4
    assert all(torch.equal(resumed[k], straight[k]) for k in straight)
    a, b = (load_state(tmp_path / name) for name in ("straight", "halved"))
    assert a["step"] == b["step"] == 4 and torch.equal(a["painting_pool"], b["painting_pool"])
    for part in ("generators", "discriminators", "average"):
        assert all(torch.equal(a[part][k], b[part][k]) for k in a[part])
    assert b["discriminators_adam"]["state"][0]["step"] == 4


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ({"ndf": 16}, {}, "--ndf is 16 and was 8"),
        ({"lr": 1e-4}, {}, "--lr is 0.0001 and was 0.001"),
        ({}, {"seed": 7}, "--seed is 7 and was 0"),
        ({}, {"steps": 9}, "--steps is 9 and was 4"),
        ({}, {"painting_scale": (1.0, 2.0)}, "--painting-scale is"),
        ({}, {"batch": 2}, "--batch"),
    ],
)
def test_a_resumed_training_refuses_other_settings(
    world: Path, tmp_path: Path, method: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    train(settings(world, tmp_path, stop_at=1))
    before = (tmp_path / "settings.json").read_text()
    with pytest.raises(InputError, match=words):
        train(settings(world, tmp_path, method, resume=True, **changes))
    assert (tmp_path / "settings.json").read_text() == before


def test_a_training_is_not_written_over_by_another(world: Path, tmp_path: Path) -> None:
    train(settings(world, tmp_path, stop_at=1))
    before = (tmp_path / "settings.json").read_text(), (tmp_path / STATE).read_bytes()
    with pytest.raises(InputError, match="is of an earlier training"):
        train(settings(world, tmp_path, seed=7))
    assert ((tmp_path / "settings.json").read_text(), (tmp_path / STATE).read_bytes()) == before


def test_a_damaged_checkpoint_is_said(world: Path, tmp_path: Path) -> None:
    train(settings(world, tmp_path, stop_at=1))
    state = load_state(tmp_path)
    del state["photo_pool"]
    save_state(tmp_path, state)
    with pytest.raises(InputError, match="is damaged"):
        train(settings(world, tmp_path, resume=True))


def test_a_resumed_training_refuses_other_pictures(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world, tmp_path / "grown")
    train(settings(world, tmp_path / "run", stop_at=1))
    moved = settings(tmp_path / "grown", tmp_path / "run", resume=True, stop_at=2)
    assert train(moved).exists()  # the same pictures elsewhere
    Image.new("RGB", (64, 64)).save(tmp_path / "grown" / "paintings" / "1b.png")
    with pytest.raises(InputError, match="the paintings' names"):
        train(moved)


@pytest.mark.slow
def test_two_processes_train_one_style_and_resume_to_the_bit(world: Path, tmp_path: Path) -> None:
    def run(out: str, *more: str) -> Path:
        command = [sys.executable, "-m", "training.cyclegan", "--photos", str(world / "photos"), "--paintings"]
        command += [str(world / "paintings"), "--name", "blue", "--size", "32", "--width", "16", "--blocks", "1"]
        command += ["--ndf", "8", "--pool", "1", "--steps", "4", "--accelerator", "cpu", "--devices", "2"]
        command += ["--threads", "1", "--steady-weight", "1", "--out", str(tmp_path / out), *more]
        command += ["--checkpoint-minutes", "0.001"]  # some tens of milliseconds: each process's clock says otherwise
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        return tmp_path / out / "blue.safetensors"

    straight = load_file(run("straight"))
    run("halved", "--stop-at", "2")
    resumed = load_file(run("halved", "--resume"))
    assert all(torch.equal(resumed[k], straight[k]) for k in straight)
    pool = load_state(tmp_path / "straight")["painting_pool"]
    assert pool.shape == (2, 1, 3, 32, 32) and not torch.equal(pool[0], pool[1])
    method = {"lr": 2e-4, "ema": 0.999, "pool": 1, "steady_weight": 1.0}
    with pytest.raises(InputError, match="--devices times --batch is 1 and was 2"):
        train(settings(world, tmp_path / "straight", method, hold_out=10, resume=True))
