"""`python -m realtime.bench`: how fast a style paints, by which engine, and what the rest of the program costs.

For each size: the engines alone, side by side; then, with the fastest, the whole live loop (decoding, resizing and
drawing in it), the delay from a frame's capture until it is drawn, and the file pipeline; the share of the machine's
own matrix product that the network reaches. Everything is measured in turns, several times, and told by its median: a
machine that slows down slows all.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from realtime.__main__ import default_style
from realtime.bench.drawing import Screen
from realtime.bench.dropping import drop
from realtime.bench.machine import YARDSTICK_SIZE, johnson_ms, matrix_product_gmacs
from realtime.bench.start import start
from realtime.bench.turns import Size, alone_fps, check_same, delay_ms, file_fps, loop_fps, size_change_ms, switch_ms
from realtime.styles import Opener
from realtime.styles.engine_choice import installed, work
from realtime.styles.engines import Wanted
from weights.command_line import in_one_sentence
from weights.errors import InputError, exit_code
from weights.folders import search_path

SIZES = ("640x360", "640x480", "1280x720", "1920x1080")


@dataclass(frozen=True)
class BenchOptions:
    """What is measured; the defaults stand here."""

    style: str | None = None
    size: tuple[str, ...] = SIZES
    device: str = "auto"
    engine: str = "auto"
    precision: str = "auto"
    threads: int = 2
    seconds: float = 1.0
    rounds: int = 3
    weights: tuple[Path, ...] = field(default_factory=search_path)
    json: bool = False
    startup: bool = False
    drop: Path | None = None

    def __post_init__(self) -> None:
        if self.rounds < 1 or not self.seconds > 0:
            raise InputError("--rounds must be at least 1 and --seconds more than 0.")

    @property
    def wanted(self) -> Wanted:
        """The engine in question."""
        return Wanted(self.engine, self.device, self.precision, self.threads)

    def opener(self, wanted: Wanted) -> Opener:
        """Opens styles with an engine."""
        return Opener(self.weights, wanted.device, wanted.threads, wanted.engine, wanted.precision)


def main() -> int:
    """Measure and print; returns the exit code."""
    values = vars(in_one_sentence(_parser().parse_args, "python -m realtime.bench"))
    values |= {"size": tuple(values["size"]), "weights": search_path(values["weights"])}
    options = BenchOptions(**values)
    style = default_style(options.weights) if options.style is None else options.style
    if options.drop is not None:
        found, tell = _drops(options, style, options.drop), _print_drops
    elif options.startup:
        found, tell = _starts(options, style), _print_starts
    else:
        found, tell = _speeds(options, style, [_size(s) for s in options.size]), _print_speeds
    if options.json:
        print(json.dumps(found))
    else:
        tell(found)
    return 0


def _size(text: str) -> Size:
    try:
        w, h = (int(part) for part in text.split("x"))
    except ValueError:
        raise InputError(f"--size {text} can't be read: give width and height, as in 640x360.") from None
    return h, w


def _engines(wanted: Wanted) -> list[Wanted]:
    """The engine in question, and what it is compared with on the processor."""
    others = [replace(wanted, engine=e, precision="f32", device="cpu") for e in installed()]
    return [wanted, *others] if (wanted.engine, wanted.precision) == ("auto", "auto") else [wanted]


def _speeds(options: BenchOptions, style: str, sizes: list[Size]) -> dict[str, Any]:
    """All medians, as `--json` prints them."""
    openers = [options.opener(wanted) for wanted in _engines(options.wanted)]
    stylizers = {stylizer.runs_on: stylizer for stylizer in (opener(style) for opener in openers)}
    ours = next(iter(stylizers.values()))
    screen = Screen()
    turns: dict[tuple[str, str], Callable[[], float | None]] = {("roof", ""): matrix_product_gmacs}
    for size in sizes:
        at = f"{size[1]}x{size[0]}"
        for name, stylizer in stylizers.items():
            turns["alone", f"{at} {name}"] = lambda s=stylizer, z=size: alone_fps(s, z, options.seconds)  # type: ignore[misc]
        for key, turn in (("loop", loop_fps), ("delay", delay_ms)):
            turns[key, at] = lambda t=turn, z=size: t(ours, z, options.seconds, screen)  # type: ignore[misc]
        for key, steady in (("file", False), ("steady", True)):
            turns[key, at] = lambda z=size, s=steady: file_fps(ours, z, options.seconds, s)  # type: ignore[misc]
    if YARDSTICK_SIZE in sizes:
        turns["johnson", ""] = lambda: johnson_ms(options.threads)
    got = _in_turns(turns, options.rounds)
    for name, stylizer in stylizers.items():
        check_same(stylizer, name)
    changes = _changes(options, style)
    screen.close()
    rows = []
    for size in sizes:
        at = f"{size[1]}x{size[0]}"
        alone = {name: got["alone", f"{at} {name}"] for name in stylizers}
        best = alone[ours.runs_on]
        gmac = work(ours.path, *size)
        row: dict[str, Any] = {"size": at, "alone_fps": alone, "delay_ms": got["delay", at]}
        for key in ("loop", "file", "steady"):
            row |= {f"{key}_fps": got[key, at], f"{key}_share": got[key, at] / best}
        row |= {"gmac": gmac, "roof_share": gmac and gmac * best / got["roof", ""]}
        if size == YARDSTICK_SIZE and "johnson" in {key for key, _ in got}:
            row |= {"johnson_ms": got["johnson", ""], "johnson_times": got["johnson", ""] * best / 1000}
        rows.append(row)
    switch = switch_ms(openers[0], style) if ours.vector is not None else None
    about = {"style": style, "engine": ours.runs_on, "threads": options.threads, "rounds": options.rounds}
    about |= {"seconds": options.seconds, "roof_gmacs": got["roof", ""], "switch_ms": switch}
    return {**about, "size_change_ms": changes, "sizes": rows}


def _changes(options: BenchOptions, style: str) -> dict[str, dict[str, float]]:
    """Medians of the latest frame after a change of size, by the size and whether an earlier start has painted it."""
    found: dict[str, dict[str, float]] = {}
    for name, cached in (("new", False), ("cached", True)):
        taken = [
            size_change_ms(lambda: options.opener(options.wanted), style, options.seconds, cached)
            for _ in range(options.rounds)
        ]
        for size in taken[0]:
            found.setdefault(size, {})[name] = median(each[size] for each in taken)
    return found


def _in_turns(turns: dict[tuple[str, str], Callable[[], float | None]], rounds: int) -> dict[tuple[str, str], float]:
    """The median of each over `rounds`, every second one backwards; what can't be measured here is left out."""
    results: dict[tuple[str, str], list[float]] = {key: [] for key in turns}
    for number in range(rounds):
        for key in list(turns) if number % 2 == 0 else reversed(list(turns)):
            value = turns[key]()
            if value is not None:
                results[key].append(value)
    return {key: median(values) for key, values in results.items() if values}


def _starts(options: BenchOptions, style: str) -> dict[str, Any]:
    """Medians of starts, with what earlier ones kept and without; and the memory that each size needs."""
    start(style, options.wanted, options.weights)  # fills what is kept
    rounds = max(3, options.rounds)
    taken = {
        name: [start(style, options.wanted, options.weights, cold=cold).seconds for _ in range(rounds)]
        for name, cold in (("warm", False), ("cold", True))
    }
    sizes = [_size(size) for size in options.size]
    memory = {f"{w}x{h}": start(style, options.wanted, options.weights, h).peak_mb for h, w in sizes}
    seconds = {name: median(values) for name, values in taken.items()}
    return {"style": style, "threads": options.threads, "rounds": rounds, "seconds": seconds, "peak_mb": memory}


def _drops(options: BenchOptions, style: str, picture: Path) -> dict[str, Any]:
    """Medians over windows of the first drop in each, which loads the predictor, and of the second."""
    rounds = [drop(picture, style, options.opener(options.wanted)) for _ in range(max(3, options.rounds))]
    of = {"first": [r[0] for r in rounds], "next": [r[1] for r in rounds]}
    names = [field.name for field in dataclasses.fields(of["first"][0])]
    return {when: {n: median(getattr(d, n) for d in found) for n in names} for when, found in of.items()}


def _print_drops(found: dict[str, Any]) -> None:
    for when, of in found.items():
        print(
            f"{when} drop on the window: {of['seconds']:.2f} s to the first frame in its style; the picture stood "
            f"{of['frozen_ms']:.0f} ms at the most, {of['before_ms']:.0f} before"
        )


def _print_speeds(found: dict[str, Any]) -> None:
    words = f"medians of {found['rounds']} rounds of {found['seconds']:g} s"
    table = Table(title=f"{found['style']}, {found['threads']} threads; {words}")
    table.add_column("frames a second")
    for row in found["sizes"]:
        table.add_column(row["size"], justify="right")

    def line(name: str, cells: list[str]) -> None:
        table.add_row(name, *cells)

    for name in found["sizes"][0]["alone_fps"]:
        line(f"{name} alone", [f"{row['alone_fps'][name]:.1f}" for row in found["sizes"]])
    for key, name in (("loop", "whole live loop"), ("file", "file to file"), ("steady", "the same, held steady")):
        line(name, [f"{row[f'{key}_fps']:.1f} ({row[f'{key}_share']:.2f})" for row in found["sizes"]])
    line("delay, capture to drawn", [f"{row['delay_ms']:.0f} ms" for row in found["sizes"]])
    if all(row["gmac"] for row in found["sizes"]):
        line("work of a frame", [f"{row['gmac']:.2f} GMAC" for row in found["sizes"]])
        line("of the machine's product", [f"{row['roof_share']:.2f}" for row in found["sizes"]])
    if any("johnson_times" in row for row in found["sizes"]):
        cells = [f"{row['johnson_times']:.1f} times" if "johnson_times" in row else "" for row in found["sizes"]]
        line("against Johnson's in torch", cells)
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    print(f"{found['engine']} in the loop and in files; a float32 product runs {found['roof_gmacs']:.0f} GMAC a second")
    if found["switch_ms"] is not None:
        print(f"a switch or a blend within the trunk takes {found['switch_ms']:.2f} ms, in a thread of its own")
    for size, taken in found["size_change_ms"].items():
        new, cached = taken["new"], taken["cached"]
        print(f"after a change to {size} the loop's latest frame takes {new:.0f} ms, {cached:.0f} the next time")


def _print_starts(found: dict[str, Any]) -> None:
    print(f"{found['style']}, {found['threads']} threads, no torch, without the window; medians of {found['rounds']}")
    for name, seconds in found["seconds"].items():
        print(f"from starting Python to the first painted frame of 640x360, cache {name}: {seconds:.2f} s")
    for size, peak in found["peak_mb"].items():
        print(f"peak memory at {size}: {peak:.0f} MB")


def _parser() -> argparse.ArgumentParser:
    default = BenchOptions()
    parser = argparse.ArgumentParser(prog="python -m realtime.bench", description="Measure speed, delay, start.")
    add = parser.add_argument
    add("--style", metavar="NAME", default=default.style, help="of --list (default: starry-night), or a blend")
    add("--size", metavar="WxH", nargs="+", default=default.size, help=f"frame sizes (default: {' '.join(SIZES)})")
    add("--device", metavar="D", default=default.device, help="as of realtime (default: auto)")
    add("--engine", metavar="E", default=default.engine, help="as of realtime (default: all, side by side)")
    add("--precision", metavar="P", default=default.precision, help="as of realtime (default: auto)")
    add("--threads", type=int, metavar="N", default=default.threads, help=f"CPU threads (default: {default.threads})")
    add("--seconds", type=float, metavar="N", default=default.seconds, help="of a turn (default: 1)")
    add("--rounds", type=int, metavar="N", default=default.rounds, help="turns of each (default: 3)")
    add("--weights", action="append", default=[], metavar="DIR", help="folders of styles (default: yours, ours)")
    add("--json", action="store_true", help="print the figures as JSON")
    add("--startup", action="store_true", help="measure starts and memory instead")
    add("--drop", type=Path, metavar="PICTURE", help="drop it on the window and measure that instead")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
