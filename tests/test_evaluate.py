"""The table of a style's figures."""

from pathlib import Path

import pytest
import torch

from tests.conftest import picture
from training import evaluate
from training.checkpoint import save_generator, save_vector
from training.generators import Lite
from training.images import save_image, to_tensor
from training.objective import LossSettings, Objective, loss_vgg, total
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
    evaluate.styles(evaluate.Styles(weights, world / "paintings", world / "photos", count=2, size=48, reference=3))
    printed = capsys.readouterr().out
    for word in ("content", "style", "total", "steps", "noise", "shift1", "shift4", "identity"):
        assert word in printed


def test_a_style_of_a_folder_has_its_steadiness(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world)
    card = Card("folder", "Folder", "cyclegan", "lite", {"width": 16, "blocks": 1})
    save_generator(world / "folder.safetensors", Lite(16, 1), card)
    weights = (Path("folder.safetensors"), Path("tiny.safetensors"))
    evaluate.styles(evaluate.Styles(weights, Path("paintings"), Path("photos"), count=1, size=48, reference=0))
    folder, tiny = (line for line in capsys.readouterr().out.splitlines() if ".safetensors" in line)
    assert tiny.count(".") - folder.count(".") >= 3  # content, style, total


def test_the_reference_counts_the_steps_to_a_goal(world: Path) -> None:
    painting = to_tensor(picture(48, 48, seed=20))
    objective = Objective(LOSS, loss_vgg(LOSS), painting)
    photo = to_tensor(picture(48, 48))
    at_start = total(objective(photo, photo)).item()
    assert evaluate.reference_steps(objective, photo, at_start * 1.01, 5)[0] == 0
    steps, reached = evaluate.reference_steps(objective, photo, 0.7 * at_start, 40)
    assert 0 < steps <= 40 and reached <= 0.7 * at_start
    fewer = evaluate.reference_steps(objective, photo, 0.9 * at_start, 40)[0]
    assert fewer <= steps
    assert evaluate.reference_steps(objective, photo, 0.0, 2)[0] == 3


def test_a_vector_is_judged_through_its_trunk(world: Path) -> None:
    lite = Lite(16, 1).eval()
    trunk = Card("pack", "Pack", "multistyle", "lite-trunk", lite.trunk.arguments)
    save_generator(world / "pack.safetensors", lite.trunk, trunk)
    vector = Card("tiny", "Tiny", "multistyle", "lite-trunk", lite.trunk.arguments, trunk="pack")
    save_vector(world / "styles" / "tiny.safetensors", lite.style, vector)
    paint, card = evaluate.load_style(world / "styles" / "tiny.safetensors")
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(paint(x), lite(x), atol=1e-6)
    assert card.name == "tiny"


def test_styles_of_one_painting_may_have_longer_names(tmp_path: Path) -> None:
    for name in ("wave.jpg", "wave-two.png", "wave-two.txt"):
        (tmp_path / name).touch()
    assert evaluate.painting_of("wave-johnson", tmp_path).name == "wave.jpg"
    assert evaluate.painting_of("wave-two-johnson", tmp_path).name == "wave-two.png"


def test_a_missing_painting_is_said(world: Path) -> None:
    with pytest.raises(InputError, match=r"no painting other\.jpg"):
        evaluate.painting_of("other", world / "paintings")
