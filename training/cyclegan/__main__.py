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
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from training.checkpoint import save_generator, save_state
from training.cli import parse
from training.cyclegan.domains import Domains, HeldOut, crop_pairs, split_domains
from training.cyclegan.settings import Settings, card_of
from training.cyclegan.trainer import GeneratorPair, Trainer
from training.images import sheet
from training.processes import launched, said_once
from training.provenance import install
from training.resume import names_of, state_to_begin_with, taking_over, what_must_stay
from training.run import Run, outlive_a_stop
from training.settings import FREE
from weights.errors import exit_code

PREVIEWED = 6


@torch.no_grad()
def preview(generators: GeneratorPair, held_out: HeldOut) -> tuple[Tensor, float]:
    """The sheet x, G(x), F(G(x)) and y, F(y), G(F(y)) of held-out crops; the mean of |F(G(x)) - x| in [0, 1]."""
    rows: list[list[Tensor]] = [[] for _ in range(6)]
    errors: list[Tensor] = []
    for i, (x, y) in enumerate(held_out):
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
    fabric = launched(s.accelerator, s.devices, s.precision)
    a_step = s.batch * fabric.world_size
    same = must_stay(s, domains, a_step)
    with said_once(fabric):
        state = state_to_begin_with(s.folder, same, s.resume)
    held_out = HeldOut(s, domains, fabric.device)
    a_pass = max(1, max(len(domains.photos), len(domains.paintings)) // a_step)
    steps = s.steps or max(1, round(s.epochs * a_pass))
    trainer = Trainer(fabric, s.method, s.size, steps, s.channels_last)
    first = 0
    if state:
        with said_once(fabric), taking_over(s.folder):
            trainer.load(state)
            first = state["step"]
    trainer.launch()
    run = Run(s.folder, s, s.checkpoint_minutes, fabric.is_global_zero, s.line_seconds)
    last = min(s.stop_at or steps, steps)
    data = crop_pairs(s, domains.photos, domains.paintings, steps * a_step)
    mine = range(first * a_step + fabric.global_rank, steps * a_step, fabric.world_size)
    workers = min(4, torch.get_num_threads() - 1)
    batches = iter(DataLoader(data, s.batch, sampler=mine, num_workers=workers, worker_init_fn=outlive_a_stop))
    status: dict[str, float] = {}
    for step in run.steps(first, last, status):
        status.update(one_step(s, trainer, step, next(batches)))
        run.curves(step, status)
        done = step + 1
        end = done == last
        shown = end or done % (s.preview_steps or a_pass) == 0
        late = run.due(fabric.broadcast)
        saved = end or done % a_pass == 0 or late
        if shown or saved:
            picture, cycle = preview(trainer.exported, held_out)
            if shown:
                run.preview(done, picture)
        if saved:
            save(s, trainer, done, {"cycle": cycle}, run, same)
    run.close()
    return last == steps and run.writes


def one_step(settings: Settings, trainer: Trainer, step: int, batch: list[Tensor]) -> dict[str, float]:
    """The weighted terms of a step, whose chance is a function of the seed, the step and the process."""
    fabric = trainer.fabric
    torch.manual_seed((settings.seed * fabric.world_size + fabric.global_rank) * 1_000_003 + step)
    photo, painting = fabric.to_device(batch)
    if settings.channels_last:
        photo, painting = (x.contiguous(memory_format=torch.channels_last) for x in (photo, painting))
    return trainer.step(step, photo, painting)


def must_stay(settings: Settings, domains: Domains, a_step: int) -> dict[str, Any]:
    """What a resumed run must have in common with this one, by what a user calls it."""
    record = asdict(settings)
    content = {
        "the photos' names": names_of(domains.photos),
        "the paintings' names": names_of(domains.paintings),
        "--devices times --batch": a_step,
    }
    return what_must_stay(
        {**record.pop("method"), **record}, {*FREE, "paintings", "stop_at", "out", "picture"}, content
    )


def save(
    settings: Settings, trainer: Trainer, step: int, figures: dict[str, float], run: Run, same: dict[str, Any]
) -> None:
    """Write G, F and all that a resumed training needs; every process must call."""
    state = {**trainer.state(), "step": step, "same": same}
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
    card_of(settings, 0, {})  # a bad name is said before hours of work
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
