"""`python -m realtime.bench.window`: what an open window promises, measured.

How long the GUI thread makes one wait while slow things go on; what a recording and the address cost the picture; how
well the rate is held when other programs take the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from realtime.__main__ import SAMPLE, default_style
from realtime.bench.governed import RATE, governed
from realtime.bench.sending import sent_fps
from realtime.bench.waits import longest_wait_ms
from realtime.styles import Opener
from weights.catalog import installed_styles
from weights.command_line import in_one_sentence
from weights.errors import InputError, exit_code
from weights.folders import search_path

PARTS = ("waits", "outputs", "governor")


def main() -> int:
    """Measure and print a line of JSON for each part; returns the exit code, raises InputError."""
    options = in_one_sentence(_parser().parse_args, "python -m realtime.bench.window")
    if options.rounds < 1 or not options.seconds > 0:
        raise InputError("--rounds must be at least 1 and --seconds more than 0.")
    folders = search_path(options.weights)
    style = options.style or default_style(folders)
    parts = {"waits": _waits, "outputs": _outputs, "governor": _governor}
    for part in options.parts or PARTS:
        print(json.dumps({"part": part, **parts[part](options, style, folders)}), flush=True)
    return 0


def _waits(options: argparse.Namespace, style: str, folders: tuple[Path, ...]) -> dict[str, Any]:
    """The GUI thread's longest wait, usual and beside slow things."""
    styles = sorted(installed_styles(folders), key=lambda one: one.card.name != style)
    opener = partial(Opener, folders)
    longest = {"usual": 0.0, "slow": 0.0}
    for name in longest:
        for _ in range(options.rounds):
            wait = longest_wait_ms(opener, styles, str(SAMPLE), 6 * options.seconds, name == "slow")
            longest[name] = max(longest[name], wait)
    return {f"{name}_longest_ms": round(wait, 1) for name, wait in longest.items()}


def _outputs(options: argparse.Namespace, style: str, folders: tuple[Path, ...]) -> dict[str, Any]:
    """Frames a second at 640x360 with outputs and without, in turns."""
    stylizer = Opener(folders)(style)
    shares, alone = [], []
    for number in range(options.rounds):
        order = (False, True) if number % 2 == 0 else (True, False)
        fps = {outputs: sent_fps(stylizer, (360, 640), options.seconds, outputs) for outputs in order}
        shares.append(fps[True] / fps[False])
        alone.append(fps[False])
    return {"share": round(median(shares), 3), "alone_fps": round(median(alone), 1), "rounds": options.rounds}


def _governor(options: argparse.Namespace, style: str, folders: tuple[Path, ...]) -> dict[str, Any]:
    """The rate of a camera of 480 lines before, during and after a load of one process for each core."""
    found: dict[str, Any] = {"target_fps": RATE}
    cores = os.cpu_count() or 1
    for name, phase in governed(Opener(folders)(style), 480, 6 * options.seconds, cores).items():
        found[name] = {"fps": round(phase.fps, 1), "lines": phase.lines, "late_changes": phase.changes}
        found[name]["turns"] = phase.turns
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m realtime.bench.window", description="Measure the open window.")
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    add("--style", metavar="NAME", help="of --list (default: starry-night), or a blend")
    add("--seconds", type=float, metavar="N", default=2.0, help="of a turn; waits and loads last six (default: 2)")
    add("--rounds", type=int, metavar="N", default=3, help="turns of each (default: 3)")
    add("--weights", action="append", default=[], metavar="DIR", help="folders of styles (default: yours, ours)")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
