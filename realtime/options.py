"""The command line of the live half: its defaults, in one place, and the parser made from them."""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

from realtime.file_options import FileOptions, add_file_options, check_lines
from realtime.looks import load_look, look_path
from weights.errors import InputError
from weights.folders import search_path

SERVED_AT = 8080
"""The port of --serve."""

EXAMPLES = """\
examples:
  python -m realtime a.jpg b.mp4 dir -o OUT     files, into the folder OUT
  python -m realtime clip.mp4 -o painted.mp4    a video file, with its sound
"""


@dataclass(frozen=True)
class Options(FileOptions):
    """What the command line can say; the defaults stand here and nowhere else."""

    inputs: tuple[Path, ...] = ()
    output: Path | None = None
    source: str | None = None
    style: str | None = None
    strength: float = 1.0
    stroke: float = 1.0
    keep_colors: float = 0.0
    look: str | None = None
    keep_style: str | None = None
    height: int | None = None
    device: str = "auto"
    engine: str = "auto"
    precision: str = "auto"
    threads: int = 0
    weights: tuple[Path, ...] = field(default_factory=search_path)
    fps: float | None = None
    record: Path | None = None
    microphone: bool = False
    serve: str | None = None
    virtual_camera: bool = False
    no_window: bool = False
    list: bool = False
    json: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (
            ("--strength", self.strength),
            ("--stroke", self.stroke),
            ("--keep-colors", self.keep_colors),
        ):
            if not 0 <= value <= 1:
                raise InputError(f"{name} {value:g} is out of range: give a number from 0 to 1.")
        check_lines("--height", self.height)
        most = max(64, os.cpu_count() or 1)
        if not 0 <= self.threads <= most:
            raise InputError(f"--threads {self.threads} is out of range: give 0 (one for each core) to {most}.")
        if self.fps is not None and not 1 <= self.fps <= 240:
            raise InputError(f"--fps {self.fps:g} is out of range: give 1 to 240 frames a second.")
        if self.inputs and self.source is not None:
            raise InputError("Give either files to paint or --source for the window, not both.")
        if self.inputs and (self.goes_out or self.no_window):
            raise InputError("Give either files to paint, or live outputs such as --record and --serve, not both.")
        if self.microphone and self.record is None:
            raise InputError("--microphone is heard in a recording: give --record FILE too.")
        if self.keep_style is not None and self.style is None:
            raise InputError("--keep-style NAME keeps the style of a picture: give --style PICTURE too.")
        if self.keep_style is not None and self.dry_run:
            raise InputError("--keep-style writes a style, and --dry-run writes nothing: leave one of them out.")
        if not self.inputs:
            self._check_without_files()

    def _check_without_files(self) -> None:
        asked = {"-o": self.output, "--preview": self.preview, "--dry-run": self.dry_run, "--trim": self.trim,
            "--style-schedule": self.style_schedule, "--side-by-side": self.side_by_side,
            "--part": self.part, "--join": self.join, "--ray": self.ray is not None}  # fmt: skip
        for name, value in asked.items():
            if value:
                raise InputError(f"{name} needs files to paint: name a picture or a clip before it.")

    @property
    def goes_out(self) -> bool:
        """Whether the live picture goes elsewhere than into the window."""
        return self.record is not None or self.serve is not None or self.virtual_camera


def parse(arguments: list[str] | None = None) -> Options:
    """The options that `arguments` (default: the command line) say; raises InputError for what argparse can't judge."""
    words = sys.argv[1:] if arguments is None else arguments
    parser, words = _parser(), _with_values(words)
    values = vars(parser.parse_args(words))
    if values["look"] is not None:  # what is typed beside it goes before it
        parser.set_defaults(**asdict(load_look(look_path(values["look"]))))
        values = vars(parser.parse_args(words))
    return Options(**{**values, "inputs": tuple(values["inputs"]), "weights": search_path(values["weights"])})


_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|nan|[-+]?inf"
_FREE = {
    "--keep-colors": (_NUMBER, "1"),
    "--hwaccel": ("[a-z]+", "auto"),
    "--ray": (r"auto|local|(ray://)?[\w.-]+:\d+", ""),
}
"""Options whose value may be left out: what a value looks like, and what it is then."""


def _with_values(words: list[str]) -> list[str]:
    """`words` with the value of those options whose value is left out: argparse would take the next file for it."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in _FREE:
            pattern, value = _FREE[found[-1]]
            if not re.fullmatch(pattern, word, re.IGNORECASE):
                found[-1] = f"{found[-1]}={value}"
        found.append(word)
    return found


class _MoreHelp(argparse.Action):
    """Prints the options that concern files, or the live picture, alone: the others fit a screen without them."""

    def __call__(self, parser: argparse.ArgumentParser, _: object, __: object, option: str | None = None) -> NoReturn:
        add, usage = _MORE[str(option)]
        alone = _Parser(prog=parser.prog, usage=f"%(prog)s {usage} [options]", add_help=False)
        alone.formatter_class = parser.formatter_class
        add(alone)
        alone.print_help()
        raise SystemExit(0)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong like everything else here: one sentence, no usage text around it."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}: see python -m realtime --help.")


def _parser() -> argparse.ArgumentParser:
    default = Options()
    parser = _Parser(
        prog="python -m realtime",
        description="Paint live video, clips and stills in the style of a painting.",
        epilog=EXAMPLES,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=80, max_help_position=21),
        usage="%(prog)s [files [-o OUT]] [options]",
        add_help=False,
    )
    what = parser.add_argument_group("what")
    add = what.add_argument
    add("inputs", nargs="*", type=Path, metavar="files", help="pictures, clips, folders; none: a live window")
    add("-o", dest="output", type=Path, metavar="OUT", help="file or folder to write (default: ./NAME-STYLE)")
    add("--source", metavar="S", help="camera number or name, file, http: or rtsp: (default: 0)")
    add("--list", action="store_true", help="list the styles, as --json too; --keep-style NAME adds one")
    add("-h", "--help", action="help", help=argparse.SUPPRESS)
    more = partial(add, nargs=0, action=_MoreHelp, default=argparse.SUPPRESS)
    more("--help-files", help="codecs and all else for files (--help-live: record, serve)")
    more("--help-live", help=argparse.SUPPRESS)
    add = parser.add_argument_group("how").add_argument
    add("--style", metavar="NAME", help="of --list (starry-night), a picture, a blend a:0.6,b:0.4")
    add("--strength", type=float, metavar="X", default=default.strength, help="0 photo .. 1 painting (default: 1)")
    add("--stroke", type=float, metavar="X", default=default.stroke, help="0 fine .. 1 bold strokes (default: 1)")
    add("--keep-colors", type=float, metavar="X", nargs="?", const=1.0, default=default.keep_colors,
        help="0 .. 1, colours of the photo (default: 0)")  # fmt: skip
    add("--look", metavar="L", help="a saved look: its number, 0 to 9, or its file")
    add("--height", type=int, metavar="N", help="lines to paint at (default: live 480, files their own)")
    add(
        "--device",
        metavar="D",
        default=default.device,
        help="auto, cpu or cuda (also --engine, --precision, --threads)",
    )
    add("--engine", default=default.engine, help=argparse.SUPPRESS)
    add("--precision", default=default.precision, help=argparse.SUPPRESS)
    add("--threads", type=int, metavar="N", default=default.threads, help=argparse.SUPPRESS)
    add("--weights", action="append", default=[], metavar="DIR", help="folders of styles (default: yours, ours)")
    add("--keep-style", metavar="NAME", help=argparse.SUPPRESS)
    for action in (*add_file_options(parser), *_add_live_options(parser)):
        action.help = argparse.SUPPRESS
    return parser


def _add_live_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Add what concerns the live picture alone; returns it."""
    add = parser.add_argument_group("for the live picture").add_argument
    return [
        add("--fps", type=float, metavar="N", help="frames a second to hold (default: the source's)"),
        add("--record", type=Path, metavar="FILE", help="record what is painted, .mp4 or .mkv"),
        add("--microphone", action="store_true", help="with its sound (needs the package sounddevice)"),
        add("--serve", metavar="PORT", nargs="?", const=str(SERVED_AT),
            help=f"show it at http://127.0.0.1:PORT (default: {SERVED_AT})"),
        add("--virtual-camera", action="store_true", help="be a camera (needs the package pyvirtualcam)"),
        add("--no-window", action="store_true", help="without a window, until the source ends or Ctrl-C"),
    ]  # fmt: skip


_MORE = {
    "--help-files": (add_file_options, "files [-o OUT]"),
    "--help-live": (_add_live_options, "[--source S]"),
}
