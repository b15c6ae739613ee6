"""How fast a run goes down, against the procedure of PyTorch's own tutorial; and how much memory a large one takes.

    python -m gatys.bench photo.jpg painting.jpg --size 512     both in turns, in one process, on the default loss
    python -m gatys.bench photo.jpg painting.jpg --peak 2048    the peak memory of a run of its own at 2048 px

The tutorial's procedure: torch.optim.LBFGS as it is, from the photo, at the full size, the picture clamped before each
of 300 evaluations. Ours: the default sizes, steps and optimiser of `python -m gatys`. Loss and network are the same
for both: those of `python -m gatys`, or with --preset those of another publication.
The two clocks run in turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import torch
import tyro
from torch import Tensor

from gatys.cli import parse
from gatys.memory import GIB, PICTURE
from gatys.render import Renderer, open_vgg
from gatys.settings import Preset, Settings, preset
from training.perceptual import VGG, load_vgg
from weights.errors import InputError, exit_code


@dataclass(frozen=True)
class BenchOptions:
    """Measure speed, or with --peak memory."""

    photo: Annotated[Path, tyro.conf.Positional]
    """The photo."""
    painting: Annotated[Path, tyro.conf.Positional]
    """The painting."""
    size: int = 512
    """Long side in pixels."""
    preset: Preset = "best"
    """Whose loss both go down."""
    steps: int = 300
    """Evaluations of the tutorial's procedure."""
    threads: int = 0
    """CPU threads; 0 for all."""
    layout: Literal["own", "ours"] = "own"
    """Memory layout of the tutorial's network: its own (contiguous), or ours (channels last)."""
    peak: int = 0
    """Measure the peak memory at this long side instead."""
    peak_steps: int = 3
    """Steps of the memory run."""


@dataclass
class Clock:
    """One contender: its losses over its own seconds."""

    losses: Iterator[float]
    seconds: float = 0.0
    steps: int = 0
    running: bool = True

    def __post_init__(self) -> None:
        self.curve: list[tuple[float, float]] = []

    def advance(self) -> None:
        """Let it take one turn."""
        begun = time.perf_counter()
        loss = next(self.losses, None)
        self.seconds += time.perf_counter() - begun
        if loss is None:
            self.running = False
        else:
            self.curve.append((self.seconds, loss))

    def seconds_to(self, goal: float) -> float | None:
        """Its seconds until the loss was `goal` or below; None where it never was."""
        return next((seconds for seconds, loss in self.curve if loss <= goal), None)


def tutorial(settings: Settings, vgg: VGG, evaluations: int) -> Iterator[float]:
    """The tutorial's procedure: yields the lowest loss so far after each `optimizer.step`, of 20 evaluations each."""
    renderer = Renderer(replace(settings, scales=1, memory=1e3), vgg)
    problem, photo, _ = renderer.problem(0)
    x, losses = photo.clone().requires_grad_(), [float("inf")]
    optimizer = torch.optim.LBFGS([x])

    def closure() -> Tensor:
        with torch.no_grad():
            x.clamp_(0, 1)
        value = problem(x)
        x.grad = value.gradient
        losses.append(value.total)
        return torch.tensor(value.total)

    while len(losses) <= evaluations:
        optimizer.step(closure)  # type: ignore[no-untyped-call]
        yield min(losses)


def ours(settings: Settings, vgg: VGG) -> Iterator[float]:
    """The default run: yields each step's loss at the full size, infinity before it is reached."""
    renderer = Renderer(settings, vgg)
    for level, step in renderer.walk():
        yield step.total if level == len(renderer.sizes) - 1 else float("inf")


def race(options: BenchOptions) -> tuple[Clock, Clock]:
    """Both to their ends, always the one that is behind; the tutorial's and ours."""
    if options.threads:
        torch.set_num_threads(options.threads)
    default = Settings(options.photo, (options.painting,))
    settings = replace(
        preset(options.preset, options.photo, (options.painting,)),
        **{
            name: getattr(default, name) for name in ("init", "optimizer", "steps", "coarse_steps", "history", "scales")
        },
        size=options.size,
    )
    vgg = open_vgg(settings, settings.pooling)
    plain = vgg if options.layout == "ours" else load_vgg(settings.network, pooling=settings.pooling)
    clocks = Clock(tutorial(settings, plain, options.steps)), Clock(ours(settings, vgg))
    while any(clock.running for clock in clocks):
        min((clock for clock in clocks if clock.running), key=lambda clock: clock.seconds).advance()
    return clocks


def speed(options: BenchOptions) -> None:
    """Print what the race gave."""
    theirs, mine = race(options)
    goal = theirs.curve[-1][1]
    reached, needed = theirs.seconds_to(goal), mine.seconds_to(goal)
    threads = torch.get_num_threads()
    machine = "1 thread" if threads == 1 else f"{threads} threads"
    print(f"{options.photo.stem}, {options.painting.stem}, {options.size} px, {options.preset} loss, {machine}")
    print(f"tutorial's procedure  {options.steps} evaluations, loss {goal:.4g}, {reached:.1f} s")
    if needed is None:
        print(f"ours                  ends at {mine.curve[-1][1]:.4g} after {mine.seconds:.1f} s: not reached")
    else:
        steps = next(number for number, (_, loss) in enumerate(mine.curve, start=1) if loss <= goal)
        print(f"ours                  that loss after {needed:.1f} s, {steps} steps (coarse ones included)")
        print(f"ratio                 {needed / (reached or needed):.2f}")


def peak_of_children() -> int:
    """The largest memory that a process started here has taken, in bytes. Raises InputError on Windows."""
    try:
        import resource  # which Windows doesn't have
    except ImportError:
        raise InputError("The peak memory can't be measured on this system: run --peak on Linux or macOS.") from None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def peak(options: BenchOptions) -> None:
    """Run once in a process of its own and print its peak memory. Raises InputError."""
    peak_of_children()  # what can't be measured is said before the run
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "gatys", str(options.photo), str(options.painting), "-o", f"{folder}/out.png"),
            *("--size", str(options.peak), "--scales", "1", "--steps", str(options.peak_steps)),
            *("--threads", str(options.threads)),
        ]
        if subprocess.run(command, check=False).returncode:
            raise InputError(f"The run at {options.peak} px failed: see above.")
    used = peak_of_children()
    renderer = Renderer(Settings(options.photo, (options.painting,), size=options.peak, scales=1))
    (height, width), plan = renderer.sizes[-1], renderer.memory_plan
    missing = max(0, plan.history - options.peak_steps) * 2 * PICTURE * height * width
    print(f"{width}x{height}, tiles of {plan.tile_side or 'the whole'} px, history {plan.history}")
    print(f"peak memory {used / GIB:.2f} GiB, with a full history {(used + missing) / GIB:.2f} GiB")


def main() -> int:
    """The command line."""
    options = parse(BenchOptions, "python -m gatys.bench", __doc__)
    if options.peak:
        peak(options)
    else:
        speed(options)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
