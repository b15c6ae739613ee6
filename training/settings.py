"""What every training of a fast network lets the user choose: photos, steps, optimiser, steadiness, machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.images import pictures_in, split
from weights.errors import InputError

Precision = Literal["auto", "32-true", "bf16-mixed", "16-mixed"]
Resident = Literal["auto", "yes", "no"]


def option(name: str) -> str:
    """What a setting is called on the command line."""
    return f"--{name.replace('_', '-')}"


def at_least(settings: object, **bounds: float) -> None:
    """Raise InputError where a setting, or one of its numbers, is below its bound or no finite number."""
    for name, bound in bounds.items():
        value = getattr(settings, name)
        if not all(bound <= number < float("inf") for number in (value if isinstance(value, tuple) else (value,))):
            raise InputError(f"{option(name)} is {value}: it must be a number, at least {bound}.")


class InRunFolder:
    """Settings of a training whose folder is chosen by `out`, or else by its name."""

    name: str
    out: Path | None

    @property
    def folder(self) -> Path:
        return self.out or Path("runs") / self.name


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The machine, the seed and the checkpoints of any training."""

    seed: int = 0
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    checkpoint_minutes: float = 4.0
    """Minutes between checkpoints at most; one is written after each pass too."""
    line_seconds: float = 60.0
    """Seconds between two lines of how far it is, where the output is not a terminal."""
    devices: int = 1
    """Processes or GPUs."""
    accelerator: str = "auto"
    """auto, cpu or cuda."""
    threads: int = 0
    """CPU threads; 0 for all."""
    install: bool = False
    """Export and install the style at the end."""

    def __post_init__(self) -> None:
        at_least(self, seed=0, checkpoint_minutes=0, line_seconds=0, devices=1, threads=0)


@dataclass(frozen=True)
class LoopSettings(RunSettings):
    """Photos, steps, optimiser, steadiness, machine."""

    photos: Path
    """A folder of photos to train on; a hundred will do, thousands are better."""
    val: Path | None = None
    """Held-out photos for the validation loss; without it, one photo in twenty is held out."""
    size: int = 384
    """Crop side in pixels, a multiple of 8. Few large crops teach far more of large strokes than many small ones."""
    zoom: float = 1.25
    """Photos are scaled at random to a short side of 1 to so many crop sides; what is as large is painted best."""
    batch: int = 2
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
    ema: float = 0.999
    """Decay of the moving average of the weights, which is what is validated, shown and exported; 0 for none."""
    steady_weight: float = 1000.0
    """Weight of the steadiness term; 0 for the papers' loss."""
    teacher: Path | None = None
    """A folder of pictures of one style named as the photos, as `python -m gatys` paints them, to come near to."""
    teacher_weight: float = 30.0
    """Weight of the squared difference from the teacher's pictures."""
    patience: int = 0
    """Stop after so many checkpoints without a lower validation loss; 0 never."""
    preview_steps: int = 100
    """Steps between preview pictures."""
    log_steps: int = 10
    """Steps between points of the training curves, each of which waits for the device."""
    precision: Precision = "auto"
    """auto: bf16-mixed where the processor or GPU computes in it, else 32-true."""
    resident: Resident = "auto"
    """Decode the photos once, to where it computes; auto: on a GPU of whose memory they take a quarter at most."""
    compile: bool = False
    """Compile painter and loss network first, for minutes, for faster steps on a GPU; needs a C++ compiler."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, batch=1, steps=0, preview_steps=1, log_steps=1, patience=0)
        at_least(self, lr=0, steady_weight=0, teacher_weight=0, epochs=0)
        if self.size < 32 or self.size % 8:
            raise InputError(f"--size is {self.size}: it must be a multiple of 8, at least 32.")
        if not 1 <= self.zoom <= 16:
            raise InputError(f"--zoom is {self.zoom}: it must be from 1 to 16.")
        if not 0 <= self.ema < 1:
            raise InputError(f"--ema is {self.ema}: it must be from 0 to less than 1.")


FREE = frozenset(
    {
        "photos", "val", "teacher", "resume", "checkpoint_minutes", "line_seconds", "preview_steps", "log_steps",
        "patience", "devices", "accelerator", "threads", "install", "resident", "compile",
    }
)  # fmt: skip
"""What a resumed training may change; of the folders, the pictures' names must be the same."""


def split_photos(settings: LoopSettings) -> tuple[list[Path], list[Path]]:
    """The photos to train on and those held out."""
    photos = pictures_in(settings.photos)
    if settings.val:
        return photos, pictures_in(settings.val)
    rest, held_out = split(photos, 20)
    return rest or photos, held_out


def taught_by(teacher: Path, photos: list[Path]) -> dict[Path, Path]:
    """The teacher's picture of each photo that it has one of, by equal names. Raises InputError where there is none."""
    by_name = {path.stem: path for path in pictures_in(teacher)}
    found = {photo: by_name[photo.stem] for photo in photos if photo.stem in by_name}
    if not found:
        raise InputError(
            f"No picture in {teacher} is named as one of the photos to train on (some are held out, unless --val "
            "names others): paint photo.jpg as photo.png there."
        )
    return found
