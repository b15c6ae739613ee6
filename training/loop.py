"""The training loop that johnson, multistyle and newstyle share, and what all three let the user choose."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from pytorch_optimizer import SOAP
from torch import Tensor, nn
from torch.utils.data import DataLoader

from training.checkpoint import load_state, save_state
from training.images import PhotoCrops, central_crop, pictures_in, sheet
from training.objective import Objective, total
from training.perceptual import pixel_loss
from training.run import Run
from training.temporal import MARGIN, centre, steadiness_loss
from weights.errors import InputError

VALIDATION_PHOTOS = 16

SHORTEST_PASS = 100
"""Steps between checkpoints at least, however few the photos: each costs a validation."""


@dataclass(frozen=True)
class LoopSettings:
    """Photos, steps, optimiser, steadiness, machine."""

    photos: Path
    """A folder of photos to train on; a hundred will do, thousands are better."""
    val: Path | None = None
    """Held-out photos for the validation loss; without it, one photo in twenty is held out."""
    size: int = 256
    """Crop side in pixels."""
    batch: int = 4
    """Photos a step (a process)."""
    epochs: float = 2.0
    """Passes over the photos."""
    steps: int = 0
    """Steps instead of passes, where not 0."""
    optimizer: Literal["soap", "adam"] = "soap"
    """soap gets as far as adam in half of the steps; adam with --lr 1e-3 is the papers'."""
    lr: float = 3e-3
    """The learning rate."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Whether the rate falls to 0 at the end."""
    steady_weight: float = 1000.0
    """Weight of the steadiness term; 0 for the papers' loss."""
    teacher: Path | None = None
    """A folder of pictures of one style named as the photos, as `python -m gatys` paints them, to come near to."""
    teacher_weight: float = 30.0
    """Weight of the squared difference from the teacher's pictures."""
    patience: int = 0
    """Stop after so many checkpoints without a lower validation loss; 0 never."""
    seed: int = 0
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    checkpoint_minutes: float = 4.0
    """Minutes between checkpoints (and one after each pass, or after 100 steps where passes are shorter)."""
    preview_steps: int = 100
    """Steps between preview pictures."""
    devices: int = 1
    """Processes or GPUs."""
    accelerator: str = "auto"
    """auto, cpu or cuda."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    threads: int = 0
    """CPU threads; 0 for all."""
    install: bool = False
    """Export and install the style at the end."""


class Painter(nn.Module):
    """What is trained: paints (N, 3, H, W) photos, each after the painting that `which` (N,) says."""

    def forward(self, photo: Tensor, which: Tensor) -> Tensor:
        raise NotImplementedError

    def groups(self) -> list[dict[str, Any]]:
        """What the optimiser trains, in groups as torch.optim takes them; `haste` multiplies a group's rate."""
        return [{"params": [p for p in self.parameters() if p.requires_grad], "haste": 1.0}]


@dataclass(frozen=True)
class Training:
    """One training, ready to run: `save` writes the weights after a number of steps with these validation losses."""

    settings: LoopSettings
    folder: Path
    painter: Painter
    objective: Objective
    styles: int
    save: Callable[[int, dict[str, float]], None]
    record: object
    """The dataclass of all settings, for the run folder."""


def split_photos(settings: LoopSettings) -> tuple[list[Path], list[Path]]:
    """The photos to train on and those held out."""
    photos = pictures_in(settings.photos)
    if settings.val:
        return photos, pictures_in(settings.val)
    held_out = photos[::20]
    return [p for p in photos if p not in set(held_out)] or photos, held_out


def taught_by(teacher: Path, photos: list[Path]) -> dict[Path, Path]:
    """The teacher's picture of each photo that it has one of, by equal names. Raises InputError where there is none."""
    by_name = {path.stem: path for path in pictures_in(teacher)}
    found = {photo: by_name[photo.stem] for photo in photos if photo.stem in by_name}
    if not found:
        raise InputError(f"No picture in {teacher} is named as one of the photos: paint photo.jpg as photo.png there.")
    return found


def evenly(paths: list[Path], count: int) -> list[Path]:
    """At most `count` of the paths, evenly chosen."""
    return paths[:: max(1, len(paths) // count)][:count]


@torch.no_grad()
def validate(painter: Painter, objective: Objective, photos: list[Path], size: int, styles: int) -> dict[str, float]:
    """Mean loss terms over the central crops of held-out photos, every style in its turn."""
    totals: dict[str, float] = {}
    chosen = evenly(photos, VALIDATION_PHOTOS)
    rounds = max(len(chosen), styles)
    for i in range(rounds):
        photo = central_crop(chosen[i % len(chosen)], size).to(objective.vgg.mean.device)
        which = torch.tensor([i % styles], device=photo.device)
        for name, value in objective(painter(photo, which), photo, which=which).items():
            totals[name] = totals.get(name, 0.0) + value.item() / rounds
    return {**totals, "total": sum(totals.values())}


@torch.no_grad()
def paint_preview(painter: Painter, device: torch.device, photos: list[Path], size: int, styles: int) -> Tensor:
    """Held-out photos above their paintings, a row for each style."""
    chosen = [central_crop(p, size).to(device) for p in evenly(photos, 6 if styles == 1 else 4)]
    rows = [[painter(p, torch.tensor([k], device=device)) for p in chosen] for k in range(styles)]
    return sheet([chosen, *rows])


def optimizer_of(settings: LoopSettings, painter: Painter) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba 2015), or SOAP (Vyas 2025): Adam in the eigenbasis of each kernel's Shampoo statistics.

    The statistics cost nothing beside a pass through VGG. What has one dimension, as a style vector, is left to Adam.
    """
    if settings.optimizer == "adam":
        return torch.optim.Adam(painter.groups(), lr=settings.lr)
    soap: torch.optim.Optimizer = SOAP(
        painter.groups(), lr=settings.lr, betas=(0.9, 0.95), weight_decay=0.0, precondition_frequency=5
    )
    return soap


def learning_rate(settings: LoopSettings, step: int, steps: int) -> float:
    """A short rise over the first 20 steps, then constant or a cosine to 0 (Loshchilov & Hutter 2017)."""
    rise = min(1.0, (step + 1) / 20)
    if settings.schedule == "constant":
        return settings.lr * rise
    return settings.lr * rise * 0.5 * (1 + math.cos(math.pi * step / steps))


def out_of_balance(losses: dict[str, float]) -> str:
    """Words where content or style drowns the other, else empty."""
    content, style = losses["content"], losses["style"]
    if style > 12 * content:
        return "style outweighs content twelvefold: photos may be lost; raise --content-weight or lower --style-weight"
    if content > 6 * style:
        return "content outweighs style sixfold: the painting may not show; raise --style-weight"
    return ""


class Patience:
    """Whether the validation loss has settled: `patience` checkpoints in a row within 0.5 % of the best."""

    def __init__(self, patience: int) -> None:
        self.left = self.patience = patience
        self.best = float("inf")

    def over(self, loss: float) -> bool:
        """Tell of one more validation loss; true where waiting has no more point."""
        if loss < 0.995 * self.best:
            self.best, self.left = loss, self.patience
        else:
            self.left -= 1
        return bool(self.patience) and self.left <= 0


def commit() -> str:
    """The project's commit, empty outside a checkout."""
    root = str(Path(__file__).resolve().parents[1])
    command = ["git", "-C", root, "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def install(weights: Path) -> None:
    """Export in a process of its own: this half may not import that room. Raises InputError where it fails."""
    if subprocess.run([sys.executable, "-m", "export", str(weights)], check=False).returncode:
        raise InputError(f"{weights} was trained but could not be exported: run  python -m export {weights}")


def fit(training: Training) -> bool:
    """Run the training to its end; whether this process is the one that writes. Raises InputError."""
    job = _Fit(training)
    job.run()
    return job.run_folder.writes


class _Fit:
    """One training on its way: its machine, its photos, its optimiser and its run folder."""

    def __init__(self, training: Training) -> None:
        self.training, self.settings = training, training.settings
        s = self.settings
        if s.threads:
            torch.set_num_threads(s.threads)
        self.fabric = Fabric(accelerator=s.accelerator, devices=s.devices, precision=s.precision)
        self.fabric.launch()
        self.run_folder = Run(training.folder, training.record, s.checkpoint_minutes, self.fabric.is_global_zero)
        self.photos, self.held_out = split_photos(s)
        if s.teacher and training.styles > 1:
            raise InputError(
                f"The pictures in {s.teacher} teach one style: leave --teacher out where many are trained."
            )
        self.taught = taught_by(s.teacher, self.photos) if s.teacher else {}
        self.photos = list(self.taught) or self.photos
        self.a_step = s.batch * self.fabric.world_size
        self.between_checkpoints = max(SHORTEST_PASS, len(self.photos) // self.a_step)
        self.steps = s.steps or max(1, round(s.epochs * len(self.photos) / self.a_step))
        self.first = 0
        self.patience = Patience(s.patience)

        self.bare = training.painter
        optimizer = optimizer_of(s, self.bare)
        if s.resume:
            state = load_state(training.folder)
            self.bare.load_state_dict(state["painter"])
            optimizer.load_state_dict(state["optimizer"])
            self.first = state["step"]
        self.objective = training.objective.to(self.fabric.device)
        self.painter, self.optimizer = self.fabric.setup(self.bare, optimizer)

    def run(self) -> None:
        """Step by step, with previews and checkpoints on the way."""
        run, batches = self.run_folder, iter(self._loader())
        status: dict[str, float] = {}
        begun = time.monotonic()
        for step in run.steps(self.first, self.steps, status):
            status.update(self._step(step, next(batches)))
            run.curves(step, status)
            if step == self.first + 4 and self.steps - self.first > 20:
                minutes = (time.monotonic() - begun) / 5 * (self.steps - step) / 60
                run.say(f"about {minutes:.0f} minutes for {self.steps - self.first} steps")
            done, last = step + 1, step + 1 == self.steps
            if run.writes and (last or done % self.settings.preview_steps == 0):
                run.preview(done, self._preview())
            if (last or run.due() or done % self.between_checkpoints == 0) and self._checkpoint(done) and not last:
                run.say(f"the validation loss has settled: stopped after {done} steps")
                break
        run.close()

    def _loader(self) -> DataLoader[Tensor]:
        s, fabric = self.settings, self.fabric
        crops = PhotoCrops(self.photos, s.size + 2 * MARGIN, s.seed, self.steps * self.a_step, self.taught)
        mine = range(self.first * self.a_step + fabric.global_rank, self.steps * self.a_step, fabric.world_size)
        return DataLoader(crops, s.batch, sampler=mine, num_workers=min(4, torch.get_num_threads() - 1))

    def _step(self, step: int, photo: Tensor) -> dict[str, float]:
        """One step of the optimiser; returns the weighted terms. All chance in it is a function of (seed, step)."""
        s = self.settings
        torch.manual_seed(s.seed * 1_000_003 + step)
        photo, lesson = self.fabric.to_device(photo).tensor_split([3], dim=1)
        which = (torch.arange(len(photo), device=photo.device) + step * len(photo)) % self.training.styles
        for group in self.optimizer.param_groups:
            group["lr"] = group["haste"] * learning_rate(s, step, self.steps)
        painted = self.painter(centre(photo), which)
        terms = self.objective(painted, centre(photo), which=which)
        if self.taught:
            terms["teacher"] = s.teacher_weight * pixel_loss(painted, centre(lesson))
        if s.steady_weight:
            terms["steady"] = s.steady_weight * steadiness_loss(lambda x: self.painter(x, which), photo, painted)
        loss = total(terms)
        if not torch.isfinite(loss):
            raise InputError(f"The loss is not a number at step {step}: train again with a smaller --lr than {s.lr}.")
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {**{name: value.item() for name, value in terms.items() if value.item()}, "loss": loss.item()}

    def _preview(self) -> Tensor:
        s = self.settings
        return paint_preview(self.bare, self.fabric.device, self.held_out, s.size, self.training.styles)

    def _checkpoint(self, step: int) -> bool:
        """Write everything; whether the training may stop."""
        run = self.run_folder
        losses = validate(self.bare, self.objective, self.held_out, self.settings.size, self.training.styles)
        run.curves(step, losses, "val")
        run.say(f"step {step}: validation " + "  ".join(f"{k} {v:.4g}" for k, v in losses.items() if v))
        if warning := out_of_balance(losses):
            run.say(f"warning: {warning}")
        if run.writes:
            self.training.save(step, losses)
            numbers = {"painter": self.bare.state_dict(), "optimizer": self.optimizer.state_dict()}
            save_state(self.training.folder, {**numbers, "step": step})
        run.saved()
        return self.patience.over(losses["total"])
