"""One run: the sizes from coarse to fine, the losses at each, and the picture that comes out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import torch
from PIL import Image
from torch import Tensor

from gatys import colors
from gatys.descent import Plan, Step, descend
from gatys.memory import GIB, MemoryPlan, largest_side, plan_memory
from gatys.pictures import at_size, enlarge, initial_picture, level_sizes, load_masks, painting_size, refine
from gatys.problem import LossSpec, Problem
from gatys.record import Checkpoint, Recorder, check_outputs, load_checkpoint, save_picture
from gatys.settings import Settings
from gatys.tiles import Field, deepest
from training.images import open_picture
from training.perceptual import VGG, load_vgg
from weights.errors import InputError


@dataclass(frozen=True)
class Rendering:
    """What a run made: the picture (1, 3, H, W) in [0, 1], its weighted loss terms, the curve, and its seconds."""

    picture: Tensor
    terms: dict[str, float]
    curve: list[dict[str, float]]
    seconds: float
    complete: bool


class Renderer:
    """Photo, paintings and loss network of one run, opened once."""

    def __init__(self, settings: Settings, vgg: VGG | None = None) -> None:
        """`vgg` saves loading it again where many pictures are made. Raises InputError."""
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self.settings = settings
        self.device = torch.device(_device(settings.device))
        self.photo: Image.Image = open_picture(settings.photo)
        self.paintings = [open_picture(path) for path in settings.paintings]
        self.vgg = vgg or open_vgg(settings, settings.pooling)
        spec = self.spec(1.0)
        self.field: Field = deepest(self.vgg, {*spec.content_layers, *spec.style_layers})
        self.sizes = level_sizes(self.photo, self.paintings, settings, self.field.size)
        self.memory_plan = self._plan_memory()

    def spec(self, area: float) -> LossSpec:
        """The loss that the settings ask for, at a size of 1 / `area` of the full one."""
        s = self.settings
        layers, form = s.weights_by_layer, s.loss
        return LossSpec(form, s.content_layers, layers, s.alpha, s.beta, s.tv, area)

    def _plan_memory(self) -> MemoryPlan:
        s, (height, width) = self.settings, self.sizes[-1]
        halo = self.field.halo
        found = plan_memory(height, width, s.memory * GIB, s.history, halo)
        if found is None:
            side = largest_side(height, width, s.memory * GIB, halo)
            raise InputError(
                f"A picture of {width}x{height} doesn't fit into {s.memory:g} GiB: use --size {side} or more --memory."
            )
        return found

    def photo_at(self, level: int) -> Tensor:
        """The photo at the level's size, as it was taken."""
        return at_size(self.photo, self.sizes[level]).to(self.device)

    def problem(self, level: int) -> tuple[Problem, Tensor, Tensor]:
        """The losses at the level's size; the photo and the first painting as they see them."""
        s = self.settings
        size, full = self.sizes[level], self.sizes[-1]
        photo, seen, paintings = self.photo_at(level), Tensor(), []
        for picture in self.paintings:
            painting = at_size(picture, painting_size(picture, size, s.style_scale)).to(self.device)
            seen, painting = colors.prepare(s.colors, photo, painting)
            paintings.append(painting)
        masks = load_masks(s, size)
        problem = Problem(
            self.vgg,
            self.spec(full[0] * full[1] / (size[0] * size[1])),
            seen,
            paintings,
            list(s.style_weights) or None,
            [mask.to(self.device) for mask in masks] if masks else None,
            self.memory_plan.tile_side if level == len(self.sizes) - 1 else 0,
        )
        return problem, seen, paintings[0]

    def plan(self, level: int) -> Plan:
        """The steps at a level."""
        s, full = self.settings, level == len(self.sizes) - 1
        adam_steps = s.adam_steps if level == 0 else 0
        return Plan(s.optimizer, s.steps if full else s.coarse_steps, adam_steps, s.lr, self.memory_plan.history)

    def work(self, level: int) -> float:
        """Steps times pixels of a level."""
        return self.plan(level).steps * self.sizes[level][0] * self.sizes[level][1]

    def walk(self, checkpoint: Checkpoint | None = None) -> Iterator[tuple[int, Step]]:
        """Go through all sizes, from the checkpoint where there is one; yields the size's number and each step."""
        x: Tensor | None = checkpoint.picture.to(self.device) if checkpoint else None
        first, done = (checkpoint.level, checkpoint.done) if checkpoint else (0, 0)
        for level in range(first, len(self.sizes)):
            problem, photo, painting = self.problem(level)
            if x is None:
                x = initial_picture(self.settings, photo, painting)
            elif self.settings.init == "content" and tuple(x.shape[2:]) == self.sizes[level - 1]:
                x = refine(x, colors.seen(self.settings.colors, self.photo_at(level - 1)), photo)
            else:
                x = enlarge(x, self.sizes[level])
            for step in descend(problem, x, self.plan(level), done if level == first else 0):
                x = step.picture
                yield level, step

    def render(self, recorder: Recorder, checkpoint: Checkpoint | None = None) -> Rendering:
        """Take the walk. Ctrl-C ends the run with the best picture so far, at the full size."""
        level, done = (checkpoint.level, checkpoint.done) if checkpoint else (0, 0)
        x: Tensor | None = checkpoint.picture.to(self.device) if checkpoint else None
        work = sum(self.work(number) for number in range(level, len(self.sizes)))
        complete = False
        with recorder.showing(work - self.work(level) * done / max(1, self.plan(level).steps), checkpoint):
            try:
                for level, step in self.walk(checkpoint):
                    x, done = step.picture, step.number
                    recorder.step(level, step)
                complete = True
            except KeyboardInterrupt:
                recorder.say("stopped: the best picture so far is written; --resume goes on from here")
                if x is not None and not recorder.quiet:
                    recorder.checkpoint(level, done, x)
        photo = self.photo_at(-1)
        picture = colors.finish(self.settings.colors, enlarge(photo if x is None else x, self.sizes[-1]), photo)
        last = recorder.curve[-1] if recorder.curve else {}
        terms = {k: v for k, v in last.items() if k not in ("level", "seconds", "total")}
        return Rendering(picture, terms, recorder.curve, recorder.seconds, complete)


def _device(name: str) -> str:
    """Raises InputError where CUDA is asked for and absent."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("There is no CUDA device here: use --device cpu.")
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


class NetworkOptions(Protocol):
    """The options that choose a loss network (settings.Settings explains them)."""

    @property
    def network(self) -> str: ...
    @property
    def vgg_weights(self) -> Path | None: ...
    @property
    def device(self) -> str: ...


def open_vgg(options: NetworkOptions, pooling: Literal["max", "avg"] = "avg") -> VGG:
    """The loss network, its convolutions laid out channels-last, which halves their time on a CPU."""
    vgg = load_vgg(options.network, options.vgg_weights, pooling).to(_device(options.device))
    return vgg.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@contextmanager
def memory_in_words(renderer: Renderer) -> Iterator[None]:
    """Turn an allocation that failed into an InputError that says which size would fit."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and "memory" not in str(error).lower():
            raise
        height, width = renderer.sizes[-1]
        halo = renderer.field.halo
        side = min(largest_side(height, width, renderer.settings.memory * GIB * 0.7, halo), max(height, width) * 3 // 4)
        raise InputError(
            f"The memory doesn't suffice for {width}x{height}: --size {side} or a smaller --memory would fit."
        ) from error


def render_file(settings: Settings) -> Rendering:
    """Render, and write the picture with its JSON, loss curve and film beside it. Raises InputError."""
    renderer = Renderer(settings)
    checkpoint = load_checkpoint(settings) if settings.resume else None
    check_outputs(settings)
    recorder = Recorder(settings)
    if renderer.memory_plan.history < settings.history and settings.optimizer == "lbfgs":
        recorder.say(f"the memory allows a history of {renderer.memory_plan.history} instead of {settings.history}")
    with memory_in_words(renderer):
        rendering = renderer.render(recorder, checkpoint)
    save_picture(rendering.picture, settings)
    recorder.finish({"sizes": renderer.sizes, "complete": rendering.complete}, rendering.complete)
    return rendering


def render_quietly(settings: Settings, vgg: VGG) -> Rendering:
    """Render, showing and writing nothing. Raises InputError."""
    renderer = Renderer(settings, vgg)
    with memory_in_words(renderer):
        return renderer.render(Recorder(settings, quiet=True))
