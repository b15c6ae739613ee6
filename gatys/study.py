"""What the two choices of the method do, as captioned sheets with the losses of each picture.

    python -m gatys.study ratio photo.jpg painting.jpg     alpha / beta from more content to more style
    python -m gatys.study layer photo.jpg painting.jpg     content kept at shallower and deeper layers

The loss terms under a picture are unweighted, so that pictures of one sheet can be compared.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from gatys.cli import parse
from gatys.figures import Captioned, captioned_sheet
from gatys.pictures import at_size, size_at
from gatys.render import Rendering, open_vgg, render_quietly
from gatys.settings import Settings
from training.images import SUFFIXES, open_picture
from weights.errors import InputError, exit_code
from weights.files import check_output


@dataclass(frozen=True)
class Study:
    """Render a grid over the content to style ratio or over the content layer."""

    what: Annotated[Literal["ratio", "layer"], tyro.conf.Positional]
    """alpha / beta, or the content layer."""
    photo: Annotated[Path, tyro.conf.Positional]
    """The photo."""
    painting: Annotated[Path, tyro.conf.Positional]
    """The painting."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",))] = None
    """The sheet to write; PHOTO-PAINTING-ratio.png or -layer.png if not given."""
    ratios: tuple[float, ...] = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
    """alpha / beta of each picture."""
    layers: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_2", "relu4_2", "relu5_1")
    """Content layer of each picture."""
    size: int = 256
    """Long side in pixels."""
    steps: int = 100
    """L-BFGS steps at the full size."""
    init: str = "noise"
    """Where each starts; noise shows best what a loss asks for."""
    network: Literal["vgg16", "vgg19"] = "vgg16"
    """The loss network."""
    vgg_weights: Path | None = None
    """Its weights, where not the shipped or torchvision's."""
    threads: int = 0
    """CPU threads; 0 for all."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute."""

    def settings(self) -> Settings:
        """The settings of every picture, before the one that varies."""
        s = self
        return Settings(
            s.photo, (s.painting,), size=s.size, steps=s.steps, init=s.init, scales=1, network=s.network,
            vgg_weights=s.vgg_weights, threads=s.threads, device=s.device,
        )  # fmt: skip


def unweighted(settings: Settings, rendering: Rendering) -> str:
    """The terms without alpha and beta, in words."""
    content = rendering.terms.get("content", 0.0) / (settings.alpha or 1.0)
    style = rendering.terms.get("style", 0.0) / (settings.beta or 1.0)
    return f"content {content:.3g}  style {style:.3g}"


def variants(options: Study) -> list[tuple[str, Settings]]:
    """Each picture's caption and settings."""
    base = options.settings()
    if options.what == "ratio":
        if any(ratio <= 0 for ratio in options.ratios):
            raise InputError("--ratios won't do: give numbers above 0.")
        return [(f"α/β = {ratio:g}", replace(base, beta=base.alpha / ratio)) for ratio in options.ratios]
    return [(f"content at {layer}", replace(base, content_layers=(layer,))) for layer in options.layers]


def study(options: Study) -> Path:
    """Write the sheet; returns its path. Raises InputError."""
    output = options.out or Path(f"{options.photo.stem}-{options.painting.stem}-{options.what}.png")
    check_output(output, SUFFIXES, options.photo, options.painting)
    vgg = open_vgg(options.settings())
    file = open_picture(options.photo)
    row = [Captioned(at_size(file, size_at(file, options.size)), "the photo\n")]
    console = Console(stderr=True)
    for caption, settings in variants(options):
        rendering = render_quietly(settings, vgg)
        row.append(Captioned(rendering.picture, f"{caption}\n{unweighted(settings, rendering)}"))
        console.print(row[-1].caption.replace("\n", ": "), highlight=False)
    title = f"{options.painting.stem}, {options.network}, {options.steps} L-BFGS steps from {options.init}"
    captioned_sheet([row[:3], row[3:]] if len(row) > 4 else [row], title, output)
    return output


def main() -> int:
    """The command line."""
    print(study(parse(Study, "python -m gatys.study", __doc__)))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
