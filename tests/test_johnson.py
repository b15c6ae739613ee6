"""Training one style: it learns, it resumes to the bit, it says what is wrong."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.johnson_fakes import change, tiny_training
from training.checkpoint import bound, load_generator, save_generator, save_vector
from training.generators import Lite, LiteTrunk
from training.johnson import OneStyle, Settings, train
from training.objective import LossSettings
from training.optimisation import optimizer_of
from training.settings import split_photos
from weights.card import Card, StylePicture
from weights.errors import InputError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return tiny_training(tmp_path)


def test_the_optimizer_is_chosen_and_leaves_what_has_one_dimension_to_adam(settings: Settings) -> None:
    painter = OneStyle(Lite(16, 1))
    assert isinstance(optimizer_of(change(settings, optimizer="adam").loop, painter), torch.optim.Adam)
    soap = optimizer_of(settings.loop, painter)
    painter(torch.rand(1, 3, 16, 16), torch.zeros(1)).sum().backward()
    soap.step()
    turned = {len(p.shape): [len(q) > 0 for q in soap.state[p]["Q"]] for p in painter.parameters()}
    assert turned == {1: [False], 4: [True] * 4}


def test_the_run_folder_holds_what_was_promised(settings: Settings) -> None:
    path = train(change(settings, picture=StylePicture(painter="Nobody"), preview_steps=2))
    folder = path.parent
    assert path.name == "stripes.safetensors"
    assert json.loads((folder / "settings.json").read_text())["loop"]["lr"] == 5e-3
    assert {p.name for p in (folder / "previews").iterdir()} == {"000002.png", "000004.png"}
    assert (folder / "preview.png").exists() and (folder / "checkpoint.pt").exists()
    assert list(folder.glob("events.out.tfevents.*"))
    _, card = load_generator(path)
    assert (card.picture.painter, card.training["steps"]) == ("Nobody", 4)
    assert LossSettings.from_summary(card.training) == settings.loss
    assert card.training["val_total"] > 0


def test_a_teacher_draws_the_style_near(settings: Settings, tmp_path: Path) -> None:
    teacher = tmp_path / "teacher"
    teacher.mkdir()
    for i in range(3):  # the fourth photo has no lesson and is left out
        Image.new("RGB", (64, 72), (0, 200, 0)).save(teacher / f"{i}.jpg")
    taught = change(
        settings, steps=60, teacher=teacher, teacher_weight=1e3, steady_weight=0.0, lr=2e-2, preview_steps=60
    )
    generator, card = load_generator(train(taught))
    with torch.no_grad():
        red, green, blue = generator(torch.rand(1, 3, 32, 32)).mean((0, 2, 3)).tolist()
    assert green > 2 * max(red, blue)
    assert card.training["teacher_weight"] == 1e3


def test_a_teacher_of_other_photos_is_said(settings: Settings, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "photos" / "other.png")
    (tmp_path / "teacher").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "teacher" / "nobody.png")
    with pytest.raises(InputError, match="named as one of the photos"):
        train(change(settings, teacher=tmp_path / "teacher"))


def test_training_lowers_the_validation_loss(settings: Settings, tmp_path: Path) -> None:
    before = load_generator(train(change(settings, steps=1)))[1].training["val_total"]
    after = load_generator(train(change(settings, steps=40, out=tmp_path / "long")))[1].training["val_total"]
    assert after < 0.85 * before


def test_johnson_itself_trains_with_batch_normalisation(settings: Settings) -> None:
    variant = change(settings, architecture="johnson", norm="batch", upsampling="transposed", width=8, steps=1)
    _, card = load_generator(train(variant))
    assert card.arguments == {"width": 8, "upsampling": "transposed", "norm": "batch"}


def test_the_exported_weights_are_the_average(settings: Settings, tmp_path: Path) -> None:
    averaged = load_file(train(change(settings, steps=12)))
    last = load_file(train(change(settings, steps=12, ema=0.0, out=tmp_path / "last")))
    assert not all(torch.equal(averaged[k], last[k]) for k in averaged)
    state = torch.load(tmp_path / "last" / "checkpoint.pt", weights_only=True)["painter"]
    assert all(torch.equal(last[k], state[f"generator.{k}"]) for k in last)


@pytest.mark.parametrize(
    "wrong",
    [{"size": 66}, {"zoom": 0.5}, {"size": 0}, {"batch": 0}, {"steps": -3}, {"lr": -1.0}, {"devices": 0}, {"ema": 1.0}],
)
def test_numbers_that_cannot_work_are_said(settings: Settings, wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"--{next(iter(wrong)).replace('_', '-')}"):
        change(settings, **wrong)


def test_networks_that_cannot_work_are_said(settings: Settings) -> None:
    for name, value in (("width", 0), ("blocks", -1), ("deep", -8), ("dilations", (0,))):
        with pytest.raises(InputError, match=f"--{name}"):
            change(settings, **{name: value})
    with pytest.raises(InputError, match="--style-size"):
        LossSettings(style_size=1)


@pytest.mark.parametrize("held_out", [False, True])
def test_a_broken_photo_is_passed_over_and_said(
    settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], held_out: bool
) -> None:
    if held_out:
        shutil.copytree(settings.loop.photos, tmp_path / "held-out")
        settings = change(settings, val=tmp_path / "held-out")
    broken = (settings.loop.val or settings.loop.photos) / "1.png"
    broken.write_bytes(broken.read_bytes()[:200])
    assert train(settings).exists()
    assert capfd.readouterr().err.count("passed over") == 1
    if held_out:
        for photo in broken.parent.iterdir():
            photo.write_bytes(b"")
        with pytest.raises(InputError, match="None of the held-out photos can be read"):
            train(settings)


def test_training_needs_no_git(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    _, card = load_generator(train(settings))
    assert card.commit == ""


def test_training_starts_from_another_style(settings: Settings, tmp_path: Path) -> None:
    first = train(settings)
    second = train(change(settings, init=first, lr=0.0, steps=1, out=tmp_path / "second"))
    a, b = load_file(first), load_file(second)
    assert all(torch.equal(a[k], b[k]) for k in a)
    with pytest.raises(InputError, match="not what --architecture asks for"):
        train(change(settings, init=first, width=32))


def test_training_starts_from_a_style_of_a_pack(settings: Settings, tmp_path: Path) -> None:
    trunk = LiteTrunk(**settings.architecture_arguments())
    arguments = trunk.arguments  # more than the settings': a pack's card tells of the stem as well
    vectors = torch.stack([trunk.plain_style(), trunk.plain_style() + 1])
    own = bound(Card("pack", "Pack", "multistyle", "lite-trunk", arguments), trunk)
    save_generator(tmp_path / "pack.safetensors", trunk, own)
    save_vector(tmp_path / "styles" / "mine.safetensors", vectors, dataclasses.replace(own, name="mine", trunk="pack"))
    init = tmp_path / "styles" / "mine.safetensors"
    found, _ = load_generator(train(change(settings, init=init, lr=0.0, steps=1)))
    photo = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(found(photo), trunk(photo, vectors[1]))


def test_what_cannot_work_is_said_before_training(settings: Settings) -> None:
    for wrong, words in (
        ({"name": "My Style"}, "style name"),
        ({"style_image": Path("none.jpg")}, "no picture"),
        ({"photos": Path("nowhere")}, "no folder"),
        ({"resume": True}, "nothing to resume"),
        ({"loss": LossSettings(content_layer="relu9_9")}, "has no layer relu9_9"),
    ):
        with pytest.raises(InputError, match=words):
            train(change(settings, **wrong))


def test_a_loss_that_is_no_number_stops_with_words(settings: Settings) -> None:
    with pytest.raises(InputError, match="smaller --lr"):
        train(change(settings, lr=1e30))


def test_photos_are_held_out(settings: Settings) -> None:
    training, held_out = split_photos(settings.loop)
    assert len(held_out) == 1 and not set(held_out) & set(training)
    assert split_photos(change(settings, val=settings.loop.photos).loop)[1] == [*held_out, *training]
