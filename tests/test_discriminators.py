"""PatchGAN, its losses, and the pool of earlier fakes."""

from math import exp, log

import pytest
import torch

from training.cyclegan.discriminators import Discriminators, PatchGAN, adversarial_loss, discriminator_loss
from training.cyclegan.pool import FakePool
from training.generators import Lite, ResNet, build


def test_a_score_sees_70_pixels() -> None:
    torch.manual_seed(0)
    discriminator = PatchGAN(4).double()
    for i, layer in enumerate(discriminator.layers):  # without normalisation, which sees the whole picture
        if isinstance(layer, torch.nn.InstanceNorm2d):
            discriminator.layers[i] = torch.nn.Identity()
    x = torch.rand(1, 3, 160, 160, dtype=torch.float64, requires_grad=True)
    scores = discriminator(x)
    scores[0, 0, 9, 9].backward()
    assert x.grad is not None
    seen = x.grad[0].abs().sum(0) > 0
    rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == 70


@pytest.mark.parametrize(("size", "side"), [(256, 30), (128, 14), (32, 2)])
def test_shapes_of_the_scores(size: int, side: int) -> None:
    photos, paintings = Discriminators(4)(torch.rand(1, 3, size, size), torch.rand(2, 3, size, size))
    assert photos.shape == (1, 1, side, side) and paintings.shape == (2, 1, side, side)


def test_the_discriminator_has_the_papers_layers() -> None:
    kernels = [tuple(p.shape) for p in PatchGAN().parameters() if p.ndim == 4]
    assert kernels == [(64, 3, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4), (1, 512, 4, 4)]
    weights = torch.cat([p.flatten() for p in PatchGAN().parameters() if p.ndim == 4])
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)


def test_least_squares_by_hand() -> None:
    scores = torch.tensor([[0.5, 2.0]])
    assert adversarial_loss(scores, True, "lsgan").item() == pytest.approx((0.25 + 1.0) / 2)
    assert adversarial_loss(scores, False, "lsgan").item() == pytest.approx((0.25 + 4.0) / 2)
    real, fake = torch.tensor([0.5]), torch.tensor([2.0])
    assert discriminator_loss(real, fake, "lsgan").item() == pytest.approx(0.5 * (0.25 + 4.0))


def test_the_log_form_by_hand() -> None:
    d = [1 / (1 + exp(-s)) for s in (0.5, 2.0)]
    scores = torch.tensor([0.5, 2.0])
    assert adversarial_loss(scores, True, "vanilla").item() == pytest.approx(-(log(d[0]) + log(d[1])) / 2)
    fake = -(log(1 - d[0]) + log(1 - d[1])) / 2
    assert adversarial_loss(scores, False, "vanilla").item() == pytest.approx(fake, rel=1e-5)
    assert adversarial_loss(torch.tensor([200.0]), False, "vanilla").item() == pytest.approx(200)  # no overflow


def test_the_pool_fills_then_gives_back_old_ones_half_the_time() -> None:
    torch.manual_seed(0)
    pool = FakePool(50)
    for i in range(50):
        assert pool.exchange(torch.full((1, 3, 1, 1), float(i))).flatten()[0] == i
    old, ages = 0, []
    for i in range(50, 4050):
        shown = int(pool.exchange(torch.full((1, 3, 1, 1), float(i))).flatten()[0])
        old += shown != i
        if shown != i:
            ages.append(i - shown)
    assert len(pool.kept) == 50
    assert 0.47 < old / 4000 < 0.53
    assert 90 < sum(ages) / len(ages) < 110  # a kept one goes one time in 100 steps


def test_the_pool_keeps_no_gradient_and_no_view() -> None:
    pool = FakePool(1)
    fake = torch.ones(1, 3, 2, 2, requires_grad=True)
    assert not pool.exchange(fake).requires_grad
    with torch.no_grad():
        fake.zero_()
    assert pool.kept[0].sum() == 12


def test_a_pool_of_none_shows_the_new_and_contents_come_back() -> None:
    new = torch.rand(2, 3, 4, 4)
    assert torch.equal(FakePool(0).exchange(new), new)
    pool, again = FakePool(3), FakePool(3)
    assert pool.contents(new).shape == (0, 3, 4, 4)
    pool.exchange(new)
    again.fill(pool.contents(new))
    assert torch.equal(again.contents(new), new)


def test_the_papers_generator() -> None:
    network = ResNet()
    kernels = [tuple(p.shape[2:]) for p in network.parameters() if p.ndim == 4]
    assert kernels == [(7, 7)] + [(3, 3)] * (2 + 18 + 2) + [(7, 7)]
    count = sum(p.numel() for p in network.parameters() if p.ndim == 4)
    residual = 9 * 2 * 256 * 256 * 9
    assert count == residual + 2 * 49 * 3 * 64 + 2 * 9 * (64 * 128 + 128 * 256)
    y = build("resnet", {"blocks": 1, "width": 8})(torch.rand(2, 3, 32, 36))
    assert y.shape == (2, 3, 32, 36) and y.min() >= 0 and y.max() <= 1


def test_the_colour_matrix_carries_what_normalisation_takes_away() -> None:
    torch.manual_seed(0)
    lite = Lite(8, 1, 8).eval()
    x = 0.2 + 0.2 * torch.rand(1, 3, 16, 20)
    assert torch.allclose(lite(x), lite(x + 0.3), atol=0.02)  # brighter, and not seen, as the colour matrix starts at 0
    with torch.no_grad():
        lite.style[-12:-3] = torch.eye(3).flatten()
        lite.trunk.up2.weight.zero_()
    assert torch.allclose(lite(x), x, atol=0.05)  # the line 4 x - 2 for the sigmoid's inverse
