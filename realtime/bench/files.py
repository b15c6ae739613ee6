"""`python -m realtime.bench.files`: what painting a file costs beside its network, held steady and not.

One line of JSON for each size: frames a second of the engine alone, of the sample clip from file to file, and their
shares; medians of turns that take place one after the other, every second round backwards.
"""

from __future__ import annotations

import argparse
import json
import sys
from statistics import median

from realtime.__main__ import default_style
from realtime.bench.turns import Size, alone_fps, file_fps
from realtime.styles import open_style
from realtime.styles.stylizer import Stylizer
from weights.command_line import in_one_sentence
from weights.errors import InputError, exit_code
from weights.folders import search_path


def compare(paint: Stylizer, size: Size, seconds: float, rounds: int) -> dict[str, float]:
    """Medians of frames a second at `size`, and their shares in the engine's own."""
    turns = {
        "alone": lambda: alone_fps(paint, size, seconds),
        "file": lambda: file_fps(paint, size, seconds),
        "steady": lambda: file_fps(paint, size, seconds, steady=True),
    }
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in turns if number % 2 == 0 else reversed(turns):
            taken[name].append(turns[name]())
    found = {name: median(values) for name, values in taken.items()}
    return {**found, "file_share": found["file"] / found["alone"], "steady_share": found["steady"] / found["alone"]}


def main() -> int:
    """Measure and print; returns the exit code, raises InputError."""
    options = in_one_sentence(_parser().parse_args, "python -m realtime.bench.files")
    if options.rounds < 1 or not options.seconds > 0:
        raise InputError("--rounds must be at least 1 and --seconds more than 0.")
    weights = search_path(options.weights)
    paint = open_style(options.style or default_style(weights), weights, threads=options.threads)
    for text in options.size:
        width, _, height = text.partition("x")
        if not (width.isdecimal() and height.isdecimal()):
            raise InputError(f"--size {text} can't be read: give width and height, as in 640x360.")
        figures = compare(paint, (int(height), int(width)), options.seconds, options.rounds)
        rounded = {name: round(value, 3) for name, value in figures.items()}
        print(json.dumps({"size": text, "engine": paint.runs_on, **rounded}), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m realtime.bench.files", description="Measure painting files.")
    add = parser.add_argument
    add("--style", metavar="NAME", help="of --list (default: starry-night), or a blend")
    add("--size", metavar="WxH", nargs="+", default=["1280x720"], help="frame sizes (default: 1280x720)")
    add("--threads", type=int, metavar="N", default=2, help="CPU threads of the network (default: 2)")
    add("--seconds", type=float, metavar="N", default=10.0, help="of a turn (default: 10)")
    add("--rounds", type=int, metavar="N", default=3, help="turns of each (default: 3)")
    add("--weights", action="append", default=[], metavar="DIR", help="folders of styles (default: yours, ours)")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
