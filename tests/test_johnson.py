"""Training one style: it learns, it resumes to the bit, it says what is wrong."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.conftest import picture
from training.checkpoint import load_generator
from training.johnson import Settings, learning_rate, split_photos, train
from training.objective import LossSettings
from weights.errors import InputError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "photos").mkdir()
    for i in range(4):
        Image.fromarray(picture(64, 72, seed=5 * i)).save(tmp_path / "photos" / f"{i}.png")
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = (250, 60, 20)
    Image.fromarray(stripes).save(tmp_path / "painting.png")
    return Settings(
        style_image=tmp_path / "painting.png",
        photos=tmp_path / "photos",
        name="stripes",
        width=16,
        blocks=1,
        size=32,
        batch=2,
        steps=4,
        lr=5e-3,
        loss=LossSettings(style_size=64, style_layers=("relu1_2", "relu2_2"), content_layer="relu2_2"),
        out=tmp_path / "run",
        threads=1,
    )


def test_four_steps_are_two_and_two_resumed(settings: Settings, tmp_path: Path) -> None:
    straight = load_file(train(settings))
    half = dataclasses.replace(settings, out=tmp_path / "halved", schedule="constant", steps=2)
    whole = dataclasses.replace(settings, out=tmp_path / "whole", schedule="constant")
    train(half)
    resumed = load_file(train(dataclasses.replace(half, steps=4, resume=True)))
    unbroken = load_file(train(whole))
    assert all(torch.equal(resumed[k], unbroken[k]) for k in unbroken)
    assert not all(torch.equal(resumed[k], straight[k]) for k in straight)  # the cosine schedule is another training


def test_the_run_folder_holds_what_was_promised(settings: Settings) -> None:
    path = train(dataclasses.replace(settings, painter="Nobody", preview_steps=2))
    folder = path.parent
    assert path.name == "stripes.safetensors"
    assert json.loads((folder / "settings.json").read_text())["lr"] == 5e-3
    assert {p.name for p in (folder / "previews").iterdir()} == {"000002.png", "000004.png"}
    assert (folder / "preview.png").exists() and (folder / "checkpoint.pt").exists()
    assert list(folder.glob("events.out.tfevents.*"))
    _, card = load_generator(path)
    assert (card.picture.painter, card.training["steps"]) == ("Nobody", 4)
    assert LossSettings.from_summary(card.training) == settings.loss
    assert card.training["val_total"] > 0


def test_training_lowers_the_validation_loss(settings: Settings, tmp_path: Path) -> None:
    before = load_generator(train(dataclasses.replace(settings, steps=1)))[1].training["val_total"]
    after = load_generator(train(dataclasses.replace(settings, steps=40, out=tmp_path / "long")))[1].training[
        "val_total"
    ]
    assert after < 0.85 * before


def test_johnson_itself_trains_with_batch_normalisation(settings: Settings) -> None:
    variant = dataclasses.replace(
        settings, architecture="johnson", norm="batch", upsampling="transposed", width=8, steps=1
    )
    _, card = load_generator(train(variant))
    assert card.arguments == {"width": 8, "blocks": 1, "upsampling": "transposed", "norm": "batch"}


def test_training_starts_from_another_style(settings: Settings, tmp_path: Path) -> None:
    first = train(settings)
    second = train(dataclasses.replace(settings, init=first, lr=0.0, steps=1, out=tmp_path / "second"))
    a, b = load_file(first), load_file(second)
    assert all(torch.equal(a[k], b[k]) for k in a)
    with pytest.raises(InputError, match="not what --architecture asks for"):
        train(dataclasses.replace(settings, init=first, width=32))


def test_what_cannot_work_is_said_before_training(settings: Settings) -> None:
    for change, words in (
        ({"name": "My Style"}, "style name"),
        ({"style_image": Path("none.jpg")}, "no picture"),
        ({"photos": Path("nowhere")}, "no folder"),
        ({"resume": True}, "nothing to resume"),
        ({"loss": LossSettings(content_layer="relu9_9")}, "has no layer relu9_9"),
    ):
        with pytest.raises(InputError, match=words):
            train(dataclasses.replace(settings, **change))


def test_a_loss_that_is_no_number_stops_with_words(settings: Settings) -> None:
    with pytest.raises(InputError, match="smaller --lr"):
        train(dataclasses.replace(settings, lr=1e30))


def test_photos_are_held_out(settings: Settings) -> None:
    training, held_out = split_photos(settings)
    assert len(held_out) == 1 and not set(held_out) & set(training)
    assert split_photos(dataclasses.replace(settings, val=settings.photos))[1] == [*held_out, *training]


def test_the_learning_rate_rises_then_falls(settings: Settings) -> None:
    rates = [learning_rate(settings, step, 100) for step in range(100)]
    assert rates[0] < rates[19] and rates[19] > rates[50] > rates[99] > 0
    constant = dataclasses.replace(settings, schedule="constant")
    assert learning_rate(constant, 99, 100) == settings.lr
