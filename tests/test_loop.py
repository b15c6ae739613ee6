"""The training loop: it resumes to the bit or not at all, and validates, shows and logs without waste."""

from __future__ import annotations

import dataclasses
import multiprocessing
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend
from torch.utils.data import DataLoader

from tests.johnson_fakes import LOSS, change, tiny_training
from training import validation
from training.checkpoint import STATE, load_generator, load_state, save_state
from training.images import central_crop
from training.johnson import Settings, train
from training.perceptual import VGG
from training.run import Run, outlive_a_stop
from weights.errors import InputError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return tiny_training(tmp_path)


@pytest.mark.parametrize("optimizer", ["soap", "adam"])
def test_eight_steps_are_three_and_five_resumed(settings: Settings, tmp_path: Path, optimizer: str) -> None:
    half = change(settings, out=tmp_path / "halved", schedule="constant", steps=3, optimizer=optimizer)
    train(half)
    resumed = load_file(train(change(half, steps=8, resume=True)))  # SOAP turns its basis in the sixth step
    unbroken = load_file(train(change(half, steps=8, out=tmp_path / "whole")))
    assert all(torch.equal(resumed[k], unbroken[k]) for k in unbroken)
    falling = load_file(train(change(half, steps=8, out=tmp_path / "falling", schedule="cosine")))
    assert not all(torch.equal(resumed[k], falling[k]) for k in falling)  # the cosine schedule is another training


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_is_asked_for_keeps_what_was_reached(tmp_path: Path, stop: signal.Signals) -> None:
    run, kept, before = Run(tmp_path, LOSS, 60.0), [], signal.getsignal(stop)
    with pytest.raises(KeyboardInterrupt):
        for step in run.steps(0, 9, {}):
            if step == 3:
                signal.raise_signal(stop)
            if run.due():
                kept.append(step)
                run.saved()
    run.close()
    assert kept == [3]
    for _ in Run(tmp_path, LOSS, 60.0).steps(0, 2, {}):
        assert signal.getsignal(stop) is not before
    assert signal.getsignal(stop) is before


def test_another_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        for _ in Run(tmp_path, LOSS, 60.0).steps(0, 9, {}):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("it went on")


@pytest.mark.skipif(sys.platform == "win32", reason="a process is ended there, not told to end")
def test_a_stop_of_the_whole_group_leaves_the_readers_of_photos() -> None:
    loader = DataLoader(range(40), num_workers=1, worker_init_fn=outlive_a_stop)  # type: ignore[var-annotated, arg-type]
    read = []
    for item in loader:
        read.append(int(item))
        if len(read) == 3:
            for reader in multiprocessing.active_children():
                assert reader.is_alive()
                reader.terminate()
    assert read == list(range(40))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lr": 1e-3}, "--lr is 0.001 and was 0.005"),
        ({"seed": 7}, "--seed is 7 and was 0"),
        ({"optimizer": "adam"}, "--optimizer is adam and was soap"),
        ({"width": 24}, "--width is 24 and was 16"),
        ({"batch": 1}, "--batch"),
        ({"steps": 9}, "--steps is 9 and was 4"),
        ({"loss": dataclasses.replace(LOSS, content_weight=1.0)}, "--content-weight"),
    ],
)
def test_a_resumed_training_refuses_other_settings(settings: Settings, changes: dict[str, Any], words: str) -> None:
    folder = train(change(settings, steps=4)).parent
    before = (folder / "settings.json").read_text()
    with pytest.raises(InputError, match=words):
        train(change(settings, **{"steps": 4, "resume": True, **changes}))
    assert (folder / "settings.json").read_text() == before


def test_a_resumed_training_refuses_another_painting_and_other_photos(settings: Settings) -> None:
    train(settings)
    again = change(settings, resume=True)
    Image.new("RGB", (64, 64), (9, 9, 9)).save(settings.style_image)
    with pytest.raises(InputError, match="the painting is not what it was"):
        train(again)


@pytest.mark.parametrize("kept", [[], ["same"], ["same", "painter", "optimizer", "step"]])
def test_a_damaged_checkpoint_is_said(settings: Settings, kept: list[str]) -> None:
    folder = train(settings).parent
    before = {path.name for path in folder.iterdir()}
    state = load_state(folder)
    save_state(folder, {key: state[key] for key in kept})
    with pytest.raises(InputError, match=r"same settings|is damaged"):
        train(change(settings, resume=True))
    assert {path.name for path in folder.iterdir()} == before


def test_a_resume_of_nothing_leaves_nothing(settings: Settings) -> None:
    with pytest.raises(InputError, match="nothing to resume"):
        train(change(settings, resume=True))
    assert not settings.folder.exists()


def test_a_training_is_not_written_over_by_another(settings: Settings) -> None:
    before = train(settings).read_bytes(), (settings.folder / "settings.json").read_text()
    for again in (settings, change(settings, lr=1e-4)):
        with pytest.raises(InputError, match=r"checkpoint\.pt is of an earlier training: go on .* by --resume"):
            train(again)
    after = settings.folder / f"{settings.name}.safetensors"
    assert (after.read_bytes(), (settings.folder / "settings.json").read_text()) == before
    (settings.folder / STATE).unlink()
    train(settings)


def test_a_finished_training_can_be_resumed_to_no_effect(settings: Settings) -> None:
    path = train(settings)
    before = load_file(path)
    after = load_file(train(change(settings, resume=True)))
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_validation_and_previews_leave_the_running_statistics_alone(settings: Settings, tmp_path: Path) -> None:
    """Batch normalisation's means come from training photos alone, however often a training validates."""
    variant = change(settings, architecture="johnson", norm="batch", width=8, steps=3, lr=0.0, steady_weight=0.0)
    rare = load_file(train(variant))
    often = load_file(
        train(change(variant, checkpoint_minutes=0.0, preview_steps=1, log_steps=1, out=tmp_path / "often"))
    )
    assert all(torch.equal(rare[k], often[k]) for k in rare)


def test_a_run_that_has_settled_says_so(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    path = train(change(settings, lr=0.0, steps=40, patience=2, checkpoint_minutes=0.0))
    assert load_generator(path)[1].training["steps"] == 3  # a checkpoint after each; the third is no better either
    assert "has settled: stopped after 3 steps" in capfd.readouterr().err


def test_held_out_photos_are_read_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def watched(path: Path, size: int) -> Tensor:
        read.append(path)
        return central_crop(path, size)

    monkeypatch.setattr(validation, "central_crop", watched)
    train(change(settings, val=settings.loop.photos, checkpoint_minutes=0.0, preview_steps=1))
    assert sorted(read) == sorted(settings.loop.photos.iterdir())


def test_the_loss_network_computes_in_bfloat16_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[torch.dtype] = []
    forward = VGG.forward

    def watched(self: VGG, *arguments: Any) -> dict[str, Tensor]:
        features = forward(self, *arguments)
        kinds.extend(value.dtype for value in features.values())
        return features

    train(change(settings, steps=1))
    monkeypatch.setattr(VGG, "forward", watched)
    train(change(settings, precision="bf16-mixed", steps=1, out=settings.folder / "narrow"))
    assert set(kinds[-6:]) == {torch.bfloat16}


def test_the_losses_are_read_back_each_few_steps_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading makes a GPU wait."""
    points: list[int] = []

    def curves(_: Run, step: int, values: Mapping[str, float], group: str = "train") -> None:
        points.extend([step] if group == "train" else [])

    monkeypatch.setattr(Run, "curves", curves)
    train(change(settings, steps=25, log_steps=10))
    assert points == [0, 10, 20, 24]


def compile_with(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile with `backend` in place of the one that takes minutes of a C++ compiler."""
    torch.compiler.reset()
    compiling = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda network, **how: compiling(network, backend=backend, **how))


@pytest.mark.slow
def test_a_compiled_training_is_the_same_and_resumes_to_the_bit(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = CompileCounterWithBackend("eager")
    compile_with(seen, monkeypatch)
    half = change(settings, schedule="constant", steps=3, precision="32-true")
    plain = load_file(train(half))
    compiled = load_file(train(change(half, compile=True, out=tmp_path / "compiled")))
    assert seen.frame_count >= 2  # painter and loss network
    assert all(torch.allclose(plain[k], compiled[k], atol=5e-3) for k in plain)
    resumed = load_file(train(change(half, compile=True, steps=6, out=tmp_path / "compiled", resume=True)))
    unbroken = load_file(train(change(half, compile=True, steps=6, out=tmp_path / "whole")))
    assert all(torch.equal(resumed[k], unbroken[k]) for k in unbroken)


@pytest.mark.slow
def test_what_can_not_be_compiled_is_trained_as_it_is(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_a_compiler(*_: object) -> None:
        raise RuntimeError("there is no C++ compiler")

    compile_with(without_a_compiler, monkeypatch)
    plain = load_file(train(settings))
    asked = load_file(train(change(settings, compile=True, out=tmp_path / "asked")))
    assert all(torch.equal(plain[k], asked[k]) for k in plain)
