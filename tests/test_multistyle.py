"""Many paintings in one trunk, and one painting more: trained, told apart, resumed, exported, installed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from export.__main__ import export
from export.parity import probe_frame
from realtime.styles import open_style
from tests.conftest import picture
from training import multistyle, newstyle
from training.checkpoint import load_generator, load_vector, save_vector, trunk_hash
from training.generators import Lite, LiteTrunk
from training.objective import LossSettings
from training.settings import LoopSettings
from weights.catalog import read_catalog
from weights.errors import InputError

LOSS = LossSettings(style_size=48, style_layers=("relu1_2", "relu2_2"), content_layer="relu2_2")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, paintings in two colours, and a trunk trained on them."""
    root = tmp_path_factory.mktemp("pack")
    for folder in ("photos", "paintings"):
        (root / folder).mkdir()
    for i in range(3):
        Image.fromarray(picture(48, 56, seed=4 * i)).save(root / "photos" / f"{i}.png")
    for name, colour in (("red", (220, 30, 20)), ("blue", (20, 40, 220)), ("green", (30, 200, 40))):
        stripes = np.full((48, 48, 3), 20, np.uint8)
        stripes[::6] = stripes[1::6] = stripes[2::6] = colour
        Image.fromarray(stripes).save(root / "paintings" / f"{name}.png")
    rows = [{"name": n, "file": f"{n}.png", "painter": "Nobody"} for n in ("red", "blue")]
    (root / "pack.json").write_text(json.dumps(rows))
    multistyle.train(settings(root, steps=50))
    return root


def settings(root: Path, out: str = "run", init: Path | None = None, **loop: object) -> multistyle.Settings:
    values = {"size": 32, "batch": 2, "lr": 1e-2, "threads": 1, **loop}
    return multistyle.Settings(
        root / "paintings",
        "pack",
        LoopSettings(root / "photos", **values),  # type: ignore[arg-type]
        LOSS,
        pack=root / "pack.json",
        width=16,
        deep=8,
        dilations=(1,),
        init=init,
        out=root / out,
    )


def vector(root: Path, name: str, run: str = "run") -> torch.Tensor:
    """The vector of a style's bold strokes."""
    return strokes(root, name, run)[1]


def strokes(root: Path, name: str, run: str = "run") -> torch.Tensor:
    return load_vector(root / run / "styles" / f"{name}.safetensors")[0]


def test_each_vector_paints_in_its_paintings_colour(world: Path) -> None:
    trunk, card = load_generator(world / "run" / "pack.safetensors")
    assert isinstance(trunk, LiteTrunk) and card.method == "multistyle"
    photo = torch.from_numpy(picture(48, 56)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        red, blue = (trunk(photo, vector(world, name)).mean((0, 2, 3)) for name in ("red", "blue"))
    assert red[0] - red[2] > blue[0] - blue[2] + 0.1
    assert load_vector(world / "run" / "styles" / "red.safetensors")[1].picture.painter == "Nobody"


def test_fine_and_bold_strokes_are_learned_apart(world: Path) -> None:
    fine, bold = strokes(world, "red")
    assert not torch.allclose(fine, bold, atol=1e-3)
    _, card = load_vector(world / "run" / "styles" / "red.safetensors")
    fine_loss, bold_loss = multistyle.losses_told(card.training)
    assert (fine_loss.style_size, bold_loss.style_size) == (24, 48)
    assert bold_loss == LOSS and fine_loss.coarse_weight == 0


def test_a_training_of_many_resumes_to_the_bit(world: Path) -> None:
    straight = multistyle.train(settings(world, "straight", steps=4, schedule="constant"))
    multistyle.train(settings(world, "halved", steps=2, schedule="constant"))
    halved = multistyle.train(settings(world, "halved", steps=4, schedule="constant", resume=True))
    a, b = load_file(straight), load_file(halved)
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert torch.equal(vector(world, "blue", "straight"), vector(world, "blue", "halved"))


def test_a_trunk_learns_another_painting_and_keeps_what_it_knew(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*json.loads((world / "pack.json").read_text()), {"name": "green", "file": "green.png"}]
    (world / "three.json").write_text(json.dumps(rows))
    more = settings(world, "more", init=world / "run" / "pack.safetensors", steps=1, lr=0.0)
    multistyle.train(multistyle.Settings(**{**more.__dict__, "pack": world / "three.json"}))
    assert torch.equal(vector(world, "red", "more"), vector(world, "red"))
    mean = (vector(world, "red") + vector(world, "blue")) / 2
    assert torch.allclose(vector(world, "green", "more"), mean)


def test_a_trunk_can_begin_as_the_network_of_one_style(world: Path, tmp_path: Path) -> None:
    one = make_lite(tmp_path)
    network, _ = load_generator(one)
    assert isinstance(network, Lite)
    path = multistyle.train(settings(world, "begun", init=one, steps=1, lr=0.0))
    trunk, _ = load_generator(path)
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(trunk(x, vector(world, "red", "begun")), network(x), atol=1e-6)


def test_a_new_style_leaves_the_trunk_alone_and_nears_its_painting(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world / "green"
    loop = LoopSettings(world / "photos", size=32, batch=2, steps=80, lr=6e-3, threads=1)  # 40 for each of its strokes
    asked = newstyle.Settings(
        world / "paintings" / "green.png", "green", loop, trunk=world / "run" / "pack.safetensors", out=run
    )
    path = newstyle.train(asked)
    (_, fitted), card = load_vector(path)
    again = replace(asked, loop=replace(loop, resume=True))
    assert torch.equal(load_vector(newstyle.train(again))[0][1], fitted)  # finished: nothing is left to do
    with monkeypatch.context() as patch, pytest.raises(InputError, match="is of an earlier training"):
        patch.setattr(newstyle, "Objective", None)  # it is said before the work
        newstyle.train(asked)
    trunk, trunk_card = load_generator(world / "run" / "pack.safetensors")
    assert card.trunk == "pack" and card.trunk_hash == trunk_card.trunk_hash == trunk_hash(trunk)
    photo = torch.from_numpy(picture(48, 56)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        green = trunk(photo, fitted).mean((0, 2, 3))
        others = [trunk(photo, vector(world, name)).mean((0, 2, 3)) for name in ("red", "blue")]
    assert all(green[1] - green[0] > o[1] - o[0] for o in others[:1])
    assert green[1] > green[2]


@pytest.fixture(scope="module")
def installed(world: Path) -> Path:
    """A folder with the trunk and its two vectors, as export installs them."""
    path, card = export(world / "run", world / "installed" / "pack.onnx")
    assert card.parity is not None and card.parity <= 1
    assert path == world / "installed" / "pack.onnx"
    return path.parent


def test_the_trunk_and_its_vectors_are_exported_and_installed(world: Path, installed: Path) -> None:
    entries = read_catalog(installed)
    assert [(e.card.name, e.model, e.vector) for e in entries] == [
        ("blue", "pack.onnx", "blue.safetensors"),
        ("red", "pack.onnx", "red.safetensors"),
    ]
    session = ort.InferenceSession(str(installed / "pack.onnx"), providers=["CPUExecutionProvider"])
    frame = probe_frame(20, 30)
    scalars = {"strength": np.array(1, np.float32), "keep_colors": np.array(0, np.float32)}
    paint = {
        n: session.run(None, {"frame": frame, **scalars, "style": vector(world, n).numpy()})[0] for n in ("red", "blue")
    }
    assert paint["red"].shape == frame.shape and not np.array_equal(paint["red"], paint["blue"])
    vectors = {p.name for p in installed.glob("*.safetensors")}
    assert vectors == {"pack.safetensors", "red.safetensors", "blue.safetensors"}


def test_a_vector_is_installed_beside_its_trunk(world: Path, installed: Path, tmp_path: Path) -> None:
    own = world / "run" / "styles" / "red.safetensors"
    with pytest.raises(InputError, match="export the trunk first"):
        export(own, tmp_path / "pack.onnx")
    with pytest.raises(InputError, match="export the trunk first"):
        export(own)
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True)
    (tmp_path / "red.safetensors").unlink()
    export(own, tmp_path / "pack.onnx")
    assert "red" in {e.card.name for e in read_catalog(tmp_path)}
    assert torch.equal(load_vector(tmp_path / "red.safetensors")[0], strokes(world, "red"))


def save_as(world: Path, folder: Path, name: str, card: dict[str, Any]) -> Path:
    """The vector of `red` under another name, with these fields of its card."""
    numbers, own = load_vector(world / "run" / "styles" / "red.safetensors")
    save_vector(folder / f"{name}.safetensors", numbers, replace(own, name=name, **card))
    return folder / f"{name}.safetensors"


def test_a_vector_finds_its_trunk_in_another_folder(
    world: Path, installed: Path, own_styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weights.folders.WEIGHTS", installed)
    path, card = export(save_as(world, tmp_path, "mine", {}))
    assert (path, card.trunk, card.parity is not None) == (own_styles / "mine.safetensors", "pack", True)
    assert not list(own_styles.glob("*.onnx"))
    (own_styles / "catalog.json").write_text("{")
    export(save_as(world, tmp_path, "other", {}))
    assert [(e.card.name, e.model, e.vector) for e in read_catalog(own_styles)] == [
        ("mine", "", "mine.safetensors"),
        ("other", "", "other.safetensors"),
    ]
    paint = {name: open_style(name, device="cpu") for name in ("mine", "other", "red")}
    assert np.array_equal(paint["mine"](picture(24, 32)), paint["red"](picture(24, 32)))


def test_a_vector_is_not_installed_beside_another_trunk(world: Path, installed: Path, tmp_path: Path) -> None:
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True)
    before = {path.name for path in tmp_path.iterdir()}
    for tie in ("", 64 * "0"):
        stray = save_as(world, tmp_path / "stray", "mine", {"trunk_hash": tie})
        with pytest.raises(InputError, match=r"mine\.safetensors belongs to another trunk called pack .*newstyle"):
            export(stray, tmp_path / "pack.onnx")
        with pytest.raises(InputError, match="is not installed: export the trunk first"):
            export(stray)
    with pytest.raises(InputError, match="can't have its trunk's name pack"):
        export(save_as(world, tmp_path / "stray", "pack", {}), tmp_path / "pack.onnx")
    assert {path.name for path in tmp_path.iterdir()} == before | {"stray"}


def test_a_run_with_a_stray_vector_is_not_exported(world: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(world / "run", run)
    save_as(world, run / "styles", "mine", {"trunk_hash": 64 * "0"})
    with pytest.raises(InputError, match=r"mine\.safetensors belongs to another trunk"):
        export(run, tmp_path / "out" / "pack.onnx")
    assert not (tmp_path / "out").exists()
    numbers, card = load_vector(run / "styles" / "red.safetensors")
    save_vector(run / "styles" / "mine.safetensors", numbers[:, 1:], replace(card, name="mine"))
    with pytest.raises(InputError, match=r"mine\.safetensors has .* numbers where its trunk takes"):
        export(run, tmp_path / "out" / "pack.onnx")


def test_a_painting_that_the_trunk_cannot_meet_is_said() -> None:
    assert "only partly" in newstyle.verdict(4.0, 2.0)
    assert newstyle.verdict(2.5, 2.0) == ""


def test_bad_packs_are_said(world: Path, tmp_path: Path) -> None:
    good = settings(world)
    for text, words in (("[", "can't be read"), ("[]", "at least one"), ('[{"nome": 1}]', "can't be read")):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError, match=words):
            multistyle.read_pack(multistyle.Settings(**{**good.__dict__, "pack": tmp_path / "bad.json"}))
    with pytest.raises(InputError, match="is no trunk"):
        newstyle.train(newstyle.Settings(Path("x.jpg"), "x", trunk=make_lite(tmp_path)))


def test_a_teacher_of_one_style_is_refused_for_many(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one style"):
        multistyle.train(settings(world, "taught", steps=1, teacher=world / "photos"))


def make_lite(folder: Path) -> Path:
    from training.checkpoint import save_generator
    from training.generators import Lite
    from weights.card import Card

    card = Card("tiny", "Tiny", "johnson", "lite", {"width": 16, "blocks": 1})
    save_generator(folder / "tiny.safetensors", Lite(16, 1), card)
    return folder / "tiny.safetensors"
