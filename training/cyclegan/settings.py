"""All that a CycleGAN training lets the user choose, and the cards that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from training.cyclegan.crops import Scales
from training.cyclegan.discriminators import LossForm
from training.generators import Generator
from training.provenance import commit
from training.settings import InRunFolder, RunSettings, at_least
from weights.card import Card, StylePicture
from weights.errors import InputError


@dataclass(frozen=True)
class Method:
    """The networks, the losses and the optimiser; the defaults are the paper's, but for the lite generator."""

    architecture: Literal["lite", "resnet"] = "lite"
    """lite for CPU real time, resnet for the paper's network."""
    width: int = 0
    """Channels: of lite at a quarter of the size, of resnet's first layer; 0 for the architecture's own (32, 64)."""
    blocks: int = 0
    """Residual blocks; 0 for the architecture's own (4; 9 from 256 px on, 6 below)."""
    reverse_width: int = 0
    """The same for F, which need not be fast; 0 for the same as G."""
    ndf: int = 64
    """Channels of the discriminators' first layer."""
    loss: LossForm = "lsgan"
    """Least squares, or the log form."""
    cycle_weight: float = 10.0
    """The paper's lambda: the weight of both cycle losses."""
    identity: float = 0.5
    """Weight of both identity losses as a part of lambda; 0 for none."""
    steady_weight: float = 0.0
    """Weight of G's steadiness term; 0 for the paper's loss."""
    pool: int = 50
    """Earlier fakes kept for each discriminator; 0 for none."""
    lr: float = 2e-4
    """Adam's learning rate: constant for half of the steps, then linearly to 0."""
    ema: float = 0.999
    """How slowly the exported average follows the generators; 0 exports the generators themselves."""

    def __post_init__(self) -> None:
        at_least(self, width=0, blocks=0, reverse_width=0, ndf=1, pool=0)
        at_least(self, cycle_weight=0, identity=0, steady_weight=0, lr=0)
        if not 0 <= self.ema < 1:
            raise InputError(f"--ema is {self.ema}: it must be from 0 to less than 1.")

    def arguments(self, size: int, width: int = 0) -> dict[str, Any]:
        """What `training.generators.build` takes for training at `size` px."""
        arguments: dict[str, Any] = {"width": width or self.width or (64 if self.architecture == "resnet" else 32)}
        arguments["blocks"] = self.blocks or ((9 if size >= 256 else 6) if self.architecture == "resnet" else 4)
        return arguments


@dataclass(frozen=True)
class Settings(RunSettings, InRunFolder):
    """Train G and F between a folder of photos and a folder of paintings."""

    photos: Path
    """A folder of photos."""
    paintings: Path
    """A folder of paintings that belong together; a hundred or more, or few in many crops (--painting-scale)."""
    name: str
    """The style's name: lower-case letters, digits, dashes."""
    method: Method = field(default_factory=Method)
    val: Path | None = None
    """Held-out photos for previews and the validation figure; without it, one photo in twenty is held out."""
    hold_out: int = 10
    """Every so many-th painting is kept from training, for training.evaluate; 0 for none."""
    size: int = 256
    """Crop side in pixels, a multiple of 4."""
    photo_scale: Scales = (1.117, 1.117)
    """Smallest and largest short side, in crop sides, that a photo is scaled to; the paper's is 286/256."""
    painting_scale: Scales = (1.117, 1.117)
    """The same for paintings: the larger, the coarser the strokes in a crop."""
    batch: int = 1
    """Photos, and paintings, a step (a process)."""
    epochs: float = 200.0
    """Passes over the larger folder."""
    steps: int = 0
    """Steps instead of passes, where not 0."""
    stop_at: int = 0
    """Stop with a checkpoint after this step, to go on with --resume; 0 for the end."""
    preview_steps: int = 0
    """Steps between preview pictures; 0 for one each pass."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    channels_last: bool = False
    """Channels last in memory: faster on a GPU with mixed precision."""
    picture: StylePicture = field(default_factory=StylePicture)
    weights_license: str = ""
    """The licence you give the trained weights."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, batch=1, epochs=0, steps=0, stop_at=0, preview_steps=0, hold_out=0)
        if self.size % Generator.stride or self.size < 32:
            raise InputError(f"--size is {self.size}: it must be a multiple of {Generator.stride}, at least 32.")
        for flag, (low, high) in (("--photo-scale", self.photo_scale), ("--painting-scale", self.painting_scale)):
            if not 1 <= low <= high < float("inf"):
                raise InputError(f"{flag} is {low} {high}: give two numbers, 1 or more, the smaller first.")


def card_of(settings: Settings, steps: int, figures: dict[str, float], reverse: bool = False) -> Card:
    """The card of G, or of F, after so many steps."""
    s, m = settings, settings.method
    title = s.picture.title_for(s.name)
    summary: dict[str, Any] = {k: v for k, v in vars(m).items() if k not in ("architecture", "width", "blocks")}
    kept = ("size", "photo_scale", "painting_scale", "hold_out", "batch", "seed")
    summary |= {k: list(v) if isinstance(v := getattr(s, k), tuple) else v for k in kept}
    return Card(
        name=f"{s.name}-reverse" if reverse else s.name,
        title=f"{title}, back to photos" if reverse else title,
        method="cyclegan",
        architecture=m.architecture,
        arguments=m.arguments(s.size, m.reverse_width if reverse else 0),
        stride=Generator.stride,
        picture=s.picture,
        license=s.weights_license,
        training={**summary, "steps": steps, **{f"val_{k}": round(v, 5) for k, v in figures.items()}},
        commit=commit(),
    )
