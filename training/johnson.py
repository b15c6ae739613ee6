"""One network for one painting: Johnson, Alahi & Fei-Fei 2016, "Perceptual Losses for Real-Time Style Transfer".

    python -m training.johnson --style-image painting.jpg --photos photos/ --name my-style

trains in runs/my-style and ends with runs/my-style/my-style.safetensors, which `python -m export` turns into a style.
Departures from the paper, each an option: the lite network, style terms divided by the painting's own (so that no
layer drowns the others), a falling learning rate, and a steadiness term (training.temporal).
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
import tyro
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from training.checkpoint import load_generator, load_state, save_generator, save_state
from training.generators import Generator, build
from training.images import PhotoCrops, central_crop, load_image, pictures_in, sheet
from training.objective import LossSettings, Objective, loss_vgg, total
from training.run import Run
from training.temporal import MARGIN, centre, steadiness_loss
from weights.card import Card, StylePicture
from weights.errors import InputError, exit_code


@dataclass(frozen=True)
class Settings:
    """Train one network for one painting."""

    style_image: Path
    """The painting."""
    photos: Path
    """A folder of photos to train on; a hundred will do, thousands are better."""
    name: str
    """The style's name: lower-case letters, digits, dashes."""
    title: str = ""
    """The painting's title; the name if empty."""
    painter: str = ""
    """Who painted it."""
    year: str = ""
    """When."""
    license: str = ""
    """The painting's licence, in words."""
    weights_license: str = ""
    """The licence you give the trained weights."""
    val: Path | None = None
    """Held-out photos for the validation loss; without it, one photo in twenty is held out."""
    architecture: Literal["lite", "johnson"] = "lite"
    """lite for CPU real time, johnson for the paper's network."""
    width: int = 32
    """Channels: of lite at a quarter of the size, of johnson's first layer."""
    blocks: int = 0
    """Residual blocks; 0 for the architecture's own number (4, 5)."""
    upsampling: Literal["nearest", "transposed"] = "nearest"
    """johnson only: how it grows the picture back."""
    norm: Literal["instance", "batch"] = "instance"
    """johnson only: its normalisation."""
    size: int = 256
    """Crop side in pixels."""
    batch: int = 4
    """Photos a step (a process)."""
    epochs: float = 2.0
    """Passes over the photos."""
    steps: int = 0
    """Steps instead of passes, where not 0."""
    lr: float = 1e-3
    """Adam's learning rate."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Whether the rate falls to 0 at the end."""
    loss: LossSettings = field(default_factory=LossSettings)
    steady_weight: float = 100.0
    """Weight of the steadiness term; 0 for the paper's loss."""
    init: Path | None = None
    """A .safetensors style of the same architecture to start from."""
    seed: int = 0
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    checkpoint_minutes: float = 4.0
    """Minutes between checkpoints (and one after each pass)."""
    preview_steps: int = 100
    """Steps between preview pictures."""
    out: Path | None = None
    """The run folder; runs/NAME if not given."""
    devices: int = 1
    """Processes or GPUs."""
    accelerator: str = "auto"
    """auto, cpu or cuda."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    threads: int = 0
    """CPU threads; 0 for all."""

    @property
    def folder(self) -> Path:
        return self.out or Path("runs") / self.name

    def architecture_arguments(self) -> dict[str, Any]:
        """What `training.generators.build` takes for these settings."""
        arguments: dict[str, Any] = {"width": self.width}
        if self.blocks:
            arguments["blocks"] = self.blocks
        if self.architecture == "johnson":
            arguments.update(upsampling=self.upsampling, norm=self.norm)
        return arguments


def split_photos(settings: Settings) -> tuple[list[Path], list[Path]]:
    """The photos to train on and those held out."""
    photos = pictures_in(settings.photos)
    if settings.val:
        return photos, pictures_in(settings.val)
    held_out = photos[::20]
    return [p for p in photos if p not in set(held_out)] or photos, held_out


def card_of(settings: Settings, steps: int, losses: dict[str, float]) -> Card:
    """The card of a network trained with these settings."""
    kept = ("size", "batch", "lr", "schedule", "steady_weight", "seed")
    return Card(
        name=settings.name,
        title=settings.title or settings.name.replace("-", " ").title(),
        method="johnson",
        architecture=settings.architecture,
        arguments=settings.architecture_arguments(),
        stride=Generator.stride,
        picture=StylePicture(settings.title, settings.painter, settings.year, settings.license),
        license=settings.weights_license,
        training={
            **settings.loss.summary(),
            **{name: getattr(settings, name) for name in kept},
            "steps": steps,
            **{f"val_{name}": round(value, 5) for name, value in losses.items()},
        },
        commit=_commit(),
    )


def _commit() -> str:
    """The project's commit, empty outside a checkout."""
    root = Path(__file__).resolve().parents[1]
    found = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


@torch.no_grad()
def validate(generator: torch.nn.Module, objective: Objective, photos: list[Path], size: int) -> dict[str, float]:
    """Mean loss terms over the central crops of held-out photos (16 at most)."""
    totals: dict[str, float] = {}
    chosen = photos[:: max(1, len(photos) // 16)][:16]
    for path in chosen:
        photo = central_crop(path, size).to(objective.vgg.mean.device)
        for name, value in objective(generator(photo), photo).items():
            totals[name] = totals.get(name, 0.0) + value.item() / len(chosen)
    return {**totals, "total": sum(totals.values())}


@torch.no_grad()
def paint_preview(generator: torch.nn.Module, painting: Tensor, photos: list[Path], size: int) -> Tensor:
    """Six held-out photos above their paintings."""
    chosen = [central_crop(p, size).to(painting.device) for p in photos[:: max(1, len(photos) // 6)][:6]]
    return sheet([chosen, [generator(photo) for photo in chosen]])


def train(settings: Settings) -> Path:
    """Train as the settings say; returns the .safetensors file. Raises InputError."""
    card_of(settings, 0, {})  # a bad name is said before hours of work
    if settings.threads:
        torch.set_num_threads(settings.threads)
    fabric = Fabric(accelerator=settings.accelerator, devices=settings.devices, precision=settings.precision)
    fabric.launch()
    run = Run(settings.folder, settings, settings.checkpoint_minutes, writes=fabric.is_global_zero)

    training, held_out = split_photos(settings)
    a_step = settings.batch * fabric.world_size
    steps = settings.steps or max(1, round(settings.epochs * len(training) / a_step))
    a_pass = max(1, len(training) // a_step)

    torch.manual_seed(settings.seed)
    network = build(settings.architecture, settings.architecture_arguments())
    if settings.init:
        network.load_state_dict(load_numbers(settings.init, settings))
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr)
    first = 0
    if settings.resume:
        state = load_state(settings.folder)
        network.load_state_dict(state["generator"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    generator, optimizer = fabric.setup(network, optimizer)
    painting = fabric.to_device(load_image(settings.style_image, short_side=settings.loss.style_size))
    objective = Objective(settings.loss, loss_vgg(settings.loss).to(fabric.device), painting)

    crops = PhotoCrops(training, settings.size + 2 * MARGIN, settings.seed, steps * a_step)
    mine = range(first * a_step + fabric.global_rank, steps * a_step, fabric.world_size)
    workers = min(4, torch.get_num_threads() - 1)
    loader = DataLoader(crops, settings.batch, sampler=mine, num_workers=workers, persistent_workers=workers > 0)

    def checkpoint(step: int) -> None:
        losses = validate(network, objective, held_out, settings.size)
        run.curves(step, losses, "val")
        run.say(f"step {step}: validation " + "  ".join(f"{k} {v:.4f}" for k, v in losses.items()))
        if run.writes:
            save_generator(settings.folder / f"{settings.name}.safetensors", network, card_of(settings, step, losses))
            save_state(
                settings.folder, {"generator": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
            )
        run.saved()

    status: dict[str, float] = {}
    batches = iter(loader)
    begun = time.monotonic()
    for step in run.steps(first, steps, status):
        torch.manual_seed(settings.seed * 1_000_003 + step)
        photo = fabric.to_device(next(batches))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(settings, step, steps)
        painted = generator(centre(photo))
        terms = objective(painted, centre(photo))
        if settings.steady_weight:
            terms["steady"] = settings.steady_weight * steadiness_loss(generator, photo, painted)
        loss = total(terms)
        if not torch.isfinite(loss):
            raise InputError(
                f"The loss is not a number at step {step}: train again with a smaller --lr than {settings.lr}."
            )
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()

        status.update({name: value.item() for name, value in terms.items() if value.item()}, loss=loss.item())
        run.curves(step, status)
        if step == first + 9:
            run.say(
                f"about {(time.monotonic() - begun) / 10 * (steps - step) / 60:.0f} minutes for {steps - first} steps"
            )
        if (step + 1) % settings.preview_steps == 0 or step + 1 == steps:
            run.preview(step + 1, paint_preview(network, painting, held_out, settings.size))
        if run.due() or (step + 1) % a_pass == 0 or step + 1 == steps:
            checkpoint(step + 1)
    run.close()
    return settings.folder / f"{settings.name}.safetensors"


def load_numbers(path: Path, settings: Settings) -> dict[str, Tensor]:
    """The numbers of a style to start from. Raises InputError where its architecture is another."""
    generator, card = load_generator(path)
    if (card.architecture, dict(card.arguments)) != (settings.architecture, settings.architecture_arguments()):
        raise InputError(f"{path} is {card.architecture} {dict(card.arguments)}, not what --architecture asks for.")
    return generator.state_dict()


def learning_rate(settings: Settings, step: int, steps: int) -> float:
    """A short rise over the first 20 steps, then constant or a cosine to 0 (Loshchilov & Hutter 2017)."""
    rise = min(1.0, (step + 1) / 20)
    if settings.schedule == "constant":
        return settings.lr * rise
    return settings.lr * rise * 0.5 * (1 + math.cos(math.pi * step / steps))


def main() -> int:
    """The command line."""
    path = train(
        tyro.cli(
            Settings,
            prog="python -m training.johnson",
            description=__doc__,
            config=(tyro.conf.OmitArgPrefixes,),
        )
    )
    print(f"{path}: export it with  python -m export {path.parent}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
