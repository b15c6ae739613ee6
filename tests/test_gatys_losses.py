"""The losses of the paper and the two tutorials against numbers by hand, loops in float64 and finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gatys.losses import FACTORS, LossForm, blend, gram_sum, squared_difference, total_variation_sum
from gatys.problem import LossSpec, Problem
from training.perceptual import VGG, Features

FORMS: tuple[LossForm, ...] = ("gatys", "pytorch-tutorial", "udacity")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Small pictures are faster on one core, and far faster where others use the cores too."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def vgg() -> VGG:
    """A loss network with random numbers in float64 and soft features: exact gradients need no luck at kinks."""
    torch.manual_seed(0)
    network = VGG(pooling="avg").double()
    for name, parameter in network.named_parameters():
        parameter.normal_(0, 0.002 if name.endswith("conv1_1.weight") else 0.05)
    return network


def pictures(*sides: tuple[int, int]) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.rand(1, 3, h, w, dtype=torch.float64) for h, w in sides]


SPEC = {"content_layers": ("relu2_2",), "style_layers": {"relu1_1": 0.7, "relu2_1": 0.3}, "alpha": 2.0, "beta": 5.0}


def test_the_gram_matrix_by_hand() -> None:
    maps = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # two maps of two positions
    assert torch.equal(gram_sum(maps), torch.tensor([[5.0, 11.0], [11.0, 25.0]]))
    half = torch.tensor([[1.0, 0.0]])  # the second position is masked out
    assert torch.equal(gram_sum(maps, half), torch.tensor([[1.0, 3.0], [3.0, 9.0]]))


def test_the_sums_by_hand() -> None:
    a, b = torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([[[[0.0, 4.0]]]])
    assert squared_difference(a, b).item() == 5
    assert total_variation_sum(a / 255).item() == pytest.approx(1)
    assert torch.equal(blend([torch.eye(2), torch.zeros(2, 2)], [3.0, 1.0]), 0.75 * torch.eye(2))


def test_the_papers_factors_by_hand() -> None:
    """Two maps of two positions: E = 1 / (4 * 2^2 * 2^2) * sum (G - A)^2, and 1/2 sum (F - P)^2."""
    n, m, factors = 2, 2, FACTORS["gatys"]
    assert factors.content(n, m, 1.0) == 0.5
    assert factors.style(n, m, 1.0) / m**2 == 1 / (4 * n**2 * m**2)


def features(vgg: VGG, picture: Tensor, layer: str) -> Tensor:
    found: Features = vgg(picture, [layer])
    return found[layer][0].flatten(1)


def published(form: LossForm, vgg: VGG, x: Tensor, photo: Tensor, painting: Tensor) -> dict[str, float]:
    """The weighted terms as each publication writes them, with loops; the network's features in its own unit."""
    unit = FACTORS[form].unit
    f, p = (features(vgg, picture, "relu2_2") / unit for picture in (x, photo))
    content = sum((f[i, j] - p[i, j]).item() ** 2 for i in range(f.shape[0]) for j in range(f.shape[1]))
    content = content / 2 if form == "gatys" else content / f.numel()
    style = 0.0
    for layer, w in {"relu1_1": 0.7, "relu2_1": 0.3}.items():
        maps = [features(vgg, picture, layer) / unit for picture in (x, painting)]
        n, m = maps[0].shape
        g, a = ([[float((y[i] * y[j]).sum()) for j in range(n)] for i in range(n)] for y in maps)
        if form == "pytorch-tutorial":  # gram.div(a * b * c * d), then mse_loss
            g, a = ([[value / (n * m) for value in row] for row in gram] for gram in (g, a))
        squares = sum((g[i][j] - a[i][j]) ** 2 for i in range(n) for j in range(n))
        if form == "gatys":
            style += w / (4 * n**2 * m**2) * squares
        elif form == "pytorch-tutorial":
            style += w * squares / n**2
        else:  # layer_style_loss = weight * mean((target_gram - style_gram)^2);  / (d * h * w)
            style += w * squares / n**2 / (n * m)
    return {"content": 2.0 * content, "style": 5.0 * style}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_its_publications_loss(vgg: VGG, form: LossForm) -> None:
    x, photo, painting = pictures((14, 16), (14, 16), (14, 16))
    found = Problem(vgg, LossSpec(form, **SPEC), photo, [painting])(x)  # type: ignore[arg-type]
    for name, value in published(form, vgg, x, photo, painting).items():
        assert found.terms[name] == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("side", [0, 16], ids=["whole", "tiled"])
def test_the_gradient_against_finite_differences(vgg: VGG, form: LossForm, side: int) -> None:
    """Central differences in float64 along random directions; relative error under 1e-6."""
    x, photo, painting = pictures((24, 28), (24, 28), (20, 36))
    problem = Problem(vgg, LossSpec(form, tv=1e-9, **SPEC), photo, [painting], tile_side=side)  # type: ignore[arg-type]
    gradient = problem(x).gradient
    for seed in range(3):
        torch.manual_seed(seed)
        d = torch.randn_like(x)
        h = 1e-6
        expected = (problem(x + h * d).total - problem(x - h * d).total) / (2 * h)
        assert (gradient * d).sum().item() == pytest.approx(expected, rel=1e-6)


def test_gradcheck_of_the_pieces() -> None:
    torch.manual_seed(0)
    maps = torch.randn(1, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    mask = torch.rand(4, 5, dtype=torch.float64)
    assert torch.autograd.gradcheck(gram_sum, (maps, mask))
    assert torch.autograd.gradcheck(squared_difference, (maps, torch.randn_like(maps)))
    assert torch.autograd.gradcheck(total_variation_sum, (maps,))


def test_the_photo_has_no_content_loss_and_the_painting_no_style_loss(vgg: VGG) -> None:
    photo, painting = pictures((16, 16), (16, 16))
    problem = Problem(vgg, LossSpec("gatys", **SPEC), photo, [painting])  # type: ignore[arg-type]
    assert problem(photo).terms["content"] == 0
    assert problem(painting).terms["style"] == pytest.approx(0, abs=1e-20)


def test_a_painting_of_twice_the_size_tiles_to_the_same_style(vgg: VGG) -> None:
    """Gram matrices are means over positions, so that a painting's size doesn't change what its style weighs."""
    photo, painting = pictures((16, 16), (40, 40))
    twice = torch.cat((painting, painting), dim=2)
    values = [
        Problem(vgg, LossSpec("gatys", **SPEC), photo, [p])(photo).terms["style"]  # type: ignore[arg-type]
        for p in (painting, twice)
    ]
    assert values[0] == pytest.approx(values[1], rel=0.05)


def test_two_paintings_blend_by_their_weights(vgg: VGG) -> None:
    photo, a, b = pictures((16, 16), (16, 16), (16, 16))
    spec = LossSpec("gatys", **SPEC)  # type: ignore[arg-type]
    only_a = Problem(vgg, spec, photo, [a, b], [1.0, 0.0])
    assert only_a(a).terms["style"] == pytest.approx(0, abs=1e-20)
    both = Problem(vgg, spec, photo, [a, b], [1.0, 1.0])
    ends, middle = [both(p).terms["style"] for p in (a, b)], both((a + b) / 2).terms["style"]
    assert min(ends) > 0 and middle != pytest.approx(0)


def test_masks_put_each_painting_in_its_place(vgg: VGG) -> None:
    """The left half painted with a and the right half with b: the picture made of both halves is best."""
    photo, a, b = pictures((32, 64), (32, 64), (32, 64))
    a, b = a * 0.3, 0.7 + b * 0.3
    left = torch.zeros(1, 1, 32, 64, dtype=torch.float64)
    left[..., :32] = 1
    problem = Problem(vgg, LossSpec("gatys", **SPEC), photo, [a, b], masks=[left, 1 - left])  # type: ignore[arg-type]
    right_way = torch.cat((a[..., :32], b[..., 32:]), dim=3)
    wrong_way = torch.cat((b[..., :32], a[..., 32:]), dim=3)
    assert problem(right_way).terms["style"] < 0.05 * problem(wrong_way).terms["style"]
