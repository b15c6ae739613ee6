"""VGG's numbers from a file, and the input that they were trained with, which stands in the file.

    python -m training.vgg vgg19-d01eb7cb.pth --input caffe-bgr -o vgg19.safetensors

writes numbers that don't say it into a file that does: with another mean and deviation the same numbers are another,
wrong loss network. torchvision's own files are known by their names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from weights.errors import InputError, exit_code
from weights.files import check_output, replacing

Channels = tuple[float, float, float]
"""A number for each of R, G and B, where pictures are in [0, 1]."""

CAFFE_MEAN: Channels = (123.68 / 255, 116.779 / 255, 103.939 / 255)
CAFFE_STD: Channels = (1 / 255, 1 / 255, 1 / 255)
TORCH_MEAN: Channels = (0.485, 0.456, 0.406)
TORCH_STD: Channels = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Numbers:
    """A state dict with torchvision's names (`features.0.weight` …), for pictures (x - mean) / std with x in [0, 1]."""

    state: Mapping[str, Tensor]
    mean: Channels
    std: Channels


def read_numbers(network: str, weights: Path | None) -> Numbers:
    """The numbers of the `network` in the file `weights`, torchvision's from its cache or download for None.

    Raises InputError, also where the file doesn't say which input its numbers were trained with.
    """
    if weights is None:
        from torchvision.models import get_model_weights

        try:
            state = get_model_weights(network).DEFAULT.get_state_dict(progress=True, check_hash=True)
        except OSError as error:
            raise InputError(f"{network} can't be downloaded ({error}): give its file with --vgg-weights.") from error
        return Numbers(state, TORCH_MEAN, TORCH_STD)
    state, metadata = _read(weights)
    mean, std = _told(weights, metadata) or _of_torchvision(network, weights.stem) or (None, None)
    if mean is None or std is None:
        raise InputError(
            f"{weights} doesn't say which input its numbers were trained with: write that into it "
            f"with  python -m training.vgg {weights} --input torchvision  (or caffe, or caffe-bgr)."
        )
    return Numbers(state, mean, std)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a .safetensors file or of torch's own, which has none. Raises InputError."""
    try:
        if path.suffix == ".safetensors":
            with safe_open(str(path), framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"There is no file {path} with VGG's weights.") from None
    except Exception as error:  # a damaged or foreign pickle raises whatever its bytes spell
        # torch's own words are a page of advice on how to load it all the same
        raise InputError(f"{path} can't be read as VGG's weights: it is damaged, or holds something else.") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{path} holds no VGG convolutions ('features.0.weight' …): give torchvision's weights.")
    return state, {}


def _told(path: Path, metadata: Mapping[str, str]) -> tuple[Channels, Channels] | None:
    """Mean and deviation that the file's metadata tells, None where it tells none. Raises InputError."""
    if "mean" not in metadata or "std" not in metadata:
        return None
    try:
        told = [tuple(float(value) for value in json.loads(metadata[name])) for name in ("mean", "std")]
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"The mean and std in {path} can't be read ({error}): write it anew.") from error
    mean, std = told
    if len(mean) != 3 or len(std) != 3 or not all(value > 0 for value in std):
        raise InputError(f"The mean and std in {path} are not three numbers each: write it anew.")
    return mean, std  # type: ignore[return-value]


def _of_torchvision(network: str, stem: str) -> tuple[Channels, Channels] | None:
    """Mean and deviation of the file that torchvision publishes under this name, None for another name."""
    from torchvision.models import get_model_weights

    for published in get_model_weights(network):
        if stem == Path(published.url).stem:
            transforms = published.transforms()
            return tuple(transforms.mean), tuple(transforms.std)
    return None


@dataclass(frozen=True)
class Options:
    """Write down which input VGG's numbers were trained with."""

    weights: Annotated[Path, tyro.conf.Positional]
    """The numbers, .pth or .safetensors, with torchvision's names (features.0.weight …)."""
    input: Literal["torchvision", "caffe", "caffe-bgr"]
    """torchvision's mean and deviation, Caffe's 255 x - (123.68, 116.779, 103.939) in RGB (Keras), or in BGR."""
    output: Annotated[Path | None, tyro.conf.arg(aliases=("-o",))] = None
    """The .safetensors file to write; NAME-INPUT.safetensors beside the numbers if not given."""


def convert(options: Options) -> Path:
    """Write the convolutions with their mean and deviation; returns the file. Raises InputError."""
    output = options.output or options.weights.with_name(f"{options.weights.stem}-{options.input}.safetensors")
    check_output(output, [".safetensors"], options.weights)
    state, metadata = _read(options.weights)
    kept = {name: value.contiguous() for name, value in state.items() if name.startswith("features.")}
    if "features.0.weight" not in kept:
        raise InputError(f"{options.weights} holds no VGG convolutions ('features.0.weight' …).")
    if options.input == "caffe-bgr":
        kept["features.0.weight"] = kept["features.0.weight"].flip(1).contiguous()
    mean, std = (TORCH_MEAN, TORCH_STD) if options.input == "torchvision" else (CAFFE_MEAN, CAFFE_STD)
    with replacing(output) as temporary:
        temporary.write_bytes(save(kept, {**metadata, "mean": json.dumps(mean), "std": json.dumps(std)}))
    return output


def main() -> int:
    """The command line."""
    print(convert(tyro.cli(Options, prog="python -m training.vgg", description=__doc__)))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
