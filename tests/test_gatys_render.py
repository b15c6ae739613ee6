"""A run from files to files: sizes, presets, colours, masks, tiles, and what is said where it can't be done."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gatys import render as rendering
from gatys.cli import parse_settings
from gatys.memory import GIB, largest_side, plan_memory
from gatys.pictures import level_sizes, load_masks, painting_size, refine
from gatys.record import beside
from gatys.render import Renderer, render_file
from gatys.settings import PRESETS, Settings, preset
from tests.conftest import picture
from training.images import load_image, save_image
from weights.errors import InputError, exit_code


def load_picture(height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(picture(height, width)).permute(2, 0, 1)[None].float() / 255


def test_a_run_writes_its_picture_settings_and_curve(settings: Settings) -> None:
    rendered = render_file(settings)
    with Image.open(settings.output) as file:
        assert file.size == (48, 36)
    told = json.loads(beside(settings.output, ".json").read_text())
    assert told["settings"]["beta"] == settings.beta and told["complete"] is True
    assert told["sizes"] == [[18, 24], [36, 48]]
    assert len(told["curve"]) == 7 and told["losses"]["total"] == pytest.approx(sum(rendered.terms.values()))
    assert beside(settings.output, "-loss.png").exists()
    assert not beside(settings.output, ".resume.safetensors").exists()
    full = [point["total"] for point in told["curve"] if point["level"] == 1]
    assert full == sorted(full, reverse=True)


def test_sizes_go_from_coarse_to_fine_and_stop_at_the_receptive_field() -> None:
    photo, square, wide = (Image.new("RGB", size) for size in ((400, 300), (80, 80), (400, 100)))
    settings = Settings(Path("p"), (Path("a"),))
    assert level_sizes(photo, [square], settings, 132) == [(192, 256), (384, 512)]
    assert level_sizes(photo, [square], dataclasses.replace(settings, scales=1), 132) == [(384, 512)]
    assert level_sizes(photo, [square], dataclasses.replace(settings, size=160), 132) == [(120, 160)]
    assert level_sizes(photo, [square], settings, 16)[0] == (192, 256)  # no smaller than COARSEST
    assert level_sizes(photo, [square], dataclasses.replace(settings, scales=9), 16)[0] == (24, 32)
    assert level_sizes(photo, [square, wide], settings, 132) == [(384, 512)]  # 443x111 at the half
    assert painting_size(wide, (300, 400), 1.0) == (173, 693)
    assert painting_size(square, (300, 300), 2.0) == (600, 600)


def test_the_next_size_starts_with_the_photos_own_detail() -> None:
    photo = load_picture(32, 32)
    coarse = torch.nn.functional.interpolate(photo, (16, 16), mode="bicubic", antialias=True)
    assert torch.allclose(refine(coarse, coarse, photo), photo, atol=1e-6)
    darker = refine(coarse * 0.5, coarse, photo)
    assert darker.mean().item() == pytest.approx(0.5 * photo.mean().item(), rel=0.02)


@pytest.mark.parametrize("film", ["sheet", "mp4"])
def test_the_steps_become_a_sheet_or_a_film(settings: Settings, film: str) -> None:
    render_file(dataclasses.replace(settings, save_every=1, film=film))  # type: ignore[arg-type]
    if film == "sheet":
        with Image.open(beside(settings.output, "-steps.png")) as file:
            assert file.size == (3 * 52, 3 * 40)  # seven pictures of 48x36, each with its gap
    else:
        av = pytest.importorskip("av")
        with av.open(str(beside(settings.output, "-steps.mp4"))) as clip:
            frames = list(clip.decode(video=0))
        assert (len(frames), frames[0].width, frames[0].height) == (7, 48, 36)


@pytest.mark.parametrize("init", ["noise", "style", "path"])
def test_it_starts_where_it_is_told(settings: Settings, tmp_path: Path, init: str) -> None:
    changed = dataclasses.replace(settings, init=str(tmp_path / "painting.png") if init == "path" else init, steps=1)
    pictures = [render_file(dataclasses.replace(changed, seed=seed)).picture for seed in (1, 1, 2)]
    assert torch.equal(pictures[0], pictures[1])
    assert torch.equal(pictures[0], pictures[2]) is (init != "noise")
    with pytest.raises(InputError, match="--init nowhere"):
        render_file(dataclasses.replace(settings, init="nowhere"))


def test_luminance_keeps_the_photos_colours(settings: Settings) -> None:
    from gatys.colors import to_yiq

    painted = render_file(dataclasses.replace(settings, colors="luminance", scales=1)).picture
    photo = Renderer(settings).photo_at(-1)
    colours = [to_yiq(p)[:, 1:] for p in (painted, photo)]
    inside = (painted > 0.01) & (painted < 0.99)  # where nothing was clamped
    inside = inside.all(1, keepdim=True).expand_as(colours[0])
    assert (colours[0] - colours[1])[inside].abs().max() < 1e-4
    assert (to_yiq(painted)[:, :1] - to_yiq(photo)[:, :1]).abs().max() > 0.05


@pytest.mark.parametrize("colors", ["linear", "histogram"])
def test_matched_colours_are_the_photos(colors: str) -> None:
    from gatys.colors import prepare

    torch.manual_seed(0)
    photo, painting = 0.3 + 0.2 * torch.rand(1, 3, 20, 30), torch.rand(1, 3, 24, 24) ** 2
    seen, matched = prepare(colors, photo, painting)  # type: ignore[arg-type]
    assert seen is photo
    assert torch.allclose(matched.mean((2, 3)), photo.mean((2, 3)), atol=0.01)
    assert torch.allclose(matched.std((2, 3)), photo.std((2, 3)), rtol=0.05)
    if colors == "linear":
        a, b = (torch.cov(x[0].flatten(1)) for x in (matched, photo))
        assert torch.allclose(a, b, atol=1e-4)
    else:
        assert torch.allclose(matched.quantile(0.3), photo.quantile(0.3), atol=0.01)


def test_masks_are_a_partition(settings: Settings, tmp_path: Path) -> None:
    left = np.zeros((20, 40), np.uint8)
    left[:, :20] = 255
    Image.fromarray(left).save(tmp_path / "left.png")
    two = dataclasses.replace(settings, paintings=settings.paintings * 2, masks=(tmp_path / "left.png",))
    masks = load_masks(two, (10, 20))
    assert masks is not None and len(masks) == 2
    assert torch.allclose(masks[0] + masks[1], torch.ones(1, 1, 10, 20))
    assert masks[0][0, 0, 0, 0] == 1 and masks[1][0, 0, 0, -1] == 1
    assert render_file(dataclasses.replace(two, steps=1, coarse_steps=1)).terms["style"] > 0


def test_the_presets_are_what_was_published(settings: Settings) -> None:
    made = {name: preset(name, settings.photo, settings.paintings) for name in PRESETS}
    assert made["best"] == dataclasses.replace(Settings(settings.photo, settings.paintings))
    assert (made["gatys"].loss, made["gatys"].init, made["gatys"].pooling) == ("gatys", "noise", "avg")
    assert made["gatys"].weights_by_layer == {f"relu{i}_1": 0.2 for i in range(1, 6)}
    tutorial = made["pytorch-tutorial"]
    assert (tutorial.alpha, tutorial.beta, tutorial.steps, tutorial.init) == (1, 1e6, 300, "content")
    assert list(tutorial.weights_by_layer) == ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"]
    udacity = made["udacity"]
    assert list(udacity.weights_by_layer.values()) == [1.0, 0.75, 0.2, 0.2, 0.2]
    assert udacity.optimizer == "adam" and udacity.lr / 0.226 == pytest.approx(0.003)
    with pytest.raises(InputError, match="no preset 'monet'"):
        preset("monet", settings.photo, settings.paintings)


def test_a_preset_sets_defaults_and_options_override_it() -> None:
    made = parse_settings("gatys", None, ["p.jpg", "a.jpg", "b.jpg", "--preset", "pytorch-tutorial", "--steps", "7"])
    assert (made.steps, made.loss, made.beta) == (7, "pytorch-tutorial", 1e6)
    assert made.paintings == (Path("a.jpg"), Path("b.jpg")) and made.preset == "pytorch-tutorial"
    plain = parse_settings("gatys", None, ["p.jpg", "a.jpg", "-o", "out.png"])
    assert plain == Settings(Path("p.jpg"), (Path("a.jpg"),), out=Path("out.png"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"photo": Path("none.jpg")}, "no picture none.jpg"),
        ({"paintings": ()}, "no painting"),
        ({"layer_weights": (1.0,)}, "--layer-weights has 1 numbers for 2 layers"),
        ({"style_weights": (1.0, 2.0)}, "--style-weights has 2 numbers for 1 styles"),
        ({"masks": (Path("a"), Path("b"))}, "2 masks don't fit"),
        ({"steps": -1}, "--steps -1"),
        ({"size": 0}, "--size 0"),
        ({"style_layers": ("relu9_9",)}, "no layer relu9_9"),
        ({"size": 12, "scales": 1}, "smaller than the 10 pixels"),
        ({"memory": 0.801}, "doesn't fit into 0.801 GiB: use --size"),
    ],
)
def test_bad_input_is_said_in_one_sentence(settings: Settings, changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        render_file(dataclasses.replace(settings, **changes))  # type: ignore[arg-type]


def test_bad_input_ends_with_code_2(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    def render() -> None:
        render_file(dataclasses.replace(settings, photo=Path("none.jpg")))

    assert exit_code(render) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")])
def test_out_of_memory_says_which_size_fits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(rendering, "descend", fail)
    with pytest.raises(InputError, match="memory doesn't suffice for 48x36: --size 36"):
        render_file(settings)


def test_an_error_of_another_kind_is_not_called_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(rendering, "descend", fail)
    with pytest.raises(RuntimeError, match="something else"):
        render_file(settings)


def test_large_pictures_are_cut_into_tiles_that_fit() -> None:
    small, large = plan_memory(384, 512, 6 * GIB, 50, 64), plan_memory(1536, 2048, 6 * GIB, 50, 64)
    assert small is not None and (small.tile_side, small.history) == (0, 50)
    assert large is not None and 256 <= large.tile_side <= 1024 and 2 <= large.history < 50
    assert plan_memory(2160, 3840, 6 * GIB, 50, 64) is not None
    side = largest_side(3000, 4000, 3 * GIB, 64)
    assert plan_memory(round(side * 0.75), side, 3 * GIB, 2, 64) is not None
    assert plan_memory(round((side + 64) * 0.75), side + 64, 3 * GIB, 2, 64) is None


def test_a_run_in_tiles_is_the_run_in_one_piece(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    one = dataclasses.replace(settings, scales=1, steps=3)
    whole = render_file(one)
    real = Renderer(one).memory_plan
    monkeypatch.setattr(rendering, "plan_memory", lambda *_: dataclasses.replace(real, tile_side=16))
    tiled = render_file(one)
    assert tiled.terms == pytest.approx(whole.terms, rel=1e-3)
    assert (tiled.picture - whole.picture).abs().max() < 0.01


def test_no_seams(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss of a strip across a tile border is within 2 % of the strips beside it, as without tiles."""
    from gatys.problem import Problem

    photo = load_image(settings.photo)
    flat = torch.full((1, 3, 48, 96), 0.4) + 0.1 * torch.sin(torch.arange(96) * 2 * torch.pi / 8).view(1, 1, 1, 96)
    save_image(flat, settings.photo)
    one = dataclasses.replace(settings, size=96, scales=1, steps=6)
    real = plan_memory(48, 96, 6 * GIB, 50, 16)
    assert real is not None and photo is not None
    monkeypatch.setattr(rendering, "plan_memory", lambda *_: dataclasses.replace(real, tile_side=48))
    painted = render_file(one).picture
    renderer = Renderer(one)
    problem = renderer.problem(0)[0]
    assert isinstance(problem, Problem) and len(problem.tiles) == 2
    features = problem.vgg(painted, ["relu2_1"])["relu2_1"]
    wanted = problem.vgg(renderer.photo_at(0), ["relu2_1"])["relu2_1"]
    gap = (features - wanted).square().sum((0, 1, 2))  # by column, two pixels each; the border lies at 24
    strips = [gap[start : start + 8].sum().item() for start in (12, 20, 28)]  # 8 columns are two periods
    assert strips[1] == pytest.approx((strips[0] + strips[2]) / 2, rel=0.02)
