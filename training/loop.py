"""The training loop that johnson, multistyle and newstyle share: one step after another, from top to bottom."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from training.checkpoint import save_state
from training.images import PhotoCrops
from training.objective import Objective, total
from training.optimisation import (
    Painter,
    Patience,
    chosen_precision,
    compile_in_place,
    learning_rate,
    moving_average,
    optimizer_of,
)
from training.perceptual import pixel_loss
from training.processes import launched, said_once
from training.resident import ResidentCrops, resident
from training.resume import names_of, state_to_begin_with, taking_over, what_must_stay
from training.run import Run, outlive_a_stop
from training.settings import FREE, LoopSettings, split_photos, taught_by
from training.temporal import steadiness_loss
from training.validation import HeldOut, out_of_balance
from weights.errors import InputError

SHORTEST_PASS = 100
"""Steps between checkpoints at least, however few the photos: each costs a validation."""


@dataclass(frozen=True)
class Training:
    """One training, ready to run.

    `save` writes the weights of the painter it is given, after a number of steps with these validation losses.
    """

    settings: LoopSettings
    folder: Path
    painter: Painter
    objective: Objective
    styles: int
    save: Callable[[Painter, int, dict[str, float]], None]
    record: object
    """The dataclass of all settings, for the run folder and for the check of a resumed run."""
    content: Mapping[str, str]
    """What else must be the same in a resumed run, by what a user calls it: the sha256 of each painting."""
    judged: Sequence[int] = ()
    """The styles that are validated and shown, where not the ones that are trained."""


def run_training(training: Training) -> bool:
    """Run the training to its end; whether this process is the one that writes. Raises InputError."""
    loop = _Loop(training)
    loop.run()
    return loop.run_folder.writes


class _Loop:
    """One training on its way: its machine, its photos, its optimiser and its run folder."""

    def __init__(self, training: Training) -> None:
        self.training, self.settings = training, training.settings
        s = self.settings
        if s.threads:
            torch.set_num_threads(s.threads)
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # what it computes in is said below
        precision, words = chosen_precision(s.precision, s.accelerator)
        self.fabric = launched(s.accelerator, s.devices, precision)
        with said_once(self.fabric):
            self._begin()
        self.run_folder = Run(
            training.folder, training.record, s.checkpoint_minutes, self.fabric.is_global_zero, s.line_seconds
        )
        self.run_folder.say(f"computing in {words}")

    def _begin(self) -> None:
        """Find the photos, and set up all else, fresh or as the checkpoint has it. Raises InputError."""
        s = self.settings
        self._find_photos()
        self.a_step = s.batch * self.fabric.world_size
        self.between_checkpoints = max(SHORTEST_PASS, len(self.photos) // self.a_step)
        self.steps = s.steps or max(1, round(s.epochs * len(self.photos) / self.a_step))
        self.first = 0
        self.patience = Patience(s.patience)
        self.same = self._what_must_stay()
        state = state_to_begin_with(self.training.folder, self.same, s.resume)
        with taking_over(self.training.folder):
            self._set_up(state)

    def _find_photos(self) -> None:
        s = self.settings
        self.photos, held_out = split_photos(s)
        if s.teacher and self.training.styles > 1:
            raise InputError(
                f"The pictures in {s.teacher} teach one style: leave --teacher out where many are trained."
            )
        self.taught = taught_by(s.teacher, self.photos) if s.teacher else {}
        self.photos = list(self.taught) or self.photos
        judged = self.training.judged or range(self.training.styles)
        self.held_out = HeldOut(held_out, s.size, judged, self.fabric.device)

    def _what_must_stay(self) -> dict[str, Any]:
        record = asdict(self.training.record)  # type: ignore[call-overload]
        settings = {**record.pop("loop"), **record.pop("loss", {}), **record}
        free = {
            *FREE,
            "out",
            "style_image",
            "paintings",
            "pack",
            "init",
            "trunk",
            "predictor",
            "vgg_weights",
            "picture",
        }
        if self.settings.schedule == "constant":  # where the steps to come don't change those that were made
            free |= {"steps", "epochs"}
        content = {"the photos' names": names_of(self.photos), **self.training.content}
        return what_must_stay(settings, free, {**content, "--devices times --batch": self.a_step})

    def _set_up(self, state: Mapping[str, Any] | None) -> None:
        """Networks, optimiser and average, fresh or as `state` has them."""
        self.bare = self.training.painter
        optimizer = optimizer_of(self.settings, self.bare)
        if state:
            self.bare.load_state_dict(state["painter"])
            optimizer.load_state_dict(state["optimizer"])
            self.first = state["step"]
            self.patience.load(state["patience"])
        self.objective = self.training.objective.to(self.fabric.device)
        torch.backends.cudnn.benchmark = True  # every step has the shapes of the one before
        if self.settings.compile:
            compile_in_place(self.bare, self.objective.vgg)
        self.painter, self.optimizer = self.fabric.setup(self.bare, optimizer)
        self.average = moving_average(self.bare, self.settings.ema)
        if state:
            self.average.load_state_dict(state["average"])

    def run(self) -> None:
        """Step by step, with previews and checkpoints on the way."""
        run, batches = self.run_folder, iter(self._loader())
        status: dict[str, float] = {}
        for step in run.steps(self.first, self.steps, status):
            terms = self._step(step, next(batches))
            done, last = step + 1, step + 1 == self.steps
            late = run.due(self.fabric.broadcast)
            checkpoint = last or late or done % self.between_checkpoints == 0
            if checkpoint or step % self.settings.log_steps == 0:
                status.update(self._read(step, terms))
                run.curves(step, status)
            if run.writes and (last or done % self.settings.preview_steps == 0):
                run.preview(done, self._preview())
            if checkpoint and self._checkpoint(done) and not last:
                run.say(f"the validation loss has settled: stopped after {done} steps")
                break
        run.close()

    def _loader(self) -> DataLoader[Tensor]:
        s, fabric = self.settings, self.fabric
        crops = PhotoCrops(self.photos, s.size, s.seed, self.steps * self.a_step, self.taught, s.zoom)
        mine = range(self.first * self.a_step + fabric.global_rank, self.steps * self.a_step, fabric.world_size)
        if resident(crops, s.resident, fabric.device):
            crops = ResidentCrops(crops, fabric.device)
            self.run_folder.say(f"the photos lie in the memory of {fabric.device}: {crops.nbytes / 1e6:.0f} MB")
            return DataLoader(crops, s.batch, sampler=mine)
        on_gpu = fabric.device.type == "cuda"
        # a GPU waits for its photos: all processors read them; otherwise they are wanted for the steps
        workers = min(16, (os.cpu_count() or 2) - 1) if on_gpu else min(4, torch.get_num_threads() - 1)
        return DataLoader(
            crops, s.batch, sampler=mine, num_workers=workers, pin_memory=on_gpu, worker_init_fn=outlive_a_stop
        )

    def _step(self, step: int, photo: Tensor) -> dict[str, Tensor]:
        """One step of the optimiser; the weighted terms, not yet read back.

        All chance in it is a function of the seed, the step and the process.
        """
        s, rank, world = self.settings, self.fabric.global_rank, self.fabric.world_size
        torch.manual_seed((s.seed * 1_000_003 + step) * world + rank)
        photo, lesson = self.fabric.to_device(photo).tensor_split([3], dim=1)
        mine = torch.arange(len(photo), device=photo.device) * world + rank + step * self.a_step
        which = mine % self.training.styles
        for group in self.optimizer.param_groups:
            group["lr"] = group["lr_scale"] * learning_rate(s, step, self.steps)
        with self.fabric.autocast():
            painted = self.painter(photo, which)
            terms: dict[str, Tensor] = self.objective(painted, photo, which=which, sampled=True)
            if self.taught:
                terms["teacher"] = s.teacher_weight * pixel_loss(painted, lesson)
            if s.steady_weight:
                terms["steady"] = s.steady_weight * steadiness_loss(lambda x: self.painter(x, which), photo, painted)
        self.optimizer.zero_grad()
        self.fabric.backward(total(terms))
        self.optimizer.step()
        self.average.update_parameters(self.bare)
        return terms

    def _read(self, step: int, terms: Mapping[str, Tensor]) -> dict[str, float]:
        """The terms and their sum as numbers, in one read. Raises InputError where one is no number."""
        values = torch.stack([value.detach().float() for value in terms.values()]).tolist()
        loss = sum(values)
        if not abs(loss) < float("inf"):
            raise InputError(
                f"The loss is not a number at step {step}: train again with a smaller --lr than {self.settings.lr}."
            )
        return {**{name: value for name, value in zip(terms, values, strict=True) if value}, "loss": loss}

    @property
    def _averaged(self) -> Painter:
        painter = self.average.module
        assert isinstance(painter, Painter)
        return painter

    def _preview(self) -> Tensor:
        with self.fabric.autocast():
            return self.held_out.preview(self._averaged)

    def _checkpoint(self, step: int) -> bool:
        """Write everything; whether the training may stop."""
        run, average = self.run_folder, self._averaged
        with self.fabric.autocast():
            losses = self.held_out.validate(average, self.objective)
        run.curves(step, losses, "val")
        run.say(f"step {step}: validation " + "  ".join(f"{k} {v:.4g}" for k, v in losses.items() if v))
        if warning := out_of_balance(losses):
            run.say(f"warning: {warning}")
        settled = self.patience.over(losses["total"])
        if run.writes:
            self.training.save(average, step, losses)
            numbers = {"painter": self.bare.state_dict(), "optimizer": self.optimizer.state_dict()}
            rest = {"average": self.average.state_dict(), "patience": self.patience.state(), "same": self.same}
            save_state(self.training.folder, {**numbers, **rest, "step": step})
        run.saved()
        return settled
