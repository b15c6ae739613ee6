"""VGG's numbers and the input that they want: said in the file, never guessed from its suffix."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.perceptual import load_vgg
from training.vgg import CAFFE_MEAN, CAFFE_STD, TORCH_MEAN, TORCH_STD, Options, convert
from weights.errors import InputError
from weights.folders import WEIGHTS


@pytest.fixture
def state() -> dict[str, Tensor]:
    """The first two convolutions, as a cut file has them."""
    torch.manual_seed(0)
    shapes = {0: (64, 3, 3, 3), 2: (64, 64, 3, 3)}
    return {
        f"features.{i}.{part}": torch.rand(shape[: 4 if part == "weight" else 1]) - 0.5
        for i, shape in shapes.items()
        for part in ("weight", "bias")
    }


def features(path: Path, network: str = "vgg19") -> Tensor:
    torch.manual_seed(1)
    found: dict[str, Tensor] = load_vgg(network, path)(torch.rand(1, 3, 16, 16), ["relu1_2"])
    return found["relu1_2"]


def test_the_shipped_numbers_say_their_input() -> None:
    with safe_open(str(WEIGHTS / "vgg16.safetensors"), framework="pt") as file:
        told = {name: json.loads(file.metadata()[name]) for name in ("mean", "std")}
    assert told == {"mean": list(CAFFE_MEAN), "std": list(CAFFE_STD)}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_file_that_does_not_say_is_refused_with_its_mend(
    tmp_path: Path, state: dict[str, Tensor], suffix: str
) -> None:
    path = tmp_path / f"vgg19.{suffix}"
    torch.save(state, path) if suffix == "pth" else save_file(state, path)
    with pytest.raises(InputError, match=r"doesn't say .* python -m training\.vgg .*vgg19\.\w+ --input torchvision"):
        load_vgg("vgg19", path)


@pytest.mark.parametrize(
    ("name", "network", "mean"),
    [
        ("vgg19-dcbb9e9d.pth", "vgg19", TORCH_MEAN),
        ("vgg16-397923af.pth", "vgg16", TORCH_MEAN),
        ("vgg16_features-amdegroot-88682ab5.pth", "vgg16", (0.48235, 0.45882, 0.40784)),
    ],
)
def test_torchvisions_files_are_known_by_name(
    tmp_path: Path, state: dict[str, Tensor], name: str, network: str, mean: tuple[float, ...]
) -> None:
    torch.save(state, tmp_path / name)
    assert load_vgg(network, tmp_path / name).mean.flatten().tolist() == pytest.approx(mean)


def test_the_input_goes_with_the_numbers_whatever_the_suffix(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "vgg19-dcbb9e9d.pth")
    expected = features(tmp_path / "vgg19-dcbb9e9d.pth")
    torch.save(state, tmp_path / "mine.pth")
    written = convert(Options(tmp_path / "mine.pth", "torchvision"))
    assert written == tmp_path / "mine-torchvision.safetensors"
    assert torch.equal(features(written), expected)
    save_file(state, tmp_path / "other.safetensors", {"mean": json.dumps(TORCH_MEAN), "std": json.dumps(TORCH_STD)})
    assert torch.equal(features(tmp_path / "other.safetensors"), expected)


def test_caffes_channels_are_turned_round(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "rgb.pth")
    turned = {**state, "features.0.weight": state["features.0.weight"].flip(1), "classifier.0.weight": torch.zeros(2)}
    torch.save(turned, tmp_path / "bgr.pth")
    rgb = features(convert(Options(tmp_path / "rgb.pth", "caffe", tmp_path / "a.safetensors")))
    bgr = features(convert(Options(tmp_path / "bgr.pth", "caffe-bgr", tmp_path / "b.safetensors")))
    assert torch.equal(rgb, bgr)
    assert load_vgg("vgg19", tmp_path / "a.safetensors").mean.flatten().tolist() == pytest.approx(CAFFE_MEAN)


class Foreign:
    """What no file of numbers should hold."""


def test_foreign_files_are_said_in_one_line(tmp_path: Path, state: dict[str, Tensor]) -> None:
    for name, thing in (("object.pth", Foreign()), ("list.pth", [1]), ("words.pth", {"features.0.weight": "x"})):
        torch.save(thing, tmp_path / name)
        with pytest.raises(InputError, match=name) as said:
            load_vgg("vgg19", tmp_path / name)
        assert "\n" not in str(said.value)
    (tmp_path / "junk.pth").write_bytes(b"junk")
    with pytest.raises(InputError, match=r"junk\.pth can't be read"):
        load_vgg("vgg19", tmp_path / "junk.pth")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(InputError, match=r"photo\.jpg can.t be read .*, or holds something else\.$"):
        load_vgg("vgg19", tmp_path / "photo.jpg")
    for told in ("[1, 2]", "x", "[0, 0, 0]", "3"):
        save_file(state, tmp_path / "told.safetensors", {"mean": "[0, 0, 0]", "std": told})
        with pytest.raises(InputError, match=r"The mean and std in .*told\.safetensors"):
            load_vgg("vgg19", tmp_path / "told.safetensors")


def test_another_networks_numbers_are_said(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save({**state, "features.2.weight": torch.zeros(8, 64, 3, 3)}, tmp_path / "vgg19-dcbb9e9d.pth")
    with pytest.raises(InputError, match="another network's numbers than vgg19's: its conv1_2 differs"):
        load_vgg("vgg19", tmp_path / "vgg19-dcbb9e9d.pth")
    torch.save({"a": torch.zeros(1)}, tmp_path / "none.pth")
    with pytest.raises(InputError, match="holds no VGG convolutions"):
        convert(Options(tmp_path / "none.pth", "caffe"))
    assert not list(tmp_path.glob("*.safetensors"))
