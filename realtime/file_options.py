"""What the command line can say of files alone: defaults, what fits, and the flags made from them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from realtime.codecs import NAMES
from realtime.suffixes import WRITABLE
from realtime.timeline import WHOLE, Schedule, Trim, read_schedule, read_time
from weights.errors import InputError

MOST_LINES = 8640
"""The largest height of a picture that can be asked for."""


@dataclass(frozen=True)
class FileOptions:
    """How files are painted and written; the defaults stand here and nowhere else."""

    overwrite: bool = False
    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    hwaccel: str | None = None
    bits: int = 8
    steady: bool = True
    restart: bool = False
    keep_partial: bool = False
    part_seconds: float = 10.0
    trim: Trim = WHOLE
    style_schedule: Schedule = ()
    fade: float = 1.0
    out_height: int | None = None
    side_by_side: bool = False
    part: tuple[int, int] | None = None
    join: bool = False
    ray: str | None = None
    preview: Path | None = None
    at: Fraction | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.hwaccel == "auto" and (self.part or self.join or self.ray is not None):
            raise InputError("--hwaccel may find something else on each machine: name what all have, as in nvenc.")
        if not 0.1 <= self.part_seconds <= 86400:
            raise InputError(f"--part-seconds {self.part_seconds:g} is out of range: give 0.1 to 86400 seconds.")
        if self.preview is not None:
            if self.preview.suffix.lower() not in WRITABLE:
                raise InputError(f"--preview {self.preview} is no picture: end its name in .jpg, .png, .webp or .tif.")
        elif self.at is not None:
            raise InputError("--at says which frame a preview shows: give --preview FILE too.")
        if not 0 <= self.fade <= 3600:
            raise InputError(f"--fade {self.fade:g} is out of range: give 0 to 3600 seconds.")
        check_lines("--out-height", self.out_height)
        if bool(self.part) + self.join + (self.ray is not None) > 1:
            raise InputError("--part, --join and --ray each say who paints what: give one of them at a time.")
        if self.restart and (self.part or self.join):
            raise InputError("--restart would throw away what other machines paint: give it without --part and --join.")

    @property
    def only_tries(self) -> bool:
        """Whether nothing is painted to its end."""
        return self.preview is not None or self.dry_run


def check_lines(name: str, lines: int | None) -> None:
    """Raise InputError where the option `name` asks for too few or too many."""
    if lines is not None and not 16 <= lines <= MOST_LINES:
        raise InputError(f"{name} {lines} is out of range: give 16 to {MOST_LINES} lines.")


def add_file_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Add what concerns files alone; returns it."""
    default, add = FileOptions(), parser.add_argument_group("for files").add_argument
    return [
        add("--trim", type=Trim.read, metavar="A-B", default=default.trim,
            help="paint seconds A to B of clips, as in 5-12.5, 5-, -12.5, 1:05-1:30"),
        add("--style-schedule", type=read_schedule, metavar="S", default=default.style_schedule,
            help='other styles from some seconds on: "0 starry-night, 5.0 great-wave"'),
        add("--fade", type=float, metavar="S", default=default.fade,
            help="seconds from one of them to the next (default: 1)"),
        add("--out-height", type=int, metavar="N",
            help="lines of the file, whatever --height paints at (default: the source's)"),
        add("--side-by-side", action="store_true", help="the source at the left, the painting at the right"),
        add("--preview", type=Path, metavar="FILE", help="paint one frame, from the middle, to a picture, and no more"),
        add("--at", type=read_time, metavar="S", help="the second whose frame it shows"),
        add("--dry-run", action="store_true", help="say what would be written and how long it takes; write nothing"),
        add("--json", action="store_true", help="tell it in lines of JSON, for programs"),
        add("--overwrite", action="store_true", help="paint again what is in the folder OUT already"),
        add("--codec", metavar="NAME", help=f"{', '.join(NAMES)} (default: h264; vp9 in .webm)"),
        add("--crf", type=int, metavar="N", help="0 is best, larger is smaller (default: the codec's own)"),
        add("--preset", metavar="P", help="the encoder's pace, such as medium (h264, hevc) or 6 (av1)"),
        add("--hwaccel", metavar="K", nargs="?", const="auto",
            help="encode in hardware that can: auto, nvenc, videotoolbox, qsv, amf, mf"),
        add("--bits", type=int, metavar="N", default=default.bits, help="8 or 10: smoother gradients (default: 8)"),
        add("--steady", action=argparse.BooleanOptionalAction, default=default.steady,
            help="take the flicker out of clips, along the optical flow (default: on)"),
        add("--resume", action="store_false", dest="restart", default=default.restart,
            help="go on with what a stopped run has painted of a clip (the default)"),
        add("--restart", action="store_true", help="throw away what a stopped run has painted of a clip"),
        add("--keep-partial", action="store_true", help="where stopped, leave NAME.partial that plays so far"),
        add("--part-seconds", type=float, metavar="S", default=default.part_seconds,
            help="what a stop costs at most (default: 10)"),
        add("--part", type=share, metavar="K/N", help="paint the K-th of N shares, as one of N machines"),
        add("--join", action="store_true", help="put together what they have painted"),
        add("--ray", metavar="ADDRESS", nargs="?", const="", help="paint on a Ray cluster, or on one begun here"),
    ]  # fmt: skip


def share(text: str) -> tuple[int, int]:
    """K and N of `K/N`; raises InputError."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise InputError(f"--part {text} is no share: give K/N, from 1/N to N/N, as in 3/8.")
    return int(number), int(count)
