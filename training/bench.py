"""How fast the training step is, against the loop that most scripts have.

    python -m training.bench --style-image painting.jpg --photos photos/

All train the same network on the same batches. The plain step: float32, the painting's Gram matrices computed again
each time, every layer of the loss network for photo and painting alike, everything at full size, and Adam. "Plain,
cached" keeps the Gram matrices. The others are training.johnson's step with its optimiser: with one scale in float32,
with one scale in the precision of this machine, and as it is by default; with `--compile` compiled, too. Then, how fast
one process gets its crops: of photos that are read each time, and of photos that lie where it computes. The steps
alternate, so that a machine that slows down slows all; medians are printed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from training.cli import parse
from training.generators import build
from training.images import PhotoCrops, load_image, pictures_in
from training.johnson import OneStyle
from training.objective import LossSettings, Objective, loss_vgg, total
from training.optimisation import chosen_precision, compile_in_place, device_of, optimizer_of
from training.perceptual import feature_loss, gram_matrix, style_loss, total_variation
from training.resident import ResidentCrops
from training.settings import LoopSettings
from weights.errors import exit_code

Step = Callable[[Tensor], object]


@dataclass(frozen=True)
class Bench:
    """Images a second of the training step."""

    style_image: Path
    """The painting."""
    photos: Path
    """The photos."""
    size: int = 256
    """Crop side in pixels."""
    style_size: int = LossSettings.style_size
    """Short side of the painting in pixels."""
    batch: int = 4
    rounds: int = 5
    """Steps of each, after one to warm up."""
    threads: int = 0
    """CPU threads; 0 for all."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    compile: bool = False
    """Measure a compiled step, too; compiling takes minutes."""


class Ours:
    """The step of training.johnson where the painting lies, without the steadiness that the plain loop doesn't have."""

    def __init__(self, settings: LossSettings, painting: Tensor, precision: str, compiled: bool = False) -> None:
        self.network = build("lite", {}).to(painting.device)
        self.optimizer = optimizer_of(LoopSettings(Path()), OneStyle(self.network))
        self.objective = Objective(loss_vgg(settings).to(painting.device), (painting, settings))
        if compiled:
            compile_in_place(self.network, self.objective.vgg)
        self.narrow = precision == "bf16-mixed"

    def __call__(self, photo: Tensor) -> None:
        """One step of SOAP."""
        with torch.autocast(photo.device.type, torch.bfloat16, enabled=self.narrow):
            painted = self.network(photo).float()
            loss = total(self.objective(painted, photo, sampled=True))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


class Plain:
    """The step of a script: the same losses, with the work that it doesn't avoid."""

    def __init__(self, settings: LossSettings, painting: Tensor, cached: bool) -> None:
        self.network = build("lite", {}).to(painting.device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        self.settings, self.vgg, self.painting = settings, loss_vgg(settings).to(painting.device), painting
        self.targets = self._grams(painting) if cached else None

    @torch.no_grad()
    def _grams(self, painting: Tensor) -> dict[str, Tensor]:
        found = self.vgg(painting, self.vgg.names)
        return {name: gram_matrix(found[name]) for name in self.settings.style_layers}

    def __call__(self, photo: Tensor) -> None:
        """One step of Adam."""
        s = self.settings
        painted = self.network(photo)
        wanted, found = self.vgg(photo, self.vgg.names), self.vgg(painted, self.vgg.names)
        targets = self.targets or self._grams(self.painting)
        weights = {name: 1 / target.square().sum() for name, target in targets.items()}
        grams = {name: gram_matrix(found[name]) for name in s.style_layers}
        loss = s.content_weight * feature_loss(found[s.content_layer], wanted[s.content_layer])
        loss = loss + s.style_weight * style_loss(grams, targets, weights) + s.tv_weight * total_variation(painted)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


def taking(crops: PhotoCrops, batch: int) -> Step:
    """Takes the next batch of crops each time, and leaves it."""
    batches = iter(DataLoader(crops, batch))
    return lambda _: next(batches)


def rates(bench: Bench) -> dict[str, float]:
    """Images a second of each kind of step. Raises InputError."""
    if bench.threads:
        torch.set_num_threads(bench.threads)
    one, two = LossSettings(scales="one"), LossSettings()
    device = device_of(bench.accelerator)
    painting = load_image(bench.style_image, short_side=bench.style_size).to(device)
    precision, _ = chosen_precision("auto", device.type)
    steps: dict[str, Step] = {
        "plain": Plain(one, painting, cached=False),
        "plain, cached": Plain(one, painting, cached=True),
        "32-true, one scale": Ours(one, painting, "32-true"),
        f"{precision}, one scale": Ours(one, painting, precision),
        f"{precision}, two scales": Ours(two, painting, precision),
    }
    if bench.compile:
        steps[f"{precision}, two scales, compiled"] = Ours(two, painting, precision, compiled=True)
    crops = PhotoCrops(pictures_in(bench.photos), bench.size, 0, (bench.rounds + 1) * bench.batch)
    resident = ResidentCrops(crops, device)
    steps |= {"crops of photos read": taking(crops, bench.batch), "crops, resident": taking(resident, bench.batch)}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for photo in DataLoader(resident, bench.batch):
        for name, step in steps.items():
            begun = time.perf_counter()
            step(photo)
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds[name].append(time.perf_counter() - begun)
    return {name: bench.batch / median(taken[1:]) for name, taken in seconds.items()}


def main() -> int:
    """The command line."""
    bench = parse(Bench, "python -m training.bench", __doc__)
    found = rates(bench)
    former = found["32-true, one scale"]
    for name, rate in found.items():
        print(f"{name:24} {rate:6.2f} images a second, {rate / former:.2f} of one scale in float32")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
