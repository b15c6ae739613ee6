"""CycleGAN: its losses by hand, its schedule, what it learns and what it says."""

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from export.__main__ import export
from tests.cyclegan_fakes import TINY, make_world, settings, watched_curves
from training.checkpoint import load_generator, load_state
from training.cyclegan.__main__ import main, train
from training.cyclegan.crops import ScaledCrops
from training.cyclegan.domains import crop_pairs, split_domains
from training.cyclegan.settings import Method
from training.cyclegan.trainer import Average, GeneratorPair, cycle_terms, l1, learning_rate
from training.images import load_image, split
from weights.card import StylePicture
from weights.errors import InputError, exit_code


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def curve(monkeypatch: pytest.MonkeyPatch) -> dict[int, dict[str, float]]:
    return watched_curves(monkeypatch)


# --- losses and schedule ------------------------------------------------------------------------------------------


def test_cycle_and_identity_losses_by_hand() -> None:
    photo, painting = torch.full((1, 3, 2, 2), 0.5), torch.full((1, 3, 2, 2), 0.25)
    off = {"photo_again": 0.1, "painting_again": -0.2, "painting_same": 0.05, "photo_same": 0.1}
    views = {k: (photo if k.startswith("photo") else painting) + v for k, v in off.items()}
    terms = cycle_terms(views, photo, painting, Method(cycle_weight=10, identity=0.5))
    assert terms["cycle_photo"].item() == pytest.approx(10 * 2 * 0.1)  # twice: differences in [-1, 1]
    assert terms["cycle_painting"].item() == pytest.approx(10 * 2 * 0.2)
    assert terms["identity"].item() == pytest.approx(10 * 0.5 * 2 * (0.05 + 0.1))
    assert "identity" not in cycle_terms(views, photo, painting, Method(identity=0))
    assert l1(2 * photo - 1, 2 * painting - 1).item() == pytest.approx(2 * l1(photo, painting).item())


def test_the_rate_is_constant_then_falls_to_0() -> None:
    rates = [learning_rate(2e-4, step, 100) for step in range(101)]
    assert rates[:51] == [2e-4] * 51
    assert rates[75] == pytest.approx(1e-4) and rates[99] == pytest.approx(4e-6) and rates[100] == 0
    assert learning_rate(1.0, 0, 1) == 1.0


def test_the_views_are_what_their_names_say() -> None:
    torch.manual_seed(0)
    both = GeneratorPair(TINY, 32).eval()
    x, y = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        views = both(x, y, True)
        g, f = both.to_painting, both.to_photo
        expected = {"painted": g(x), "photo_again": f(g(x)), "photographed": f(y)}
        expected |= {"painting_again": g(f(y)), "painting_same": g(y), "photo_same": f(x)}
    assert views.keys() == expected.keys() and all(torch.equal(views[k], expected[k]) for k in expected)
    assert len(both(x, y, False)) == 4


def test_the_average_follows_slowly() -> None:
    network = GeneratorPair(TINY, 32)
    average = Average(network, 0.9)
    before = average.network.to_photo.get_parameter("style").clone()
    with torch.no_grad():
        network.to_photo.get_parameter("style").add_(1)
    average.update(network, 1000)
    assert torch.allclose(average.network.to_photo.get_parameter("style"), before + 0.1)


def test_the_papers_networks_are_chosen_by_size() -> None:
    resnet = Method(architecture="resnet")
    assert resnet.arguments(256) == {"width": 64, "blocks": 9}
    assert resnet.arguments(128) == {"width": 64, "blocks": 6}
    assert Method().arguments(128) == {"width": 32, "blocks": 4}
    assert Method(reverse_width=48).arguments(128, 48)["width"] == 48


# --- pictures -----------------------------------------------------------------------------------------------------


def test_every_nth_painting_is_held_out(world: Path, tmp_path: Path) -> None:
    paths = [Path(str(i)) for i in range(21)]
    assert split(paths, 10)[1] == [paths[0], paths[10], paths[20]]
    assert len(split(paths, 10)[0]) == 18 and split(paths, 0) == (paths, [])
    domains = split_domains(settings(world, tmp_path))
    assert [p.stem for p in domains.paintings_held] == ["0", "3"]
    assert not set(domains.paintings) & set(domains.paintings_held)
    assert not set(domains.photos) & set(domains.photos_held)


def test_crops_come_in_the_scales_asked_for(world: Path, tmp_path: Path) -> None:
    paths = sorted((world / "photos").iterdir())
    sides = [ScaledCrops(paths, 32, (1.5, 2.0), 0, 9).short_side(48, np.random.default_rng(i)) for i in range(50)]
    assert 48 <= min(sides) < 50 and 62 < max(sides) <= 64
    crops = ScaledCrops(paths, 32, (1.0, 1.0), 0, 9)
    assert crops[0].shape == (3, 32, 32) and torch.equal(crops[5], crops[5])
    photo, painting = crop_pairs(settings(world, tmp_path), paths, paths, 3)[0]
    assert photo.shape == painting.shape == (3, 32, 32)


# --- trainings ----------------------------------------------------------------------------------------------------


def test_red_becomes_blue_and_comes_back(world: Path, tmp_path: Path, curve: dict[int, dict[str, float]]) -> None:
    path = train(settings(world, tmp_path / "run", steps=60, epochs=1))
    generator, card = load_generator(path)
    reverse, back = load_generator(tmp_path / "run" / "blue-reverse.safetensors")
    photo = load_image(world / "photos" / "0.png")
    with torch.no_grad():
        painted = generator(photo)
        red, _, blue = painted.mean((0, 2, 3)).tolist()
        again = reverse(painted).mean((0, 2, 3)).tolist()
    assert blue > red + 0.2 and again[0] > again[2] + 0.2
    cycle = [values["cycle_photo"] + values["cycle_painting"] for values in curve.values()]
    assert sum(cycle[-5:]) < 0.5 * sum(cycle[:5])
    assert (card.name, card.method, back.name) == ("blue", "cyclegan", "blue-reverse")
    assert card.training["steps"] == 60 and 0 < card.training["val_cycle"] < 0.2


def test_broken_pictures_are_passed_over_and_said_once(
    world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(world, tmp_path / "damaged")
    for name in (
        "photos/2.png",
        "photos/3.png",
        "paintings/0.png",
        "paintings/4.png",
    ):  # the first painting is held out
        broken = tmp_path / "damaged" / name
        broken.write_bytes(broken.read_bytes()[:60])
    assert train(settings(tmp_path / "damaged", tmp_path / "run", steps=8, preview_steps=2)).exists()
    said = [line for line in capfd.readouterr().err.splitlines() if "passed over" in line]
    assert len(said) == len(set(said)) == 4


def test_the_run_folder_holds_what_was_promised(world: Path, tmp_path: Path) -> None:
    method = {"loss": "vanilla", "identity": 0.0, "ema": 0.0, "reverse_width": 20}
    path = train(
        settings(world, tmp_path, method, picture=StylePicture(painter="Nobody"), preview_steps=2, channels_last=True)
    )
    assert {p.name for p in (tmp_path / "previews").iterdir()} == {"000002.png", "000004.png"}
    assert load_image(tmp_path / "preview.png").shape == (1, 3, 6 * 36, 6 * 36)
    assert json.loads((tmp_path / "settings.json").read_text())["method"]["loss"] == "vanilla"
    assert list(tmp_path.glob("events.out.tfevents.*"))
    assert load_generator(tmp_path / "blue-reverse.safetensors")[1].arguments["width"] == 20
    trained = load_state(tmp_path)["generators"]
    assert torch.equal(load_file(path)["style"], trained["to_painting.style"])  # --ema 0: the generator itself
    _, card = export(path, tmp_path / "installed" / "blue.onnx")
    assert card.picture.painter == "Nobody" and card.parity is not None and card.parity <= 1


def test_the_papers_generator_trains_in_mixed_precision(world: Path, tmp_path: Path) -> None:
    method = {"architecture": "resnet", "width": 4}
    path = train(settings(world, tmp_path, method, steps=1, precision="bf16-mixed"))
    assert load_generator(path)[1].arguments == {"width": 4, "blocks": 1}


def test_what_cannot_work_is_said_before_training(world: Path, tmp_path: Path) -> None:
    for wrong, words in (
        ({"hold_out": 1}, "leaves no painting"),
        ({"resume": True}, "nothing to resume"),
        ({"name": "My Style"}, "style name"),
        ({"paintings": Path("nowhere")}, "no folder"),
    ):
        with pytest.raises(InputError, match=words):
            train(dataclasses.replace(settings(world, tmp_path), **wrong))
        assert not (tmp_path / "checkpoint.pt").exists() and not (tmp_path / "settings.json").exists()
    with pytest.raises(InputError, match="smaller --lr"):
        train(settings(world, tmp_path, {"lr": 1e30}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 30), ("size", 0), ("painting_scale", (2.0, 1.0)), ("photo_scale", (0.5, 1.0)), ("batch", 0),
        ("epochs", -1.0), ("steps", -3), ("stop_at", -1), ("seed", -1), ("devices", 0), ("threads", -1),
        ("preview_steps", -1), ("hold_out", -1), ("checkpoint_minutes", float("nan")),
    ],
)  # fmt: skip
def test_numbers_that_cannot_work_are_said(world: Path, tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')} "):
        settings(world, tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", -1), ("blocks", -1), ("reverse_width", -1), ("ndf", 0), ("cycle_weight", -1.0),
        ("identity", float("nan")), ("steady_weight", -1.0), ("pool", -1), ("lr", -1.0), ("ema", 1.0),
    ],
)  # fmt: skip
def test_methods_that_cannot_work_are_said(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')} "):
        Method(**{name: value})


def test_the_command_line_trains_and_exits_with_words(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--photos", str(world / "photos"), "--paintings", str(world / "paintings"), "--name", "blue"]
    tiny = ["--size", "32", "--width", "16", "--blocks", "1", "--ndf", "8", "--steps", "1", "--threads", "1"]
    command = ["cyclegan", *folders, *tiny, "--painting-scale", "1.2", "1.5", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    assert exit_code(main) == 0
    assert "python -m export" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*command, "--size", "31"])
    assert exit_code(main) == 2
    assert "--size is 31" in capsys.readouterr().err
