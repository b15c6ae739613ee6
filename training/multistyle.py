"""One trunk, many paintings: Dumoulin, Shlens & Kudlur 2017, "A Learned Representation for Artistic Style".

    python -m training.multistyle --paintings paintings/ --photos photos/ --name pack

All paintings share the convolutions; a painting has only the scales and shifts of the normalisations, its style
vector: two of them, for fine and for bold strokes, learned from the painting at two sizes, between which the live side
blends (as the paper's section 3.3 does between styles). The run folder ends with pack.safetensors, the trunk, and
styles/NAME.safetensors, the vectors; `python -m export runs/pack` installs them all. With --init a trunk and its
vectors are trained on: paintings it doesn't know start from the mean of those it knows, and the old ones are
rehearsed, so that none is forgotten. A lite network of one style can be gone on from too: its strokes save the others
hours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.checkpoint import bound, load_generator, load_vector, save_generator, save_vector, vectors_beside
from training.cli import parse
from training.generators import Lite, LiteTrunk
from training.images import load_image, pictures_in
from training.loop import Training, run_training
from training.objective import LossSettings, Objective, loss_vgg
from training.optimisation import Painter, device_of
from training.provenance import commit, install, training_summary
from training.settings import InRunFolder, LoopSettings, at_least
from weights.card import Card, StylePicture
from weights.errors import InputError, exit_code
from weights.files import sha256


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
    content: float = 1.0
    """Multiplies the content weight."""

    def losses(self, common: LossSettings, strokes: StrokeSettings) -> tuple[LossSettings, LossSettings]:
        """What its fine and its bold strokes are judged by, where `common` is what bold ones are by default."""
        bold = replace(
            common,
            style_size=self.style_size or common.style_size,
            style_weight=common.style_weight * self.factor,
            content_weight=common.content_weight * self.content,
        )
        return strokes.fine(bold), bold


@dataclass(frozen=True)
class StrokeSettings:
    """How fine strokes differ from bold ones, which are what the losses' own settings ask for."""

    fine_size: float = 0.5
    """The painting that fine strokes are learned from, in sizes of that for bold ones."""
    fine_coarse_weight: float = 0.0
    """--coarse-weight of the fine strokes."""

    def __post_init__(self) -> None:
        at_least(self, fine_size=0.01, fine_coarse_weight=0)

    def fine(self, bold: LossSettings) -> LossSettings:
        """What fine strokes are judged by."""
        size = round(bold.style_size * self.fine_size)
        return replace(bold, style_size=size, coarse_weight=self.fine_coarse_weight)


FINE = "fine"
"""The key in a card's training summary of the settings by which fine strokes differ from bold ones."""


def differing(fine: LossSettings, bold: LossSettings) -> dict[str, Any]:
    """What a card tells of the fine strokes: the settings that are not the bold ones'."""
    of_bold = bold.summary()
    return {FINE: {key: value for key, value in fine.summary().items() if value != of_bold[key]}}


def losses_told(training: Mapping[str, Any]) -> tuple[LossSettings, LossSettings]:
    """The settings of fine and of bold strokes that a card's training summary tells of; the same where it has one."""
    bold = LossSettings.from_summary(training)
    return replace(bold, **training.get(FINE, {})), bold


@dataclass(frozen=True)
class Settings(InRunFolder):
    """Train one trunk for many paintings."""

    paintings: Path
    """A folder of paintings."""
    name: str
    """The trunk's name: lower-case letters, digits, dashes."""
    loop: LoopSettings
    loss: LossSettings = field(default_factory=LossSettings)
    strokes: StrokeSettings = field(default_factory=StrokeSettings)
    pack: Path | None = None
    """A JSON list of objects with the fields of Painting; without it, every picture of the folder."""
    width: int = 32
    """Channels at a quarter of the size."""
    blocks: int = 1
    """Residual blocks there."""
    deep: int = 64
    """Channels at an eighth of the size; 0 for no such stage."""
    dilations: tuple[int, ...] = (1, 1, 1)
    """A residual block at an eighth of the size for each, and how far apart its kernels reach."""
    init: Path | None = None
    """A trunk's .safetensors (its vectors in styles/ beside it), or a lite network of one style, to go on from."""
    weights_license: str = ""
    """The licence you give the trained weights."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""

    def __post_init__(self) -> None:
        at_least(self, width=1, blocks=0, deep=0, dilations=1)


VECTOR_LR_SCALE = 5.0
"""How much faster than the trunk the vectors learn: each has a gradient in few of the steps, and far to go."""


class ManyStyles(Painter):
    """A trunk and its style vectors, (style_length,) each; made from a table (K, style_length).

    Two rows for each painting: its fine strokes, then its bold ones.
    """

    def __init__(self, trunk: LiteTrunk, vectors: Tensor) -> None:
        super().__init__()
        self.trunk = trunk
        self.vectors = nn.ParameterList(vector.clone() for vector in vectors)

    def groups(self) -> list[dict[str, Any]]:
        shared = [p for p in self.trunk.parameters() if p.requires_grad]
        rare = {"lr_scale": VECTOR_LR_SCALE, "betas": (0.9, 0.999)}  # long averages, for each vector has few gradients
        return [{"params": shared, "lr_scale": 1.0}, {"params": list(self.vectors), **rare}]

    def forward(self, photo: Tensor, which: Tensor) -> Tensor:
        painted: Tensor = self.trunk(photo, torch.stack(list(self.vectors))[which])
        return painted

    def strokes(self, painting: int) -> Tensor:
        """(2, style_length): the fine and the bold strokes of a painting."""
        return torch.stack([self.vectors[2 * painting], self.vectors[2 * painting + 1]]).detach()


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


def initial_painter(settings: Settings, pack: list[Painting]) -> ManyStyles:
    """The trunk and the vectors to train: fresh, or those of `init`. Raises InputError."""
    if settings.init is None:
        fresh = LiteTrunk(settings.width, settings.blocks, deep=settings.deep, dilations=settings.dilations)
        return ManyStyles(fresh, fresh.plain_style().repeat(2 * len(pack), 1))
    network, card = load_generator(settings.init)
    if isinstance(network, Lite):
        trunk, known = network.trunk, {card.name: network.style.detach().expand(2, -1)}
    elif isinstance(network, LiteTrunk):
        trunk = network
        known = {card.name: vectors for vectors, card in map(load_vector, vectors_beside(settings.init))}
    else:
        raise InputError(f"{settings.init} is neither a trunk nor a lite style: its architecture is another.")
    mean = torch.stack(list(known.values())).mean(0) if known else trunk.plain_style().expand(2, -1)
    return ManyStyles(trunk.train(), torch.cat([known.get(p.name, mean) for p in pack]))


def cards_of(
    settings: Settings, trunk: LiteTrunk, pack: list[Painting], steps: int, losses: dict[str, float]
) -> list[Card]:
    """The trunk's card, then one for each painting."""
    strokes = settings.strokes
    own = differing(strokes.fine(settings.loss), settings.loss)
    summary = {**training_summary(settings.loop, settings.loss, steps, losses), **own}
    shape: dict[str, Any] = {"architecture": "lite-trunk", "arguments": trunk.arguments, "stride": trunk.stride}
    common: dict[str, Any] = {"method": "multistyle", "commit": commit(), "license": settings.weights_license, **shape}
    titles = ", ".join(p.title or p.name for p in pack)
    cards = [Card(settings.name, f"Trunk of {titles}", training=summary, **common)]
    for p in pack:
        fine, bold = p.losses(settings.loss, strokes)
        told = {**summary, **bold.summary(), **differing(fine, bold)}
        picture = StylePicture(p.title, p.painter, p.year, p.license)
        title = picture.title_for(p.name)
        cards.append(Card(p.name, title, trunk=settings.name, picture=picture, training=told, **common))
    return cards


def train(settings: Settings) -> Path:
    """Train as the settings say; returns the trunk's .safetensors file. Raises InputError."""
    pack = read_pack(settings)
    judged_by = [(p, loss) for p in pack for loss in p.losses(settings.loss, settings.strokes)]
    paintings = [(load_image(settings.paintings / p.file, short_side=loss.style_size), loss) for p, loss in judged_by]
    torch.manual_seed(settings.loop.seed)
    painter = initial_painter(settings, pack)
    cards_of(settings, painter.trunk, pack, 0, {})  # a bad name is said before hours of work
    path = settings.folder / f"{settings.name}.safetensors"
    objective = Objective(loss_vgg(settings.loss).to(device_of(settings.loop.accelerator)), *paintings)

    def save(painter: Painter, steps: int, losses: dict[str, float]) -> None:
        assert isinstance(painter, ManyStyles)
        first, *others = (bound(c, painter.trunk) for c in cards_of(settings, painter.trunk, pack, steps, losses))
        save_generator(path, painter.trunk, first)
        for i, card in enumerate(others):
            save_vector(settings.folder / "styles" / f"{card.name}.safetensors", painter.strokes(i), card)

    same = {f"the painting {p.name}": sha256(settings.paintings / p.file) for p in pack}
    same |= {"the pack": json.dumps([asdict(p) for p in pack])}
    training = Training(settings.loop, settings.folder, painter, objective, 2 * len(pack), save, settings, same)
    if run_training(training) and settings.loop.install:
        install(path)
    return path


def main() -> int:
    """The command line."""
    settings = parse(Settings, "python -m training.multistyle", __doc__)
    path = train(settings)
    if not settings.loop.install:
        print(f"{path}: install it with  python -m export {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
