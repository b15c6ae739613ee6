"""A style learned from a folder of paintings, without pairs: Zhu, Park, Isola & Efros 2017, CycleGAN.

    python -m training.cyclegan --photos photos/ --paintings paintings/ --name van-gogh

trains G (photo -> painting) and F (painting -> photo) in runs/van-gogh and ends with van-gogh.safetensors there, which
`python -m export` turns into a style, and van-gogh-reverse.safetensors, which is F.

The faithful generator is `--architecture resnet`. `lite`, the default, runs live on a CPU. It is trained as G itself
and not distilled from a faithful G: a student needs a finished teacher first, a hundred times its own work, and learns
the mean of what the teacher may paint, where strokes blur; trained as G it answers to the discriminators, and the cycle
loss asks of it what it can do, not what a larger network could. Departures from the paper: pictures keep their
proportions where it squeezes them to squares; the lite generator; what is
exported is a moving average of the generators.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from training.checkpoint import load_state, save_generator, save_state
from training.cli import parse
from training.cyclegan.domains import Domains, crop_pairs, split_domains
from training.cyclegan.settings import Settings, card_of, check
from training.cyclegan.trainer import GeneratorPair, Trainer
from training.images import sheet
from training.provenance import install
from training.run import Run
from training.temporal import centre
from weights.errors import exit_code

VALIDATION_PHOTOS = 16
PREVIEWED = 6


@torch.no_grad()
def preview(
    generators: GeneratorPair, device: torch.device, settings: Settings, domains: Domains
) -> tuple[Tensor, float]:
    """The sheet x, G(x), F(G(x)) and y, F(y), G(F(y)) of held-out crops; the mean of |F(G(x)) - x| in [0, 1]."""
    rows: list[list[Tensor]] = [[] for _ in range(6)]
    errors: list[Tensor] = []
    pairs = crop_pairs(settings, domains.photos_held, domains.paintings_held, VALIDATION_PHOTOS)
    for i in range(VALIDATION_PHOTOS):
        x, y = (crop[None].to(device) for crop in pairs[i])
        x = centre(x) if settings.margin else x
        painted = generators.to_painting(x)
        again = generators.to_photo(painted)
        errors.append((again - x).abs().mean())
        if i < PREVIEWED:
            back = generators.to_photo(y)
            for row, picture in zip(rows, (x, painted, again, y, back, generators.to_painting(back)), strict=True):
                row.append(picture)
    return sheet(rows), torch.stack(errors).mean().item()


def run_training(settings: Settings) -> bool:
    """Train until the end, or until `stop_at`; whether it was the end, and this the process that writes.

    Raises InputError.
    """
    s = settings
    if s.threads:
        torch.set_num_threads(s.threads)
    torch.manual_seed(s.seed)
    domains = split_domains(s)
    fabric = Fabric(accelerator=s.accelerator, devices=s.devices, precision=s.precision)
    fabric.launch()
    run = Run(s.folder, s, s.checkpoint_minutes, writes=fabric.is_global_zero)
    a_step = s.batch * fabric.world_size
    a_pass = max(1, max(len(domains.photos), len(domains.paintings)) // a_step)
    steps = s.steps or max(1, round(s.epochs * a_pass))
    trainer = Trainer(fabric, s.method, s.size, steps, s.channels_last)
    first = 0
    if s.resume:
        state = load_state(s.folder)
        trainer.load(state)
        first = state["step"]
    trainer.launch()
    last = min(s.stop_at or steps, steps)
    data = crop_pairs(s, domains.photos, domains.paintings, steps * a_step)
    mine = range(first * a_step + fabric.global_rank, steps * a_step, fabric.world_size)
    workers = min(4, torch.get_num_threads() - 1)
    batches = iter(DataLoader(data, s.batch, sampler=mine, num_workers=workers))
    run_steps(s, domains, trainer, run, batches, range(first, last), a_pass)
    run.close()
    return last == steps and run.writes


def run_steps(
    settings: Settings,
    domains: Domains,
    trainer: Trainer,
    run: Run,
    batches: Iterator[list[Tensor]],
    steps: range,
    a_pass: int,
) -> None:
    """The loop: a step, its curves, and now and then a preview and a checkpoint."""
    s, fabric = settings, trainer.fabric
    status: dict[str, float] = {}
    begun = time.monotonic()
    for step in run.steps(steps.start, steps.stop, status):
        torch.manual_seed((s.seed * fabric.world_size + fabric.global_rank) * 1_000_003 + step)
        photo, painting = fabric.to_device(next(batches))
        if s.channels_last:
            photo, painting = (x.contiguous(memory_format=torch.channels_last) for x in (photo, painting))
        status.update(trainer.step(step, photo, painting))
        run.curves(step, status)
        if step == steps.start + 4 and len(steps) > 20:
            minutes = (time.monotonic() - begun) / 5 * (steps.stop - step) / 60
            run.say(f"about {minutes:.0f} minutes for {len(steps)} steps")
        done = step + 1
        last = done == steps.stop
        shown = last or done % (s.preview_steps or a_pass) == 0
        saved = last or done % a_pass == 0 or fabric.broadcast(run.due())
        if shown or saved:
            picture, cycle = preview(trainer.exported, fabric.device, s, domains)
            if shown:
                run.preview(done, picture)
        if saved:
            save(s, trainer, done, {"cycle": cycle}, run)


def save(settings: Settings, trainer: Trainer, step: int, figures: dict[str, float], run: Run) -> None:
    """Write G, F and all that a resumed training needs; every process must call."""
    state = {**trainer.state(), "step": step}
    run.curves(step, figures, "val")
    run.say(f"step {step}: " + "  ".join(f"{name} error {value:.4f}" for name, value in figures.items()))
    if run.writes:
        for network, path, reverse in zip(
            (trainer.exported.to_painting, trainer.exported.to_photo),
            weight_files(settings),
            (False, True),
            strict=True,
        ):
            save_generator(path, network, card_of(settings, step, figures, reverse))
        save_state(settings.folder, state)
    run.saved()


def weight_files(settings: Settings) -> tuple[Path, Path]:
    """The .safetensors files of G and of F."""
    return tuple(settings.folder / f"{settings.name}{end}.safetensors" for end in ("", "-reverse"))  # type: ignore[return-value]


def train(settings: Settings) -> Path:
    """Train as the settings say; returns G's .safetensors file. Raises InputError."""
    check(settings)
    may_install = run_training(settings)
    path = weight_files(settings)[0]
    if settings.install and may_install:
        install(path)
    return path


def main() -> int:
    """The command line."""
    settings = parse(Settings, "python -m training.cyclegan", __doc__)
    path = train(settings)
    if not settings.install:
        print(f"{path}: install it with  python -m export {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
