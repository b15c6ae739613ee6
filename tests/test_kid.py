"""KID against brute force, its unbiasedness, and the table that evaluate prints."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.conftest import picture
from training.checkpoint import save_generator
from training.cyclegan.evaluate import CycleGAN, evaluate_cyclegan, rows_of
from training.cyclegan.kid import Crops, crops_of, halves, kernel, kid, spread
from training.generators import Lite
from training.perceptual import load_vgg
from weights.card import Card
from weights.errors import InputError


def crops(pictures: int, count: int, generator: torch.Generator, alike: float = 0.0, shift: float = 0.0) -> Crops:
    """Gaussian features; crops of one picture share a part `alike`."""
    own = torch.randn(pictures * count, 4, generator=generator, dtype=torch.float64)
    shared = torch.randn(pictures, 4, generator=generator, dtype=torch.float64).repeat_interleave(count, 0)
    return Crops(own + alike * shared + shift, torch.arange(pictures).repeat_interleave(count))


def brute(x: Crops, y: Crops) -> float:
    def k(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((sum(p * q for p, q in zip(a.tolist(), b.tolist(), strict=True)) / len(a) + 1) ** 3)

    def inside(c: Crops) -> float:
        n = len(c.features)
        pairs = [(i, j) for i in range(n) for j in range(n) if c.picture[i] != c.picture[j]]
        return sum(k(c.features[i], c.features[j]) for i, j in pairs) / len(pairs)

    across = [k(a, b) for a in x.features for b in y.features]
    return inside(x) + inside(y) - 2 * sum(across) / len(across)


@pytest.mark.parametrize("count", [1, 3])
def test_kid_is_what_its_sums_say(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    x, y = crops(5, count, generator), crops(4, count, generator, shift=0.5)
    assert kid(x, y) == pytest.approx(brute(x, y))
    assert kernel(torch.ones(1, 4), torch.ones(1, 4)).item() == 8


@pytest.mark.parametrize("alike", [0.0, 2.0])
def test_equal_distributions_are_0_apart_on_average(alike: float) -> None:
    """Also where crops of one picture are alike: this is why pairs of one picture don't count."""
    generator = torch.Generator().manual_seed(0)
    found = torch.tensor([kid(crops(8, 3, generator, alike), crops(8, 3, generator, alike)) for _ in range(600)])
    assert abs(found.mean().item()) < 3 * (found.std() / 600**0.5).item()
    assert found.min() < 0 < found.max()


def test_another_distribution_is_far() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = crops(12, 3, generator), crops(12, 3, generator, shift=1.5)
    value, deviation = kid(x, y), spread(x, y)
    inside, around = halves(x)
    assert value > 3 * deviation > 0
    assert abs(inside) < 2 * around < value


@pytest.fixture
def world(tmp_path: Path) -> Path:
    for folder, invert in (("photos", False), ("paintings", True)):
        (tmp_path / folder).mkdir()
        for i in range(8):
            image = picture(50, 61, seed=3 * i)
            Image.fromarray(255 - image if invert else image).save(tmp_path / folder / f"{i}.png")
    lite = Lite(8, 1, 8)
    with torch.no_grad():
        lite.trunk.up2.weight.zero_()
        lite.style[-12:-3] = -1.2 * torch.eye(3).flatten()  # sigmoid(-1.2 (4 x - 2)) is nearly 1 - x, the paintings
    training = {"size": 32, "photo_scale": [1.1, 1.5], "painting_scale": [1.1, 1.5]}
    arguments = {"width": 8, "blocks": 1, "stem": 8}
    card = Card("inverse", "Inverse", "cyclegan", "lite", arguments, training=training)
    save_generator(tmp_path / "inverse.safetensors", lite, card)
    return tmp_path


def test_crops_are_the_same_for_every_paint(world: Path) -> None:
    paths = sorted((world / "photos").iterdir())[:2]
    a, b = crops_of(paths, load_vgg(), 32, (1.0, 1.5), 2, (lambda x: x, lambda x: x))
    assert torch.equal(a.features, b.features) and a.features.shape == (4, 512)
    assert a.picture.tolist() == [0, 0, 1, 1]


def test_a_style_that_paints_the_domain_is_near_it(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = world / "inverse.safetensors"
    options = CycleGAN(weights, world / "photos", world / "paintings", reverse=weights, crops=2, subsets=20)
    rows = rows_of(options)
    photos, painted, halved = (rows[name][0] for name in rows)
    assert painted < 0.3 * photos and abs(halved) < 0.3 * photos
    evaluate_cyclegan(options)
    shown = capsys.readouterr().out
    assert "photos painted by inverse" in shown and "half against half" in shown
    error = float(shown.split("px: ")[1].split()[0])
    assert error < 0.05  # the inverse of the inverse, nearly


def test_the_paintings_that_training_kept_are_those_measured(world: Path) -> None:
    options = CycleGAN(world / "inverse.safetensors", world / "photos", world / "paintings", hold_out=4)
    with pytest.raises(InputError, match="8 photos and 2 paintings are too few"):
        rows_of(options)
