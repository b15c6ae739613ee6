"""`python -m realtime.bench`: how fast a style paints alone and in the live loop, how late, and how fast it starts.

The first two are measured in turns, several times, and compared by their medians: a machine that slows down slows
both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from realtime.__main__ import SAMPLE, default_style
from realtime.frames import Image, resize
from realtime.live import Dials, Live, Painted
from realtime.live.clips import Clip
from realtime.styles import Opener
from realtime.styles.stylizer import Stylizer
from weights.command_line import in_one_sentence
from weights.errors import InputError, exit_code
from weights.folders import search_path

_ROUND_SECONDS = 2.0


@dataclass(frozen=True)
class BenchOptions:
    """What is measured; the defaults stand here."""

    style: str | None = None
    size: str = "640x360"
    device: str = "auto"
    threads: int = 2
    seconds: float = 10.0
    weights: tuple[Path, ...] = field(default_factory=search_path)
    startup: bool = False


class _Sample(Clip):
    """The sample clip over and over, its pixels as wide as it takes for the loop to make frames of `size` of it."""

    def __init__(self, size: tuple[int, int], paced: bool) -> None:
        super().__init__(SAMPLE, loop=True, paced=paced)
        self._size = size

    def read(self) -> Image | None:
        image = super().read()
        if image is not None:
            (h, w), (high, wide) = self._size, image.shape[:2]
            self.pixel_aspect = w * high / (h * wide)
        return image


def main() -> int:
    """Measure and print; returns the exit code."""
    values = vars(in_one_sentence(_parser().parse_args, "python -m realtime.bench"))
    options = BenchOptions(**{**values, "weights": search_path(values["weights"])})
    style = default_style(options.weights) if options.style is None else options.style
    if options.startup:
        return _startup(options, style)
    try:
        w, h = (int(part) for part in options.size.split("x"))
    except ValueError:
        raise InputError(f"--size {options.size} can't be read: give width and height, as in 640x360.") from None
    opener = Opener(options.weights, options.device, options.threads)
    stylizer = opener(style)
    print(f"{style}, {w}x{h}, {stylizer.device}, {options.threads} threads; medians of rounds of {_ROUND_SECONDS:g} s")
    rounds = max(2, round(options.seconds / _ROUND_SECONDS / 2))
    alone: list[float] = []
    loop: list[float] = []
    for number in range(rounds):
        turns = [(alone, alone_fps), (loop, loop_fps)]
        for results, measure in turns if number % 2 == 0 else reversed(turns):
            results.append(measure(stylizer, (h, w), _ROUND_SECONDS))
    fps_alone, fps_loop = median(alone), median(loop)
    print(f"session.run alone    {fps_alone:7.1f} fps  {1000 / fps_alone:7.1f} ms")
    print(f"whole live loop      {fps_loop:7.1f} fps  {1000 / fps_loop:7.1f} ms")
    print(f"loop against alone   {fps_loop / fps_alone:7.3f}")
    print(f"delay, clip's pace   {delay_ms(stylizer, (h, w), _ROUND_SECONDS):18.1f} ms, from capture to screen")
    if stylizer.vector is not None:
        print(f"switch within trunk  {switch_ms(opener, style):18.2f} ms, in a thread of its own")
    return 0


def alone_fps(stylizer: Stylizer, size: tuple[int, int], seconds: float) -> float:
    """Frames a second that the stylizer paints when nothing else runs; `size` is `(height, width)`."""
    with Clip(SAMPLE, paced=False) as clip:
        images = [resize(image, size) for image, _ in zip(clip, range(16), strict=False)]
    stylizer.warm_up(*size)
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        stylizer(images[count % len(images)])
        count += 1
    return count / passed


def switch_ms(opener: Opener, style: str) -> float:
    """Milliseconds from a style's name to its stylizer where its trunk is open: all that a switch costs."""
    took = []
    for _ in range(50):
        began = time.perf_counter()
        opener(style)
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


def loop_fps(stylizer: Stylizer, size: tuple[int, int], seconds: float) -> float:
    """Frames a second that reach the screen's slot of the live loop, from a clip that is read as fast as it can be.

    Decoding, resizing to `size` and everything else that happens to a frame on its way is in it.
    """
    with _running(stylizer, size, paced=False) as live:
        count, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            _next(live)
            count += 1
        return count / passed


def delay_ms(stylizer: Stylizer, size: tuple[int, int], seconds: float) -> float:
    """Milliseconds from a frame's capture until it is ready to show, from a clip at its own pace; the median."""
    delays = []
    with _running(stylizer, size, paced=True) as live:
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            painted = _next(live)
            delays.append((time.monotonic() - painted.captured) * 1000)
    return median(delays)


@contextmanager
def _running(stylizer: Stylizer, size: tuple[int, int], paced: bool) -> Iterator[Live]:
    """The live loop on the sample clip at `size`, once it runs evenly."""
    live = Live(
        lambda _: _Sample(size, paced), SAMPLE.name, lambda _: stylizer, stylizer.card.name, Dials(height=size[0])
    )
    live.start()
    try:
        for _ in range(3):
            _next(live)
        yield live
    finally:
        live.stop()


def _next(live: Live) -> Painted:
    painted = live.wait_newest(30)
    if painted is None:
        raise InputError(live.state.words or "The live loop stands still.")
    return painted


_FIRST_FRAME = """
import sys, time
began = float(sys.argv[1])
from realtime.live import Dials, Live
from realtime.live.clips import Clip
from realtime.styles import open_style
from weights.folders import search_path
folders, style, device, clip = search_path(sys.argv[2:3]), sys.argv[3], sys.argv[4], sys.argv[6]
live = Live(Clip, clip, lambda name: open_style(name, folders, device, int(sys.argv[5])), style, Dials(height=None))
live.start()
if live.wait_newest(60) is None:
    sys.exit(live.state.words or "nothing came")
print(time.time() - began, int("torch" in sys.modules))
live.stop()
"""


def _startup(options: BenchOptions, style: str) -> int:
    seconds = []
    for _ in range(5):
        words = [os.pathsep.join(map(str, options.weights)), style, options.device, str(options.threads), str(SAMPLE)]
        command = [sys.executable, "-c", _FIRST_FRAME, repr(time.time()), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"The program did not start: {done.stderr.strip().splitlines()[-1]}")
        took, torch = done.stdout.split()
        if torch != "0":
            raise InputError("torch was loaded on the way.")
        seconds.append(float(took))
    spread = f"median of {len(seconds)}, {min(seconds):.2f} to {max(seconds):.2f}"
    print(f"{style}, {options.device}, {options.threads} threads, 640x360, no torch, without the window")
    print(f"starting Python to the first painted frame: {median(seconds):.2f} s ({spread})")
    return 0


def _parser() -> argparse.ArgumentParser:
    default = BenchOptions()
    parser = argparse.ArgumentParser(prog="python -m realtime.bench", description="Measure speed and start.")
    add = parser.add_argument
    add("--style", metavar="NAME", default=default.style, help="of --list (default: starry-night), or a blend")
    add("--size", metavar="WxH", default=default.size, help=f"frame size (default: {default.size})")
    add("--device", metavar="D", default=default.device, help="auto, cpu or cuda (default: auto)")
    add("--threads", type=int, metavar="N", default=default.threads, help=f"CPU threads (default: {default.threads})")
    add("--seconds", type=float, metavar="N", default=default.seconds, help="how long to measure (default: 10)")
    add("--weights", action="append", default=[], metavar="DIR", help="folders of styles (default: yours, ours)")
    add("--startup", action="store_true", help="measure the start to the first painted frame instead")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
