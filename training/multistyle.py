"""One trunk, many paintings: Dumoulin, Shlens & Kudlur 2017, "A Learned Representation for Artistic Style".

    python -m training.multistyle --paintings paintings/ --photos photos/ --name pack

All paintings share the convolutions; a painting has only the scales and shifts of the normalisations, its style
vector. The run folder ends with pack.safetensors, the trunk, and styles/NAME.safetensors, the vectors;
`python -m export runs/pack` installs them all. With --init a trunk and its vectors are trained on: paintings it
doesn't know start from the mean of those it knows, and the old ones are rehearsed, so that none is forgotten. A lite
network of one style can be gone on from too: its strokes save the others hours.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import tyro
from torch import Tensor, nn

from training.checkpoint import bound, load_generator, load_vector, save_generator, save_vector, vectors_beside
from training.generators import Lite, LiteTrunk
from training.images import load_image, pictures_in
from training.johnson import training_summary
from training.loop import LoopSettings, Painter, Training, commit, fit, install
from training.objective import LossSettings, Objective, loss_vgg
from weights.card import Card, StylePicture
from weights.errors import InputError, exit_code


@dataclass(frozen=True)
class Painting:
    """One painting of a pack, as the pack file lists it."""

    name: str
    file: str
    title: str = ""
    painter: str = ""
    year: str = ""
    license: str = ""
    style_size: int = 0
    """Short side in pixels; 0 for the setting of all."""
    factor: float = 1.0
    """Multiplies the style weight."""


@dataclass(frozen=True)
class Settings:
    """Train one trunk for many paintings."""

    paintings: Path
    """A folder of paintings."""
    name: str
    """The trunk's name: lower-case letters, digits, dashes."""
    loop: LoopSettings
    loss: LossSettings = field(default_factory=LossSettings)
    pack: Path | None = None
    """A JSON list of {name, file, title, painter, year, license, style_size, factor}; without it, every picture."""
    width: int = 32
    """Channels at a quarter of the size."""
    blocks: int = 4
    """Residual blocks."""
    init: Path | None = None
    """A trunk's .safetensors (its vectors in styles/ beside it), or a lite network of one style, to go on from."""
    weights_license: str = ""
    """The licence you give the trained weights."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    @property
    def folder(self) -> Path:
        return self.out or Path("runs") / self.name


HASTE = 5.0
"""How much faster than the trunk the vectors learn: each has a gradient in few of the steps, and far to go."""


class ManyStyles(Painter):
    """A trunk and its style vectors, (style_length,) each; made from a table (K, style_length)."""

    def __init__(self, trunk: LiteTrunk, vectors: Tensor) -> None:
        super().__init__()
        self.trunk = trunk
        self.vectors = nn.ParameterList(vector.clone() for vector in vectors)

    def groups(self) -> list[dict[str, Any]]:
        shared = [p for p in self.trunk.parameters() if p.requires_grad]
        rare = {"haste": HASTE, "betas": (0.9, 0.999)}  # long averages, for each vector has few gradients
        return [{"params": shared, "haste": 1.0}, {"params": list(self.vectors), **rare}]

    def forward(self, photo: Tensor, which: Tensor) -> Tensor:
        painted: Tensor = self.trunk(photo, torch.stack(list(self.vectors))[which])
        return painted


def read_pack(settings: Settings) -> list[Painting]:
    """The paintings to learn. Raises InputError where the pack file or a picture is missing or wrong."""
    if settings.pack is None:
        return [Painting(p.stem, str(p.relative_to(settings.paintings))) for p in pictures_in(settings.paintings)]
    try:
        pack = [Painting(**row) for row in json.loads(settings.pack.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"The pack {settings.pack} can't be read ({error}): it is a list of objects.") from error
    if len({p.name for p in pack}) != len(pack) or not pack:
        raise InputError(f"The pack {settings.pack} must list at least one painting, each name once.")
    return pack


def start(settings: Settings, pack: list[Painting]) -> ManyStyles:
    """The trunk and the vectors to train: fresh, or those of `init`. Raises InputError."""
    if settings.init is None:
        fresh = LiteTrunk(settings.width, settings.blocks)
        return ManyStyles(fresh, fresh.plain_style().repeat(len(pack), 1))
    network, card = load_generator(settings.init)
    if isinstance(network, Lite):
        trunk, known = network.trunk, {card.name: network.style.detach()}
    elif isinstance(network, LiteTrunk):
        trunk = network
        known = {card.name: vector for vector, card in map(load_vector, vectors_beside(settings.init))}
    else:
        raise InputError(f"{settings.init} is neither a trunk nor a lite style: its architecture is another.")
    mean = torch.stack(list(known.values())).mean(0) if known else trunk.plain_style()
    return ManyStyles(trunk.train(), torch.stack([known.get(p.name, mean) for p in pack]))


def cards_of(
    settings: Settings, trunk: LiteTrunk, pack: list[Painting], steps: int, losses: dict[str, float]
) -> list[Card]:
    """The trunk's card, then one for each painting."""
    summary = training_summary(settings.loop, settings.loss, steps, losses)
    shape: dict[str, Any] = {"architecture": "lite-trunk", "arguments": trunk.arguments}
    common: dict[str, Any] = {"method": "multistyle", "commit": commit(), **shape}
    titles = ", ".join(p.title or p.name for p in pack)
    first = Card(settings.name, f"Trunk of {titles}", license=settings.weights_license, training=summary, **common)
    cards = [first]
    for p in pack:
        own = {**summary, "style_size": p.style_size or settings.loss.style_size}
        own["style_weight"] = settings.loss.style_weight * p.factor
        picture = StylePicture(p.title, p.painter, p.year, p.license)
        title = picture.title_for(p.name)
        license_ = settings.weights_license
        cards.append(
            Card(p.name, title, trunk=settings.name, picture=picture, license=license_, training=own, **common)
        )
    return cards


def train(settings: Settings) -> Path:
    """Train as the settings say; returns the trunk's .safetensors file. Raises InputError."""
    pack = read_pack(settings)
    paintings = [
        load_image(settings.paintings / p.file, short_side=p.style_size or settings.loss.style_size) for p in pack
    ]
    torch.manual_seed(settings.loop.seed)
    painter = start(settings, pack)
    cards_of(settings, painter.trunk, pack, 0, {})  # a bad name is said before hours of work
    path = settings.folder / f"{settings.name}.safetensors"

    objective = Objective(settings.loss, loss_vgg(settings.loss), *paintings, factors=[p.factor for p in pack])

    def save(steps: int, losses: dict[str, float]) -> None:
        first, *others = (bound(c, painter.trunk) for c in cards_of(settings, painter.trunk, pack, steps, losses))
        save_generator(path, painter.trunk, first)
        for vector, card in zip(painter.vectors, others, strict=True):
            save_vector(settings.folder / "styles" / f"{card.name}.safetensors", vector, card)

    writes = fit(Training(settings.loop, settings.folder, painter, objective, len(pack), save, settings))
    if writes and settings.loop.install:
        install(path)
    return path


def main() -> int:
    """The command line."""
    settings = tyro.cli(
        Settings, prog="python -m training.multistyle", description=__doc__, config=(tyro.conf.OmitArgPrefixes,)
    )
    path = train(settings)
    if not settings.loop.install:
        print(f"{path}: install it with  python -m export {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
