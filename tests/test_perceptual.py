"""The loss network against known activations, and each loss against numbers worked out by hand."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from export.parity import probe_frame
from training.images import to_tensor
from training.objective import LossSettings, Objective, total
from training.perceptual import (
    VGG,
    feature_loss,
    gram_matrix,
    layer_names,
    load_vgg,
    pixel_loss,
    style_loss,
    total_variation,
)
from weights.errors import InputError

FOUR = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")


@pytest.fixture(scope="module")
def vgg() -> VGG:
    return load_vgg()


# Mean and deviation of the features of `probe_frame(64, 80)` in torchvision's vgg16 with the float32 numbers and
# 255 x - (123.68, 116.779, 103.939) as its input.
KNOWN = {
    "conv1_1": ((1, 64, 64, 80), 2.876198, 108.61395),
    "relu2_2": ((1, 128, 32, 40), 363.479919, 728.998901),
    "relu3_3": ((1, 256, 16, 20), 420.822449, 935.751648),
    "relu4_3": ((1, 512, 8, 10), 40.065975, 155.100799),
    "conv5_1": ((1, 512, 4, 5), -132.602813, 252.708145),
}


@pytest.mark.parametrize("layer", KNOWN)
def test_the_shipped_network_gives_the_known_activations(vgg: VGG, layer: str) -> None:
    features = vgg(to_tensor(probe_frame(64, 80)), [layer])[layer]
    shape, mean, std = KNOWN[layer]
    assert tuple(features.shape) == shape
    assert features.mean().item() == pytest.approx(mean, rel=2e-3)
    assert features.std().item() == pytest.approx(std, rel=2e-3)


def test_layers_have_the_papers_names() -> None:
    names = layer_names("vgg19")
    assert names[:5] == ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"]
    assert names.index("conv5_4") == 34  # torchvision's vgg19.features[34]
    assert layer_names("vgg16").index("conv5_3") == 28


def test_layers_beyond_the_cut_are_refused_in_words(vgg: VGG) -> None:
    assert vgg(torch.zeros(1, 3, 32, 32), ["conv5_1"])["conv5_1"].shape == (1, 512, 2, 2)
    with pytest.raises(InputError, match="has no layer conv5_2"):
        vgg(torch.zeros(1, 3, 32, 32), ["conv5_2"])


def test_average_pooling_differs_from_maximum() -> None:
    x = to_tensor(probe_frame(32, 32))
    a, b = (load_vgg(pooling=p)(x, ["conv2_1"])["conv2_1"] for p in ("max", "avg"))  # type: ignore[arg-type]
    assert not torch.allclose(a, b)


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        load_vgg("vgg19", tmp_path / "none.pth")
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(InputError, match="can't be read"):
        load_vgg("vgg19", tmp_path / "bad.safetensors")


def test_vgg19_loads_from_a_file_with_torchvisions_names(tmp_path: Path) -> None:
    from torchvision.models import vgg19

    torch.manual_seed(0)
    reference = vgg19(weights=None).features
    torch.save({f"features.{k}": v for k, v in reference.state_dict().items()}, tmp_path / "vgg19-dcbb9e9d.pth")
    x = torch.rand(1, 3, 32, 32)
    ours = load_vgg("vgg19", tmp_path / "vgg19-dcbb9e9d.pth")(x, ["relu3_4"])["relu3_4"]
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = reference[:18]((x - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1))
    assert torch.allclose(ours, expected, atol=1e-6)


def test_the_gram_matrix_by_hand() -> None:
    maps = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # two maps of two positions
    assert torch.equal(gram_matrix(maps), torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4)


def test_the_gram_matrix_is_differentiated_right() -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gram_matrix, maps)
    assert torch.autograd.gradgradcheck(gram_matrix, maps)


def test_the_feature_and_pixel_losses_by_hand() -> None:
    y, x = torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([[[[0.0, 4.0]]]])
    assert feature_loss(y, x).item() == pytest.approx(2.5)  # (1 + 4) / (1 * 1 * 2)
    assert pixel_loss(y, x).item() == pytest.approx(2.5)


def test_the_style_loss_by_hand() -> None:
    grams = {"a": torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[3.0, 0.0], [0.0, 0.0]]])}
    targets = {"a": torch.zeros(1, 2, 2)}
    assert style_loss(grams, targets, {"a": 2.0}).item() == pytest.approx(2 * (2 + 9) / 2)  # mean over the batch


def test_total_variation_by_hand() -> None:
    y = torch.tensor([[[[0.0, 1.0], [2.0, 4.0]]]])
    assert total_variation(y).item() == pytest.approx((4 + 9 + 1 + 4) / 4)


def naive_total(vgg: VGG, s: LossSettings, painted: Tensor, photo: Tensor, painting: Tensor) -> float:
    """The total loss with loops, straight from the equations."""
    value = 0.0
    a = vgg(painted, [s.content_layer])[s.content_layer][0]
    b = vgg(photo, [s.content_layer])[s.content_layer][0]
    value += s.content_weight * float(((a - b) ** 2).sum()) / a.numel()
    for layer in s.style_layers:
        grams = []
        for picture in (painted, painting):
            f = vgg(picture, [layer])[layer][0].double()
            c, h, w = f.shape
            grams.append(
                torch.stack([torch.stack([(f[i] * f[j]).sum() for j in range(c)]) for i in range(c)]) / (c * h * w)
            )
        norm = float((grams[1] ** 2).sum()) if s.relative_style else 1.0
        value += s.style_weight * float(((grams[0] - grams[1]) ** 2).sum()) / norm
    value += s.pixel_weight * float(((painted - photo) ** 2).mean())
    return float(value + s.tv_weight * float(total_variation(painted)))


@pytest.mark.parametrize("relative", [True, False])
def test_the_total_loss_against_loops(vgg: VGG, relative: bool) -> None:
    torch.manual_seed(0)
    painted, photo, painting = torch.rand(1, 3, 24, 32), torch.rand(1, 3, 24, 32), torch.rand(1, 3, 40, 32)
    s = LossSettings(scales="one", style_layers=("relu1_2", "relu2_2"), relative_style=relative, pixel_weight=2.0)
    objective = Objective(vgg, (painting, s))
    got = total(objective(painted, photo)).item()
    assert got == pytest.approx(naive_total(vgg, s, painted, photo, painting), rel=1e-4)
    assert got == pytest.approx(total(objective(painted, photo, objective.content_of(photo))).item())


def test_the_painting_itself_has_no_style_loss(vgg: VGG) -> None:
    painting = to_tensor(probe_frame(48, 48))
    terms = Objective(vgg, (painting, LossSettings()))(painting, painting)
    assert terms["style"].item() == pytest.approx(0, abs=1e-6)
    assert terms["content"].item() == 0


def gram_distance(vgg: VGG, a: Tensor, b: Tensor, layer: str) -> float:
    """||G(a) - G(b)||^2 / ||G(b)||^2."""
    found, wanted = (gram_matrix(vgg(x, [layer])[layer]) for x in (a, b))
    return float((found - wanted).square().sum() / wanted.square().sum())


def test_two_scales_compare_each_layer_where_they_should(vgg: VGG) -> None:
    torch.manual_seed(0)
    painted, photo, painting = torch.rand(1, 3, 64, 96), torch.rand(1, 3, 64, 96), torch.rand(1, 3, 80, 64)
    s = LossSettings(detail_weight=3.0, coarse_weight=0.5, content_weight=2.0, style_layers=FOUR)

    def half(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2)

    def quarter(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 4)

    style = 3 * sum(gram_distance(vgg, painted, painting, layer) for layer in ("relu1_2", "relu2_2"))
    for layer in ("relu3_3", "relu4_3"):
        style += gram_distance(vgg, half(painted), half(painting), layer)
        style += 0.5 * gram_distance(vgg, quarter(painted), quarter(painting), layer)
    content = (vgg(half(painted), ["relu3_3"])["relu3_3"] - vgg(half(photo), ["relu3_3"])["relu3_3"]).square().mean()
    terms = Objective(vgg, (painting, s))(painted, photo)
    assert terms["style"].item() == pytest.approx(10 * style, rel=1e-4)
    assert terms["content"].item() == pytest.approx(2 * content.item(), rel=1e-4)


def test_a_training_compares_the_shallow_layers_on_a_crop(vgg: VGG) -> None:
    s = LossSettings(style_layers=("relu1_2",), content_weight=0.0, tv_weight=0.0)
    painted = torch.zeros(1, 3, 256, 256)
    painted[:, :, 100:, :] = torch.rand(1, 3, 156, 256)  # a crop may miss the part that is not flat
    objective = Objective(vgg, (torch.rand(1, 3, 64, 64), s))
    whole = [total(objective(painted, painted)).item() for _ in range(2)]
    torch.manual_seed(1)
    sampled = [total(objective(painted, painted, sampled=True)).item() for _ in range(4)]
    assert whole[0] == whole[1] and len(set(sampled)) > 1
    torch.manual_seed(1)
    assert total(objective(painted, painted, sampled=True)).item() == sampled[0]


def test_paintings_are_weighed_each_by_its_own_settings(vgg: VGG) -> None:
    torch.manual_seed(0)
    painted, photo = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    first, second = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 48, 48)
    light = LossSettings(style_layers=FOUR)
    heavy = LossSettings(content_weight=1.0, style_weight=2.0, coarse_weight=1.0, style_layers=FOUR)
    both = Objective(vgg, (first, light), (second, heavy))(painted, photo, which=torch.tensor([0, 1]))
    alone = [
        Objective(vgg, (painting, s))(painted[i : i + 1], photo[i : i + 1])
        for i, (painting, s) in enumerate(((first, light), (second, heavy)))
    ]
    for name in ("content", "style"):
        assert both[name].item() == pytest.approx(sum(terms[name].item() for terms in alone) / 2, rel=1e-4)


def test_gram_matrices_are_summed_in_float32_under_autocast() -> None:
    features = 100 + torch.rand(1, 2, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gram_matrix(features), gram_matrix(features.clone()))
        assert gram_matrix(features.bfloat16()).dtype == torch.float32
    assert torch.allclose(gram_matrix(features.bfloat16()), gram_matrix(features), rtol=1e-3)


def test_settings_come_back_from_a_card() -> None:
    settings = LossSettings(style_size=512, content_weight=3.0)
    assert LossSettings.from_summary({**settings.summary(), "steps": 7}) == settings
    before_the_scales = {k: v for k, v in settings.summary().items() if k != "scales"}
    assert LossSettings.from_summary(before_the_scales).scales == "one"
    with pytest.raises(InputError, match="card"):
        LossSettings.from_summary({"steps": 7})


def test_a_painting_too_small_for_a_layer_is_said(vgg: VGG) -> None:
    deep = LossSettings(style_layers=("relu1_2", "relu5_1"))
    with pytest.raises(InputError, match=r"at 31 pixels is too small .* at least 32"):
        Objective(vgg, (torch.rand(1, 3, 31, 40), deep))
    Objective(vgg, (torch.rand(1, 3, 32, 40), deep))
