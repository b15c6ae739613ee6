"""The table of a style's figures."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.conftest import picture
from training import evaluate, measures
from training.checkpoint import bound, save_generator, save_vector
from training.generators import Lite
from training.images import save_image, to_tensor
from training.objective import LossSettings, Objective, loss_vgg, total
from training.perceptual import load_vgg
from weights.card import Card
from weights.errors import InputError

LOSS = LossSettings(style_size=48, style_layers=("relu1_2", "relu2_2"), content_layer="relu2_2")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    for i in range(2):
        save_image(to_tensor(picture(56, 64, seed=9 * i)), tmp_path / "photos" / f"{i}.png")
    save_image(torch.rand(1, 3, 48, 48), tmp_path / "paintings" / "tiny.png")
    card = Card("tiny", "Tiny", "johnson", "lite", {"width": 16, "blocks": 1}, training=LOSS.summary())
    save_generator(tmp_path / "tiny.safetensors", Lite(16, 1), card)
    return tmp_path


def test_the_table_has_every_figure(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = (world / "tiny.safetensors",)
    evaluate.styles(
        evaluate.Styles(
            weights, world / "paintings", world / "photos", count=2, size=48, lines=64, reference=3, noise_steps=2
        )
    )
    printed = capsys.readouterr().out
    for word in (
        "content",
        "style",
        "total",
        "ratio",
        "steps",
        "D",
        "C",
        "noise",
        "shift1",
        "shift4",
        "rim",
        "GMAC",
        "identity",
    ):
        assert word in printed


def test_a_style_of_a_folder_has_its_steadiness(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world)
    card = Card("folder", "Folder", "cyclegan", "lite", {"width": 16, "blocks": 1})
    save_generator(world / "folder.safetensors", Lite(16, 1), card)
    weights = (Path("folder.safetensors"), Path("tiny.safetensors"))
    evaluate.styles(
        evaluate.Styles(
            weights, Path("paintings"), Path("photos"), count=1, size=48, lines=64, reference=0, noise_steps=0
        )
    )
    folder, tiny = (line for line in capsys.readouterr().out.splitlines() if ".safetensors" in line)
    assert tiny.count(".") - folder.count(".") >= 3  # content, style, total


def test_the_reference_counts_the_steps_to_a_goal(world: Path) -> None:
    painting = to_tensor(picture(48, 48, seed=20))
    objective = Objective(loss_vgg(LOSS), (painting, LOSS))
    photo = to_tensor(picture(48, 48))
    at_start = total(objective(photo, photo)).item()
    assert evaluate.reference_steps(objective, photo, at_start * 1.01, 5)[0] == 0
    steps, reached = evaluate.reference_steps(objective, photo, 0.7 * at_start, 40)
    assert 0 < steps <= 40 and reached <= 0.7 * at_start
    fewer = evaluate.reference_steps(objective, photo, 0.9 * at_start, 40)[0]
    assert fewer <= steps
    assert evaluate.reference_steps(objective, photo, 0.0, 2)[0] == 3


def test_strokes_are_judged_through_their_trunk(world: Path) -> None:
    lite = Lite(16, 1).eval()
    trunk = bound(Card("pack", "Pack", "multistyle", "lite-trunk", lite.trunk.arguments), lite.trunk)
    save_generator(world / "pack.safetensors", lite.trunk, trunk)
    told = {**LOSS.summary(), "fine": {"style_size": 24}}
    vector = replace(trunk, name="tiny", title="Tiny", trunk="pack", training=told)
    path = world / "styles" / "tiny.safetensors"
    save_vector(path, torch.stack([lite.style, 2 * lite.style]), vector)
    fine, bold = evaluate.load_styles(path)
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(fine.paint(x), lite(x), atol=1e-6)
        assert not torch.allclose(bold.paint(x), lite(x), atol=1e-3)
    assert fine.losses is not None and bold.losses is not None
    assert (fine.losses.style_size, bold.losses.style_size) == (24, 48)
    save_vector(path, lite.style, replace(vector, training=LOSS.summary()))
    (only,) = evaluate.load_styles(path)
    assert only.label == str(path)


def test_a_picture_of_the_painting_is_no_distance_away(world: Path) -> None:
    vgg, painting = load_vgg(), torch.rand(1, 3, 64, 80)
    photo = to_tensor(picture(64, 80))
    assert measures.coarse_style_distance(vgg, painting, painting) == pytest.approx(0, abs=1e-6)
    assert measures.coarse_style_distance(vgg, photo, painting) > 0.1
    assert measures.content_change(vgg, photo, photo) == 0
    assert measures.content_change(vgg, painting, photo) > 0.5
    assert min(measures.photo_to_measure(world / "photos" / "0.png", 96).shape[2:]) == 96


def test_the_work_of_a_frame_by_hand() -> None:
    convolution = torch.nn.Conv2d(3, 5, 3, padding=1)
    assert evaluate.work_of(convolution) == pytest.approx(3 * 5 * 9 * 640 * 480 / 1e9)
    assert evaluate.work_of(Lite(32, 1, deep=64).eval()) < 3.4


def test_the_loss_from_noise_is_lower_after_more_steps() -> None:
    photo, painting = to_tensor(picture(32, 32)), to_tensor(picture(48, 48, seed=20))
    objective = Objective(loss_vgg(LOSS), (painting, LOSS))
    assert evaluate.loss_from_noise(objective, photo, 8) < 0.8 * evaluate.loss_from_noise(objective, photo, 1)


def test_styles_of_one_painting_may_have_longer_names(tmp_path: Path) -> None:
    for name in ("wave.jpg", "wave-two.png", "wave-two.txt"):
        (tmp_path / name).touch()
    assert evaluate.painting_of("wave-johnson", tmp_path).name == "wave.jpg"
    assert evaluate.painting_of("wave-two-johnson", tmp_path).name == "wave-two.png"


def test_a_missing_painting_is_said(world: Path) -> None:
    with pytest.raises(InputError, match=r"no painting other\.jpg"):
        evaluate.painting_of("other", world / "paintings")
