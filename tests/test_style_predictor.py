"""A predictor of styles: what it is shown, what it is judged by, trained, stopped, resumed, exported, asked."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from export.__main__ import export
from export.catalog import entries_in
from realtime.styles.predictor import Predictor
from tests.conftest import picture
from tests.test_multistyle import LOSS
from training import multistyle, newstyle
from training.checkpoint import load_generator, load_vector, read_card, save_generator, vectors_beside
from training.images import resized, to_tensor
from training.objective import LossSettings, Objective, loss_vgg
from training.perceptual import load_vgg
from training.predictor import __main__ as predictor
from training.predictor import evaluate, known
from training.predictor.asking import predicted_style
from training.predictor.network import StyleEncoder, StyleMap, load_predictor
from training.predictor.targets import Table, TableObjective, View
from training.predictor.views import view_of
from training.run import Run
from training.settings import LoopSettings
from weights.errors import InputError
from weights.folders import WEIGHTS

COLOURS = {"red": (220, 30, 20), "blue": (20, 40, 220), "green": (30, 200, 40), "grey": (120, 120, 120)}


def stripes(colour: tuple[int, int, int], every: int = 6) -> Image.Image:
    pixels = np.full((64, 80, 3), 20, np.uint8)
    pixels[::every] = pixels[1::every] = pixels[2::every] = colour
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, four paintings, an installed trunk of two of them, and a short training on all four."""
    root = tmp_path_factory.mktemp("predictor")
    for folder in ("photos", "paintings"):
        (root / folder).mkdir()
    for i in range(3):
        Image.fromarray(picture(48, 56, seed=4 * i)).save(root / "photos" / f"{i}.png")
    for name, colour in COLOURS.items():
        stripes(colour).save(root / "paintings" / f"{name}.png")
    rows = [{"name": n, "file": f"{n}.png"} for n in ("red", "blue")]
    (root / "pack.json").write_text(json.dumps(rows))
    loop = LoopSettings(root / "photos", size=32, batch=2, steps=20, lr=1e-2, threads=1)
    pack = multistyle.Settings(
        root / "paintings", "pack", loop, LOSS, pack=root / "pack.json", width=16, deep=8, dilations=(1,),
        out=root / "trunk",
    )  # fmt: skip
    trunk = multistyle.train(pack)
    export(trunk, root / "installed" / "pack.onnx")
    predictor.train(settings(root))
    return root


def settings(root: Path, out: str = "run", **loop: object) -> predictor.Settings:
    values = {"size": 32, "batch": 4, "steps": 12, "lr": 2e-2, "optimizer": "adam", "threads": 1, **loop}
    return predictor.Settings(
        root / "paintings",
        LoopSettings(root / "photos", **values),  # type: ignore[arg-type]
        val_paintings=root / "paintings",
        trunk=root / "trunk" / "pack.safetensors",
        number_of_views=2,
        hidden=16,
        parts=4,
        out=root / out,
    )


def test_a_view_is_the_same_each_time_and_another_for_each_number(tmp_path: Path) -> None:
    path = tmp_path / "painting.png"
    Image.fromarray(picture(60, 200)).save(path)
    whole, again, part, other = (np.asarray(view_of(path, n, seed=0)) for n in (0, 0, 1, 2))
    assert whole.shape == (60, 120, 3)  # the middle of a strip
    assert np.array_equal(whole, again) and np.array_equal(part, np.asarray(view_of(path, 1, seed=0)))
    assert part.shape[0] < 60 and not np.array_equal(part, other)
    assert not np.array_equal(part, np.asarray(view_of(path, 1, seed=1)))
    assert resized(Image.fromarray(whole), 30).size == (60, 30)


def table_of(root: Path, losses: tuple[LossSettings, LossSettings]) -> Table:
    return Table(root / "table", losses, [View(root.parent / "paintings" / f"{name}.png", 0) for name in COLOURS])


@torch.no_grad()
def test_the_table_judges_as_the_objective_of_the_paintings_themselves(world: Path) -> None:
    """Half of each matrix in float16, from networks in bfloat16 maybe: a loss within two hundredths."""
    fine, bold = replace(LOSS, style_size=32, content_weight=1e-4), LOSS
    table, vgg = table_of(world / "judge", (fine, bold)), loss_vgg(LOSS)
    table.build(vgg, StyleEncoder(load_vgg()), 0, "same", Run(world / "judge", bold, 5))
    paintings = [stripes(colour) for colour in COLOURS.values()]
    pairs = [(to_tensor(np.asarray(resized(p, s.style_size))), s) for p in paintings for s in (fine, bold)]
    direct, stored = Objective(vgg, *pairs), TableObjective(vgg, table)
    photo = to_tensor(picture(32, 40)).expand(3, -1, -1, -1)
    which = torch.tensor([0, 3, 6])
    expected, found = (o(photo.flip(1), photo, which=which) for o in (direct, stored))
    assert found["style"].item() == pytest.approx(expected["style"].item(), rel=2e-2)
    assert found["content"].item() == pytest.approx(expected["content"].item(), rel=1e-4)
    rows = sum(path.stat().st_size for path in (world / "judge/table").glob("[0-9]*.npy"))
    assert 0 < rows - table.nbytes < 200 * len(table.scales[1] + table.scales[2]), "the headers of the files"
    table.hold(torch.device("cpu"))
    shutil.rmtree(world / "judge/table")
    assert stored(photo.flip(1), photo, which=which) == found, "what is held needs no file"


@torch.no_grad()
def test_a_table_that_was_stopped_goes_on(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.predictor.targets.BETWEEN_NOTES", 1)
    encoder, vgg = StyleEncoder(load_vgg()), loss_vgg(LOSS)
    seen: list[torch.Tensor] = []
    forward = StyleEncoder.forward

    def counting(self: StyleEncoder, painting: torch.Tensor) -> torch.Tensor:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(painting)
        return forward(self, painting)

    monkeypatch.setattr(StyleEncoder, "forward", counting)
    table, run = table_of(world / "stopped", (LOSS, LOSS)), Run(world / "stopped", LOSS, 5)
    with pytest.raises(KeyboardInterrupt):
        table.build(vgg, encoder, 0, "same", run)
    monkeypatch.setattr(StyleEncoder, "forward", forward)
    table = table_of(world / "stopped", (LOSS, LOSS))
    table.build(vgg, encoder, 0, "same", run)
    assert torch.equal(table.features()[0], encoder(seen[0])[0])
    assert all(len(row.unique()) > 1 for row in table.features())


def test_the_map_begins_with_the_mean_and_tells_paintings_apart_later(world: Path) -> None:
    found, card = load_predictor(world / "run" / "predictor.safetensors")
    known = torch.stack([load_vector(p)[0] for p in vectors_beside(world / "trunk" / "pack.safetensors")])
    fresh = predictor.fresh_map(settings(world), torch.randn(8, 14), list(known))
    assert torch.allclose(fresh.eval()(torch.randn(1, 14))[0], known.mean(0))
    with torch.no_grad():
        red, blue = (found(to_tensor(np.asarray(stripes(COLOURS[name])))) for name in ("red", "blue"))
    assert red.shape == known.shape[1:] and not torch.allclose(red, blue, atol=1e-3)
    assert card.is_predictor and card.trunk == "pack" and card.training["steps"] == 12


def test_a_stopped_training_goes_on_as_the_same(world: Path) -> None:
    predictor.train(settings(world, "two", steps=6, schedule="constant"))
    predictor.train(settings(world, "two", steps=12, schedule="constant", resume=True))
    predictor.train(settings(world, "one", steps=12, schedule="constant"))
    one, two = (load_predictor(world / run / "predictor.safetensors")[0].map for run in ("one", "two"))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_a_map_is_trained_on_where_another_was_left(world: Path) -> None:
    first = world / "run" / "predictor.safetensors"
    still = replace(settings(world, "on", steps=1, lr=1e-9, ema=0.0), init=first)
    predictor.train(still)
    before, after = (load_predictor(path)[0].map for path in (first, world / "on" / "predictor.safetensors"))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(before.parameters(), after.parameters(), strict=True))
    for out, words in (("on", "is of an earlier training"), ("other", r"another shape.*hidden 16")):
        with pytest.raises(InputError, match=words):
            predictor.train(replace(still, hidden=8, out=world / out))


def test_exported_it_is_asked_without_torch_and_agrees(world: Path) -> None:
    path, card = export(world / "run", world / "installed" / "predictor.onnx")
    assert card.parity is not None and card.parity <= 1
    asked = Predictor(path)
    image = np.asarray(resized(stripes(COLOURS["green"]), asked.short_side))
    with torch.no_grad():
        expected = load_predictor(world / "run" / "predictor.safetensors")[0](to_tensor(image))
    assert np.allclose(asked.predict(image), expected.numpy(), atol=1e-3)
    kinds = {a.name: a.data_type for a in onnx.load(path).graph.initializer if a.name.endswith(".half")}
    assert kinds and set(kinds.values()) == {onnx.TensorProto.FLOAT16}


def test_a_predictor_is_no_style(world: Path) -> None:
    export(world / "run", world / "installed" / "predictor.onnx")
    assert {entry.card.name for entry in entries_in(world / "installed")} == {"red", "blue"}
    assert {p.stem for p in vectors_beside(world / "installed" / "pack.safetensors")} == {"red", "blue"}
    with pytest.raises(InputError, match=r"no predictor"):
        load_predictor(world / "trunk" / "pack.safetensors")
    with pytest.raises(InputError, match=r"architecture 'predictor'"):
        load_generator(world / "run" / "predictor.safetensors")


def test_exported_it_has_the_name_that_is_looked_for(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, card = load_predictor(world / "run" / "predictor.safetensors")
    save_generator(tmp_path / "mine.safetensors", network.map, replace(card, name="mine"))
    monkeypatch.setattr("export.__main__.user_folder", lambda _: world / "installed")
    assert export(tmp_path / "mine.safetensors")[0] == world / "installed" / "predictor.onnx"


def test_exporting_says_what_is_wrong(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"predictor\.onnx"):
        export(world / "run", world / "installed" / "other.onnx")
    monkeypatch.setattr("export.predictor.search_path", lambda: [tmp_path])
    with pytest.raises(InputError, match="export the trunk first"):
        export(world / "run", tmp_path / "predictor.onnx")
    assert not list(tmp_path.glob("predictor*"))


@pytest.mark.slow
def test_a_fit_begins_with_the_prediction_and_the_two_are_judged_side_by_side(world: Path) -> None:
    path = world / "run" / "predictor.safetensors"
    trunk = world / "trunk" / "pack.safetensors"
    asked = evaluate.Settings(
        path, world / "paintings", world / "photos", trunk, count=2, photo_count=1, size=64, lines=48, fit_steps=3,
        fits=world / "fits",
    )  # fmt: skip
    rows = evaluate.evaluate(asked)
    assert list(rows) == ["blue", "grey", "median"]
    assert "D over own" in rows["blue"] and "D over own" not in rows["grey"]
    assert all(np.isfinite(list(row.values())).all() for row in rows.values())
    predicted = predicted_style(load_predictor(path)[0], world / "paintings" / "red.png")
    fit = newstyle.Settings(world / "paintings" / "red.png", "red", trunk=trunk)
    assert newstyle.predicted(fit, read_card(trunk)) == []  # the installed one is for another trunk
    (begun,) = newstyle.predicted(replace(fit, predictor=path), read_card(trunk))
    assert torch.equal(begun, predicted)
    with pytest.raises(InputError, match="nowhere"):
        newstyle.predicted(replace(fit, predictor=world / "nowhere.safetensors"), read_card(trunk))


def test_a_predictor_is_taught_what_its_trunk_knows(world: Path, tmp_path: Path) -> None:
    path, trunk = world / "run" / "predictor.safetensors", world / "trunk" / "pack.safetensors"
    shutil.copytree(world / "paintings", tmp_path / "others", ignore=shutil.ignore_patterns("red.*", "blue.*"))
    taught = tmp_path / "taught.safetensors"
    asked = known.Settings(path, world / "paintings", tmp_path / "others", trunk, output=taught, number_of_parts=2)
    assert known.run(asked) == taught and read_card(taught).training["known"] == ["blue", "red"]
    before, after = (load_predictor(file)[0] for file in (path, taught))
    for name in ("blue", "red"):
        vector = load_vector(world / "trunk" / "styles" / f"{name}.safetensors")[0]
        picture = world / "paintings" / f"{name}.png"
        left, was = ((predicted_style(p, picture) - vector).square().mean() for p in (after, before))
        assert left < 0.05 * was
    green = world / "paintings" / "green.png"
    moved = (predicted_style(after, green) - predicted_style(before, green)).square().mean()
    assert moved < 0.2 * (predicted_style(before, green) - vector).square().mean()
    with pytest.raises(InputError, match="is named as a style"):
        known.run(replace(asked, own=tmp_path / "others"))
    save_generator(tmp_path / "old.safetensors", before.map, replace(read_card(path), trunk_hash="the trunk's before"))
    with pytest.raises(InputError, match="belongs to another trunk"):
        known.run(replace(asked, predictor=tmp_path / "old.safetensors"))
    known.run(replace(asked, predictor=tmp_path / "old.safetensors", trunk_moved=True))
    read_card(taught).check_trunk(read_card(trunk), taught)
    with pytest.raises(InputError, match="is for another trunk, pack, than"):
        known.run(replace(asked, trunk=WEIGHTS / "pack.safetensors", trunk_moved=True))


def test_training_says_what_is_wrong(world: Path) -> None:
    with pytest.raises(InputError, match="--trunk"):
        predictor.train(replace(settings(world), trunk=WEIGHTS / "starry-night-johnson.safetensors"))
    with pytest.raises(InputError, match="no folder"):
        predictor.train(replace(settings(world), paintings=world / "nowhere"))
    with pytest.raises(InputError, match="is a style vector of the trunk pack"):
        predictor.train(replace(settings(world), trunk=world / "trunk" / "styles" / "red.safetensors"))
    with pytest.raises(InputError, match="no folder"):
        predictor.train(replace(settings(world, "without"), loop=LoopSettings(world / "nowhere")))
    assert not (world / "without").exists(), "said before the work"
    (world / "alone").mkdir()
    Image.new("RGB", (40, 40)).save(world / "alone" / "one.png")
    with pytest.raises(InputError, match="alone has one painting to learn from"):
        predictor.train(replace(settings(world), paintings=world / "alone", val_paintings=world / "paintings"))


def test_a_picture_like_none_that_was_learned_from_is_taken_for_one_of_its_colours() -> None:
    torch.manual_seed(0)
    features = torch.randn(40, 20)
    features[:, -12:] = 0
    features[:, -12] = torch.linspace(0, 1, 40)  # how red it is
    style_map = StyleMap(20, 5, parts=6, hidden=8, known=40)
    style_map.fit(features, torch.zeros(2, 5), torch.ones(5))
    torch.nn.init.normal_(style_map.outer.weight)
    style_map.eval()
    odd = features[30:31].clone()
    odd[:, :8] *= 200  # all but its colours
    with torch.no_grad():
        near, far = (style_map(x)[0] for x in (features[30:31], odd))
        others = style_map(features)
        bare = StyleMap(20, 5, parts=6, hidden=8)
        bare.load_state_dict({k: v for k, v in style_map.state_dict().items() if k in bare.state_dict()})
        unbound = bare.eval()(odd)[0]
        alike = (bare(features) - others).abs().amax((1, 2)) < 1e-5
        assert alike.sum() >= 39, "nothing changes for what is like nearly all of these"
    assert (far - near).norm() < 0.2 * (unbound - near).norm()
    assert far.abs().max() <= others.abs().max()


def test_components_of_few_paintings_are_as_many_as_there_are() -> None:
    style_map = StyleMap(7, 5, parts=6, hidden=4)
    style_map.fit(torch.randn(3, 7), torch.zeros(2, 5), torch.ones(5))
    assert style_map(torch.randn(2, 7)).shape == (2, 2, 5) and style_map.axes[:, 3:].abs().sum() == 0
