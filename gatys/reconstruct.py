"""What each layer keeps of a picture: figure 1 of Gatys, Ecker & Bethge 2016, as one captioned sheet.

    python -m gatys.reconstruct content photo.jpg        from conv1_2, conv2_2 … conv5_2, one at a time
    python -m gatys.reconstruct style painting.jpg       from growing sets conv1_1, conv1_1 + conv2_1 … conv5_1

Each picture starts from white noise and minimises one term alone.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
import tyro
from rich.console import Console
from torch import Tensor

from gatys.cli import parse
from gatys.descent import Plan, Step, descend
from gatys.figures import Captioned, captioned_sheet
from gatys.pictures import at_size, size_at
from gatys.problem import LossSpec, Problem
from gatys.render import open_vgg
from gatys.tiles import check_size, deepest
from training.images import SUFFIXES, open_picture
from training.perceptual import VGG
from weights.errors import InputError, exit_code
from weights.files import check_output

KINDS = {"content": "photo", "style": "painting"}
"""Of what either is reconstructed."""


@dataclass(frozen=True)
class Reconstruction:
    """Reconstruct a picture from a loss network's layers."""

    what: Annotated[Literal["content", "style"], tyro.conf.Positional]
    """The photo's content, or the painting's style."""
    picture: Annotated[Path, tyro.conf.Positional]
    """The photo or painting."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",))] = None
    """The sheet to write; PICTURE-content.png or PICTURE-style.png if not given."""
    layers: tuple[str, ...] = ()
    """Layers, in place of the paper's."""
    size: int = 256
    """Long side in pixels."""
    steps: int = 200
    """L-BFGS steps for each."""
    seed: int = 0
    """Seed of the noise."""
    network: Literal["vgg16", "vgg19"] = "vgg16"
    """The loss network; the shipped vgg16 ends at conv5_1, which stands in for conv5_2."""
    vgg_weights: Path | None = None
    """Its weights, where not the shipped or torchvision's."""
    pooling: Literal["max", "avg"] = "avg"
    """The loss network's pooling."""
    threads: int = 0
    """CPU threads; 0 for all."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute."""


def papers_layers(what: str, vgg: VGG) -> tuple[str, ...]:
    """The layers of figure 1, rectified; a layer beyond the network's end is replaced by its last one."""
    column = 2 if what == "content" else 1
    last = [name for name in vgg.names if name.startswith("relu")][-1]
    names = (f"relu{block}_{column}" for block in range(1, 6))
    return tuple(name if name in vgg.names else last for name in names)


def specs(what: str, layers: tuple[str, ...]) -> Iterator[tuple[str, LossSpec]]:
    """One loss per picture with its caption: each layer's content, or the style of all layers up to it."""
    for count, layer in enumerate(layers, start=1):
        if what == "content":
            yield layer, LossSpec("gatys", (layer,), {}, 1.0, 0.0)
        else:
            caption = layer if count == 1 else f"{layers[0]} … {layer}"
            yield caption, LossSpec("gatys", (), dict.fromkeys(layers[:count], 1 / count), 0.0, 1.0)


def reconstruct(vgg: VGG, spec: LossSpec, picture: Tensor, options: Reconstruction) -> Step:
    """The last step of a descent from white noise to `picture`'s features or Gram matrices."""
    generator = torch.Generator().manual_seed(options.seed)
    noise = (0.5 + 0.2 * torch.randn(picture.shape, generator=generator)).clamp(0, 1).to(picture)
    steps = list(deque(descend(Problem(vgg, spec, picture, [picture]), noise, Plan("lbfgs", options.steps)), maxlen=1))
    if not steps:
        raise InputError(f"--steps {options.steps} won't do: give 1 or more.")
    return steps[0]


def reconstruct_all(options: Reconstruction) -> Path:
    """Write the sheet; returns its path. Raises InputError."""
    output = options.out or Path(f"{options.picture.stem}-{options.what}.png")
    check_output(output, SUFFIXES, options.picture)
    if options.threads:
        torch.set_num_threads(options.threads)
    vgg = open_vgg(options, options.pooling)
    file = open_picture(options.picture)
    picture = at_size(file, size_at(file, options.size)).to(vgg.mean.device)
    console = Console(stderr=True)
    kind, layers = KINDS[options.what], options.layers or papers_layers(options.what, vgg)
    check_size(kind, picture, deepest(vgg, set(layers)))  # said before the work
    row = [Captioned(picture, f"the {kind}")]
    for caption, spec in specs(options.what, layers):
        step = reconstruct(vgg, spec, picture, options)
        row.append(Captioned(step.picture, f"{caption}\n{options.what} loss {step.total:.3g}"))
        console.print(row[-1].caption.replace("\n", ": "), highlight=False)
    title = f"{options.what.title()} reconstruction, {options.network}, {options.steps} L-BFGS steps from white noise"
    captioned_sheet([row[:3], row[3:]] if len(row) > 4 else [row], title, output)
    return output


def main() -> int:
    """The command line."""
    options = parse(Reconstruction, "python -m gatys.reconstruct", __doc__)
    print(reconstruct_all(options))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
