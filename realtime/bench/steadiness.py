"""`python -m realtime.bench.steadiness CLIPS`: how still painted clips hold, with `--steady` and without.

For each clip: the flow-warped error between neighbours and between frames 8 apart, the sharpness, and the shares of the
steadied painting in the unsteadied one's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realtime.__main__ import default_style
from realtime.frames import Image
from realtime.layout import Layout
from realtime.render.opened import open_clip
from realtime.render.picture import Picture
from realtime.render.steady import Steady, led
from realtime.styles import open_style
from realtime.styles.stylizer import Stylizer
from weights.command_line import in_one_sentence
from weights.errors import exit_code
from weights.folders import search_path

SHORT, LONG = 1, 8
"""Frames between the two that are compared."""

_SAME_COLOR = 25.5
"""Largest difference of a channel, of 255, between a pixel and where the flow says it was; above, it was hidden."""


class Steadiness:
    """Adds up the figures of a clip whose frames are given in their order.

    The flow is estimated at full size (DIS, both ways) and known where going there and back returns within a pixel:
    the measure of Huang 2017, of Lai 2018 over the long range.
    """

    def __init__(self) -> None:
        self._flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._past: deque[tuple[Image, Image]] = deque(maxlen=LONG)
        self._errors: dict[int, list[float]] = {SHORT: [], LONG: []}
        self._sharpness: list[float] = []

    def add(self, source: Image, painted: Image) -> None:
        """One more frame and its painting, `(H, W, 3) uint8 RGB` of one size."""
        for distance, errors in self._errors.items():
            if len(self._past) >= distance:
                error = self._error(*self._past[-distance], source, painted)
                if error is not None:
                    errors.append(error)
        self._past.append((source, painted))
        grey = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
        self._sharpness.append(float(cv2.Laplacian(grey, cv2.CV_32F).var()))

    @property
    def short(self) -> float:
        """Mean RMSE in [0, 1] between neighbours, along the flow; nan where there was nothing to compare."""
        return _mean(self._errors[SHORT])

    @property
    def long(self) -> float:
        """The same between frames LONG apart."""
        return _mean(self._errors[LONG])

    @property
    def sharpness(self) -> float:
        """Mean variance of the Laplacian."""
        return _mean(self._sharpness)

    def _error(self, source: Image, painted: Image, later: Image, later_painted: Image) -> float | None:
        before, now = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (source, later))
        back, forth = self._flow.calc(now, before, None), self._flow.calc(before, now, None)
        h, w = now.shape
        at = np.stack(np.meshgrid(np.arange(w), np.arange(h)), 2).astype(np.float32) + back
        known = np.square(back + led(forth, at)).sum(2) < 1
        known &= (at >= 0).all(2) & (at[..., 0] <= w - 1) & (at[..., 1] <= h - 1)
        known &= cv2.absdiff(led(source, at), later).max(2) < _SAME_COLOR
        if known.mean() < 0.2:  # another scene
            return None
        change = (led(painted, at).astype(np.float32) - later_painted.astype(np.float32))[known] / 255
        return float(np.sqrt(np.square(change).mean()))


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def compare(clip: Path, paint: Stylizer, height: int | None, frames: int) -> dict[str, float]:
    """Figures of the first `frames` of `clip`, painted at `height` lines: plain, steadied, and their shares."""
    plain, steadied, steady = Steadiness(), Steadiness(), Steady()
    with open_clip(clip, Layout(height)) as reader:
        for picture in islice((item for item in reader if isinstance(item, Picture)), frames):
            paint.prepare(*picture.image.shape[:2])
            painted = paint(picture.image)
            plain.add(picture.image, painted)
            steadied.add(picture.image, steady(picture.image, painted))
    figures: dict[str, float] = {}
    for name in ("short", "long", "sharpness"):
        before, after = getattr(plain, name), getattr(steadied, name)
        figures |= {name: before, f"{name}_steady": after, f"{name}_share": after / before if before else float("nan")}
    return figures


def main() -> int:
    """Measure and print one line of JSON for each clip, then the means; returns the exit code, raises InputError."""
    options = in_one_sentence(_parser().parse_args, "python -m realtime.bench.steadiness")
    weights = search_path(options.weights)
    paint = open_style(options.style or default_style(weights), weights)
    rows = []
    for clip in options.clips:
        rows.append(compare(clip, paint, options.height, options.frames))
        print(json.dumps({"clip": clip.name, **_rounded(rows[-1])}), flush=True)
    means = {key: float(np.nanmean([row[key] for row in rows])) for key in rows[0]}
    print(json.dumps({"clip": "mean", **_rounded(means)}))
    return 0


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in figures.items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m realtime.bench.steadiness", description="Measure --steady.")
    add = parser.add_argument
    add("clips", nargs="+", type=Path, metavar="CLIP")
    add("--style", metavar="NAME", help="of --list (default: starry-night), or a blend")
    add("--height", type=int, metavar="N", help="lines to paint at (default: the clip's own)")
    add("--frames", type=int, metavar="N", default=40, help="of each clip (default: 40)")
    add("--weights", action="append", default=[], metavar="DIR", help="folders of styles (default: yours, ours)")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
