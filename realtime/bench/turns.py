"""What is measured, one turn of about a second each: the engine alone, the live loop, its delay, the file pipeline."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median

from realtime.__main__ import SAMPLE
from realtime.bench.drawing import Screen
from realtime.codecs import Encoding
from realtime.frames import Image, resize
from realtime.layout import Layout
from realtime.live import Dials, Live, Painted
from realtime.live.clips import Clip
from realtime.render.clip import Whole
from realtime.render.estimate import pace
from realtime.render.opened import open_clip
from realtime.render.picture import Picture
from realtime.render.pipeline import painting
from realtime.styles import Opener
from realtime.styles.compiled import FOLDER_VARIABLE
from realtime.styles.stylizer import Stylizer
from weights.errors import InputError

Size = tuple[int, int]
"""(height, width) of the frames that are painted."""


class _Sample(Clip):
    """The sample clip over and over, its pixels as wide as it takes for the loop to make frames of `size` of it."""

    def __init__(self, size: Size, paced: bool) -> None:
        super().__init__(SAMPLE, loop=True, paced=paced)
        self.size = size

    def read(self) -> Image | None:
        image = super().read()
        if image is not None:
            (h, w), (high, wide) = self.size, image.shape[:2]
            self.pixel_aspect = w * high / (h * wide)
        return image


def alone_fps(stylizer: Stylizer, size: Size, seconds: float) -> float:
    """Frames a second that the stylizer paints when nothing else runs."""
    with Clip(SAMPLE, paced=False) as clip:
        images = [resize(image, size) for image, _ in zip(clip, range(16), strict=False)]
    stylizer.warm_up(*size)
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        stylizer(images[count % len(images)])
        count += 1
    return count / passed


def loop_fps(stylizer: Stylizer, size: Size, seconds: float, screen: Screen) -> float:
    """Frames a second that the live loop draws, of a clip that is read as fast as it can be.

    Decoding, resizing to `size`, drawing and everything else that happens to a frame on its way is in it.
    """
    with running(stylizer, size, paced=False) as live:
        count, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            screen.draw(next_painted(live).image)
            count += 1
        return count / passed


def delay_ms(stylizer: Stylizer, size: Size, seconds: float, screen: Screen) -> float:
    """Milliseconds from a frame's capture until it is drawn, of a clip at its own pace; the median."""
    delays = []
    with running(stylizer, size, paced=True) as live:
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            painted = next_painted(live)
            screen.draw(painted.image)
            delays.append((time.monotonic() - painted.captured) * 1000)
    return median(delays)


def file_fps(stylizer: Stylizer, size: Size, seconds: float, steady: bool = False) -> float:
    """Frames a second of the sample clip painted into a file, at `size`: so many as are painted in `seconds`, all that
    is done to them counted, until the last is written."""
    stylizer.prepare(*size)
    with tempfile.TemporaryDirectory() as folder, open_clip(SAMPLE, Layout(size[0], size[0])) as reader:
        pictures = (item for item in reader if isinstance(item, Picture))
        sink = Whole(reader, Path(folder) / "painted.mp4", Encoding())
        return 1 / pace(pictures, painting(stylizer), sink, steady, sys.maxsize, seconds, stylizer.at_once)


def switch_ms(opener: Opener, style: str) -> float:
    """Milliseconds from a style's name to its stylizer where its trunk is open: all that a switch costs."""
    took = []
    for _ in range(50):
        began = time.perf_counter()
        opener(style)
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


CHANGES = ((360, 640), (480, 640), (720, 1280))
"""The sizes that are changed between, each to the next."""


def size_change_ms(opener: Callable[[], Opener], style: str, seconds: float, cached: bool) -> dict[str, float]:
    """Milliseconds of the live loop's latest frame in the `seconds` after a change of size, by the new size.

    From one frame until the next is there, of a clip that is read as fast as it can be. `cached`: an earlier start has
    painted all of CHANGES. Raises InputError where the GPU is lost on the way.
    """
    with tempfile.TemporaryDirectory() as empty, _cache_in(empty):
        for _ in range(2 if cached else 1):
            stylizer = opener()(style)
            began_on = stylizer.runs_on
            latest = _latest_ms(stylizer, seconds)
            check_same(stylizer, began_on)
    return latest


def check_same(stylizer: Stylizer, runs_on: str) -> None:
    """Raise InputError where the stylizer went on on the processor: what was measured is not what was asked for."""
    if stylizer.runs_on != runs_on:
        raise InputError(stylizer.note or f"{runs_on} was lost on the way, and {stylizer.runs_on} painted on.")


def _latest_ms(stylizer: Stylizer, seconds: float) -> dict[str, float]:
    latest = {}
    sample = _Sample(CHANGES[0], paced=False)
    with running(stylizer, CHANGES[0], paced=False, source=sample) as live:
        _gaps(live, seconds)
        for height, width in CHANGES[1:]:
            sample.size = height, width
            live.change(height=height)
            latest[f"{width}x{height}"] = max(_gaps(live, seconds)) * 1000
    return latest


def _gaps(live: Live, seconds: float) -> list[float]:
    """Seconds between one painted frame and the next, for `seconds`."""
    times = [time.perf_counter()]
    while times[-1] - times[0] < seconds:
        next_painted(live)
        times.append(time.perf_counter())
    return [after - before for before, after in pairwise(times)]


@contextmanager
def _cache_in(folder: str) -> Iterator[None]:
    """Compiled networks are kept in `folder` meanwhile."""
    before = os.environ.get(FOLDER_VARIABLE)
    os.environ[FOLDER_VARIABLE] = folder
    try:
        yield
    finally:
        del os.environ[FOLDER_VARIABLE]
        if before is not None:
            os.environ[FOLDER_VARIABLE] = before


@contextmanager
def running(stylizer: Stylizer, size: Size, paced: bool, source: _Sample | None = None) -> Iterator[Live]:
    """The live loop on the sample clip at `size`, once it runs evenly."""
    stylizer.prepare(*size)
    source = source or _Sample(size, paced)
    live = Live(lambda _: source, SAMPLE.name, lambda _: stylizer, stylizer.card.name, Dials(height=size[0]))
    live.start()
    try:
        for _ in range(3):
            next_painted(live)
        yield live
    finally:
        live.stop()


def next_painted(live: Live) -> Painted:
    """The next frame that `live` paints; raises InputError where none comes."""
    painted = live.wait_newest(30)
    if painted is None:
        raise InputError(live.state.words or "The live loop stands still.")
    return painted
