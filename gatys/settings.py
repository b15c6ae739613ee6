"""Every choice of one Gatys run in one frozen dataclass, and the published settings as presets of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from gatys.losses import LossForm
from weights.errors import InputError

INITS = ("noise", "content", "style")
"""Where to start, but for a picture file."""

Preset = Literal["best", "gatys", "pytorch-tutorial", "udacity"]


@dataclass(frozen=True)
class Settings:
    """Paint a photo in the style of one or more paintings."""

    photo: Annotated[Path, tyro.conf.Positional]
    """The photo whose content is kept."""
    paintings: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """The painting, or several to blend."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",))] = None
    """The picture to write; PHOTO-PAINTING.png if not given."""
    preset: Preset = "best"
    """Published settings to start from; every other option still overrides them."""

    loss: LossForm = "gatys"
    """How the terms are summed: the paper's sums, or the means of the two tutorials."""
    content_layers: tuple[str, ...] = ("relu4_2",)
    """Where content is compared; relu4_2 is what the paper calls conv4_2, rectified as in its equation 2."""
    style_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    """Where style is compared."""
    layer_weights: tuple[float, ...] = ()
    """One weight per style layer; 1 / (number of layers) each if not given."""
    alpha: float = 1.0
    """Weight of the content loss."""
    beta: float = 1e4
    """Weight of the style loss; content, a sum, grows with the picture: twice the size wants four times the beta."""
    tv: float = 0.0
    """Weight of the total variation: the squared differences of neighbours, summed, in pixels of 0 to 255."""
    network: Literal["vgg16", "vgg19"] = "vgg16"
    """The loss network."""
    vgg_weights: Path | None = None
    """Its weights, where not the shipped or torchvision's."""
    pooling: Literal["max", "avg"] = "avg"
    """The loss network's pooling; the paper prefers averages."""

    init: str = "content"
    """Where to start: noise, content, style or a picture file."""
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    """lbfgs, or adam."""
    steps: int = 250
    """Steps at the full size."""
    coarse_steps: int = 60
    """Steps at each smaller size before it."""
    adam_steps: int = 0
    """Steps of Adam before L-BFGS takes over, at the first size."""
    lr: float = 0.02
    """Adam's step, in pixels of 0 to 1."""
    history: int = 50
    """Steps that L-BFGS remembers; fewer where the memory asks for it."""
    seed: int = 0
    """Seed of the noise."""

    size: int = 512
    """Long side of the picture in pixels."""
    scales: int = 0
    """Sizes from coarse to fine, each twice the one before; 1 for the full size alone, 0 for as many as fit."""
    style_scale: float = 1.0
    """Size of the painting beside the picture, 1 for as many pixels: larger gives larger strokes."""
    style_weights: tuple[float, ...] = ()
    """How much of each painting is blended in; equal if not given."""
    masks: tuple[Path, ...] = ()
    """Where each painting goes, white on black, one per painting; the last may be left out and takes the rest."""
    colors: Literal["painting", "linear", "histogram", "luminance"] = "painting"
    """Whose colours: the painting's, or the photo's, kept in one of three ways."""

    save_every: int = 0
    """Keep the picture every so many steps for a contact sheet or film; 0 for none."""
    film: Literal["sheet", "mp4"] = "sheet"
    """What is made of them."""
    checkpoint_minutes: float = 2.0
    """Minutes between checkpoints."""
    resume: bool = False
    """Go on from the checkpoint beside the output."""
    threads: int = 0
    """CPU threads; 0 for all."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute."""
    memory: float = 6.0
    """GiB that the run may take; larger pictures are computed in tiles, with the same result."""

    def __post_init__(self) -> None:
        _check(self)

    @property
    def output(self) -> Path:
        """The picture to write."""
        return self.out or Path(f"{self.photo.stem}-{self.paintings[0].stem}.png")

    @property
    def sources(self) -> list[Path]:
        """The pictures that the run reads."""
        starts = [Path(self.init)] if self.init not in INITS else []
        return [self.photo, *self.paintings, *self.masks, *starts]

    @property
    def weights_by_layer(self) -> dict[str, float]:
        """The style layers with their weights w_l."""
        weights = self.layer_weights or (1 / len(self.style_layers),) * len(self.style_layers)
        return dict(zip(self.style_layers, weights, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {k: str(v) if isinstance(v, Path) else v for k, v in dataclasses.asdict(self).items()}


def _check(s: Settings) -> None:
    """Raise InputError for numbers that can't be meant."""
    if not s.paintings:
        raise InputError("There is no painting: give one after the photo.")
    for name, given, needed in (
        ("--layer-weights", s.layer_weights, s.style_layers),
        ("--style-weights", s.style_weights, s.paintings),
    ):
        if given and len(given) != len(needed):
            of_what = f"{len(needed)} {name[2:].split('-')[0]}s"
            raise InputError(f"{name} has {len(given)} numbers for {of_what}: give one for each.")
    if s.masks and len(s.masks) not in (len(s.paintings), len(s.paintings) - 1):
        raise InputError(f"{len(s.masks)} masks don't fit {len(s.paintings)} paintings: give one --masks for each.")
    for name in ("size", "lr", "history", "memory", "style_scale"):
        if getattr(s, name) <= 0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(s, name)} won't do: give a number above 0.")
    for name in ("alpha", "beta", "tv", "steps", "coarse_steps", "adam_steps", "scales", "save_every"):
        if getattr(s, name) < 0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(s, name)} won't do: give 0 or more.")
    if any(w < 0 for w in (*s.layer_weights, *s.style_weights)) or (s.style_weights and not sum(s.style_weights)):
        raise InputError("Weights of layers and paintings must be 0 or more, and not all 0.")


TORCH_DEVIATION = 0.226
"""The mean of torchvision's per-channel deviations: one unit of a normalised picture in pixels of 0 to 1."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # The paper's loss; coarse to fine from the photo, which is faster and steadier than its white noise.
    "best": {},
    # Gatys, Ecker & Bethge 2016: white noise, L-BFGS, average pooling, one size.
    "gatys": {"init": "noise", "scales": 1, "steps": 500, "history": 20},
    # docs.pytorch.org "Neural Transfer Using PyTorch": conv_4 and conv_1 … conv_5 in the order of the network, taken
    # before the ReLU (the tutorial makes its ReLUs work out of place for this), mean-squared terms, 1 and 1e6.
    "pytorch-tutorial": {
        "loss": "pytorch-tutorial",
        "content_layers": ("conv2_2",),
        "style_layers": ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"),
        "layer_weights": (1.0,) * 5,
        "beta": 1e6,
        "pooling": "max",
        "scales": 1,
        "steps": 300,
        "history": 100,
    },
    # Udacity "Intro to Deep Learning with PyTorch", Style_Transfer_Solution: what it names conv4_2 has been rectified
    # in place by the ReLU after it when the loss reads it. Its Adam steps 0.003 on a normalised picture.
    "udacity": {
        "loss": "udacity",
        "layer_weights": (1.0, 0.75, 0.2, 0.2, 0.2),
        "beta": 1e6,
        "pooling": "max",
        "optimizer": "adam",
        "lr": 0.003 * TORCH_DEVIATION,
        "scales": 1,
        "steps": 2000,
    },
}


def preset(name: str, photo: Path, paintings: Sequence[Path], **changes: Any) -> Settings:
    """The settings that `name` publishes, with `changes` on top. Raises InputError for an unknown name."""
    if name not in PRESETS:
        raise InputError(f"There is no preset {name!r}: choose one of {', '.join(PRESETS)}.")
    values: dict[str, Any] = {"preset": name, **PRESETS[name], **changes}
    return Settings(photo, tuple(paintings), **values)
