"""Tiles: features, losses and gradients are those of the whole picture; no seams."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gatys.problem import LossSpec, Problem, mean_grams
from gatys.tiles import Field, receptive_field, tiles
from training.perceptual import VGG, layer_names, load_vgg
from weights.errors import InputError

STYLE = {"relu1_1": 0.3, "relu2_1": 0.3, "relu3_1": 0.4}
DEEP = {**STYLE, "relu4_1": 0.3, "relu5_1": 0.2}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Small pictures are faster on one core, and far faster where others use the cores too."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def vgg() -> VGG:
    return load_vgg()


def spec(**changes: object) -> LossSpec:
    values = {"form": "gatys", "content_layers": ("relu2_2",), "style_layers": STYLE, "alpha": 1.0, "beta": 100.0}
    return LossSpec(**{**values, **changes})  # type: ignore[arg-type]


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=generator)
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


def test_receptive_fields_by_hand() -> None:
    names = layer_names("vgg16")
    assert receptive_field(names, "conv1_1") == Field(1, 1)
    assert receptive_field(names, "relu1_2") == Field(1, 2)
    assert receptive_field(names, "conv2_1") == Field(2, 4)
    assert receptive_field(names, "relu5_1") == Field(16, 58)
    assert receptive_field(names, "relu5_1").size == 132


@pytest.mark.parametrize("layer", ["relu2_2", "relu3_3"])
def test_the_receptive_field_is_what_the_network_sees(layer: str) -> None:
    """A change at its rim is seen, a change just beyond is not."""
    torch.manual_seed(0)
    vgg, field = VGG(pooling="avg").double(), receptive_field(layer_names("vgg16"), layer)
    x = torch.rand(1, 3, 96, 96, dtype=torch.float64, requires_grad=True)
    middle = 48 // field.stride
    vgg(x, [layer])[layer][0, :, middle, middle].sum().backward()
    assert x.grad is not None
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    start = middle * field.stride
    assert (rows.min().item(), rows.max().item()) == (start - field.reach, start + field.stride - 1 + field.reach)


@pytest.mark.parametrize(("height", "width", "side"), [(100, 130, 48), (64, 64, 64), (37, 401, 100), (512, 384, 256)])
def test_inner_parts_cover_the_picture_once(height: int, width: int, side: int) -> None:
    seen = torch.zeros(height, width)
    for tile in tiles((height, width), side, Field(16, 58)):
        top, bottom, left, right = tile.inner
        assert top % 16 == 0 and left % 16 == 0 and tile.outer[0] % 16 == 0
        seen[top:bottom, left:right] += 1
    assert bool((seen == 1).all())


@pytest.mark.parametrize("tv", [0.0, 1e-3])
def test_loss_and_gradient_in_tiles_are_the_wholes(vgg: VGG, tv: float) -> None:
    """Odd sides, six tiles, pooling that drops the last row."""
    x, photo, painting = picture(72, 96)[:, :, :71, :93], picture(72, 96, 1)[:, :, :71, :93], picture(48, 64, 2)
    same(vgg, spec(tv=tv), x, photo, painting, 40)


@pytest.mark.slow
def test_all_layers_in_tiles_are_the_wholes(vgg: VGG) -> None:
    x, photo, painting = picture(216, 248), picture(216, 248, 1), picture(136, 160, 2)
    same(vgg, spec(content_layers=("relu4_2",), style_layers=DEEP), x, photo, painting, 128)


def same(vgg: VGG, loss: LossSpec, x: Tensor, photo: Tensor, painting: Tensor, side: int) -> None:
    """The loss and gradient of x in one piece and in tiles agree."""
    whole = Problem(vgg, loss, photo, [painting])(x)
    problem = Problem(vgg, loss, photo, [painting], tile_side=side)
    assert len(problem.tiles) > 3
    tiled = problem(x)
    assert tiled.terms == pytest.approx(dict(whole.terms), rel=1e-5)
    assert (tiled.gradient - whole.gradient).norm() < 1e-5 * whole.gradient.norm()


def test_masks_in_tiles_are_the_wholes(vgg: VGG) -> None:
    photo, a, b = picture(48, 72), picture(48, 48, 1), picture(48, 48, 2)
    mask = torch.linspace(0, 1, 72).expand(1, 1, 48, 72)
    values = [
        Problem(vgg, spec(), photo, [a, b], masks=[mask, 1 - mask], tile_side=side)(picture(48, 72, 3))
        for side in (0, 40)
    ]
    assert values[1].terms == pytest.approx(dict(values[0].terms), rel=1e-5)
    assert (values[1].gradient - values[0].gradient).norm() < 1e-5 * values[0].gradient.norm()


def test_a_paintings_style_in_tiles_is_the_wholes(vgg: VGG) -> None:
    painting = picture(64, 88)
    whole, tiled = (mean_grams(vgg, painting, list(STYLE), side) for side in (0, 40))
    for name in STYLE:
        assert (tiled[name] - whole[name]).norm() < 1e-5 * whole[name].norm()


def test_too_small_a_picture_is_refused_in_words(vgg: VGG) -> None:
    with pytest.raises(InputError, match="photo at 136x128 is smaller than the 132 pixels"):
        Problem(vgg, spec(style_layers=DEEP), picture(128, 136), [picture(136, 136)])
    with pytest.raises(InputError, match="painting at 96x96"):
        Problem(vgg, spec(style_layers=DEEP), picture(136, 136), [picture(96, 96)])
    with pytest.raises(InputError, match="has no layer relu5_2"):
        Problem(vgg, spec(content_layers=("relu5_2",)), picture(136, 136), [picture(136, 136)])
