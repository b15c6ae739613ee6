"""The networks: shapes, ranges, the published layout, and what the lite one promises about checkering and aliasing."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from training.folded import BlurDown, BlurUp
from training.generators import Johnson, Lite, LiteTrunk, _extended, build
from weights.errors import InputError


@pytest.mark.parametrize("architecture", ["johnson", "lite"])
def test_a_picture_comes_back_in_its_shape_and_range(architecture: str) -> None:
    torch.manual_seed(0)
    y = build(architecture).eval()(torch.rand(2, 3, 32, 48))
    assert y.shape == (2, 3, 32, 48)
    assert 0 <= y.min() < y.max() <= 1


@pytest.mark.parametrize("arguments", [{"upsampling": "transposed"}, {"norm": "batch"}, {"blocks": 1, "width": 8}])
def test_the_variants_of_johnson(arguments: dict[str, object]) -> None:
    assert build("johnson", arguments)(torch.rand(2, 3, 16, 20)).shape == (2, 3, 16, 20)


def test_johnson_has_the_papers_size() -> None:
    weights = sum(p.numel() for name, p in Johnson().named_parameters() if p.ndim == 4)
    residual = 5 * 2 * 128 * 128 * 9
    outer = 81 * 3 * 32 + 9 * 32 * 64 + 9 * 64 * 128 + 9 * 128 * 64 + 9 * 64 * 32 + 81 * 32 * 3
    assert weights == residual + outer


def test_unknown_networks_are_refused_in_words() -> None:
    with pytest.raises(InputError, match="no architecture 'vit'"):
        build("vit")
    with pytest.raises(InputError, match="can't be built"):
        build("lite", {"depth": 3})


def test_blur_up_is_double_blur_convolve() -> None:
    torch.manual_seed(0)
    up = BlurUp(5, 3)
    x = torch.randn(1, 5, 8, 10)
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    blur = torch.outer(row, row).expand(5, 1, 3, 3)
    doubled = F.interpolate(x, scale_factor=2, mode="nearest")
    blurred = F.conv2d(doubled, blur, padding=1, groups=5)
    expected = F.conv2d(blurred, up.weight, padding=1)
    inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    assert torch.allclose(up(x)[inner], expected[inner], atol=1e-5)


def test_blur_down_is_blur_convolve_skip() -> None:
    torch.manual_seed(0)
    down = BlurDown(3, 4)
    x = torch.randn(1, 3, 16, 20)
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    blurred = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), torch.outer(row, row).expand(3, 1, 4, 4), groups=3)
    expected = F.conv2d(blurred, down.weight)[:, :, ::2, ::2]
    assert torch.allclose(down(x), expected[:, :, : down(x).shape[2], : down(x).shape[3]], atol=1e-5)


def test_a_residual_block_sees_the_border_repeated() -> None:
    torch.manual_seed(0)
    for reach in (1, 2):
        convolution = nn.Conv2d(2, 3, 3, dilation=reach)
        x = torch.randn(1, 2, 8, 10)
        rows, columns = ([*[0] * reach, *range(n), *[n - 1] * reach] for n in x.shape[2:])
        expected = convolution(x[:, :, rows][..., columns])
        assert torch.allclose(_extended(x, convolution), expected, atol=1e-6)


def test_nothing_at_the_old_nyquist_reaches_the_half_grid() -> None:
    """A checkerboard and stripes of one pixel alias to a constant in a plain stride; behind the blur they vanish."""
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    for pattern in ((x + y) % 2, x % 2, y % 2):
        wave = (2.0 * pattern - 1).expand(1, 3, 32, 32)
        assert BlurDown(3, 8)(wave).abs().max() < 1e-5


def test_a_flat_picture_is_painted_flat() -> None:
    """Random weights checker at once in transposed convolutions and free sub-pixel ones; not here."""
    torch.manual_seed(0)
    up = BlurUp(6, 3)
    y = up(torch.rand(1, 6, 1, 1).expand(1, 6, 9, 9))
    assert (y - y.mean((2, 3), keepdim=True)).abs().max() < 1e-5


def test_the_lite_network_follows_a_shift_of_its_stride() -> None:
    """Its grid has a period of 4 pixels; only the statistics of instance normalisation differ then."""
    torch.manual_seed(0)
    lite = Lite(width=16, blocks=1).eval()
    x = torch.rand(1, 3, 160, 160)

    def error(shift: int) -> float:
        moved, whole = lite(torch.roll(x, (shift, shift), (2, 3))), torch.roll(lite(x), (shift, shift), (2, 3))
        return float((moved - whole)[:, :, 40:-40, 40:-40].detach().abs().max())

    assert error(4) < 0.02 < error(2)


@pytest.mark.parametrize("deep", [0, 32])
def test_folding_freezes_and_changes_nothing_but_what_white_is(deep: int) -> None:
    """With a deep stage one of the maps is as wide as those that are blurred apart."""
    torch.manual_seed(0)
    lite = Lite(width=32, blocks=1, deep=deep, dilations=(1,)).eval()
    with torch.no_grad():
        lite.style.add_(0.1 * torch.randn_like(lite.style))
    x = torch.rand(1, 3, 32, 32)
    before = lite(x)
    lite.fold()
    assert lite.white == 255
    after = lite(255 * x)
    assert torch.allclose(after, before, atol=1e-4)
    with torch.no_grad():
        lite.trunk.down1.weight.zero_()
        if lite.trunk.deep:
            lite.trunk.down3.weight.zero_()
    assert torch.equal(lite(255 * x), after)


def test_a_style_of_its_own_and_a_row_of_styles_paint_alike() -> None:
    torch.manual_seed(0)
    lite = Lite(width=16, blocks=1).eval()
    with torch.no_grad():
        lite.style.add_(0.1 * torch.randn_like(lite.style))
    x = torch.rand(2, 3, 16, 24)
    plain = lite.trunk.plain_style()
    both = lite.trunk(x, torch.stack([plain, lite.style]))
    assert torch.allclose(both[1], lite(x)[1], atol=1e-5)
    assert torch.allclose(both[0], lite.trunk(x, plain)[0], atol=1e-5)
    assert not torch.allclose(both[0], both[1], atol=1e-2)


def test_the_style_vector_reaches_every_normalisation_and_the_output() -> None:
    torch.manual_seed(0)
    trunk = LiteTrunk(16, 1).eval()
    style = trunk.plain_style().requires_grad_()
    trunk(torch.rand(1, 3, 16, 16), style).square().sum().backward()
    assert style.shape == (trunk.style_length,) == (2 * (16 + 16 + 2 * 16 + 16) + 12,)
    assert style.grad is not None and (style.grad != 0).float().mean() > 0.9
