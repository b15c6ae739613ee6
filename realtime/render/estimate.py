"""What painting files would come to: how many frames, how large, how long it takes, measured on a few of them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any

from realtime.codecs import Encoding
from realtime.frames import resize
from realtime.layout import Layout
from realtime.numbered import is_numbered
from realtime.render.clip import Whole
from realtime.render.opened import Reader, open_clip, pictures_of
from realtime.render.painter import Painter
from realtime.render.picture import Picture
from realtime.render.pipeline import Paint, Pipeline, Sink
from realtime.render.plan import Job
from realtime.render.reader import ClipReader
from realtime.stills import read_still
from realtime.timeline import Trim
from weights.errors import InputError

_FRAMES, _SECONDS = 24, 6.0
"""A clip is tried on so many frames, or for so long."""


@dataclass(frozen=True)
class Estimate:
    """What one file comes to: `size` (height, width) of what is delivered, `frames` (0: the file doesn't say), and the
    `seconds` that painting takes, about."""

    size: tuple[int, int]
    frames: int
    seconds: float


def frames_in(job: Job, trim: Trim, rate: Fraction) -> int:
    """How many frames there are to paint, 0 where the file doesn't say or can't be read."""
    if job.still:
        return 1
    with suppress(InputError), open_clip(job.source, trim=trim, rate=rate) as reader:
        return reader.total
    return 0


class Estimator:
    """Tries clips of each size once. Nothing is left behind."""

    def __init__(self, painter: Painter, layout: Layout, trim: Trim, rate: Fraction, steady: bool) -> None:
        self._painter, self._layout, self._trim, self._rate, self._steady = painter, layout, trim, rate, steady
        self._paces: dict[Any, float] = {}

    def __call__(self, job: Job, encoding: Encoding | None) -> Estimate:
        """What `job` comes to, coded in `encoding` where it is a clip. Raises InputError where it can't be painted."""
        return self._of_still(job) if encoding is None else self._of_clip(job, encoding)

    def _of_still(self, job: Job) -> Estimate:
        image = read_still(job.source).image
        painted = self._layout.paint_size(image)
        if painted not in self._paces:
            for _ in range(2):  # a network gets ready with the first
                began = time.perf_counter()
                self._painter(resize(image, painted))
                self._paces[painted] = time.perf_counter() - began
        return Estimate(self._layout.whole(self._layout.size_of(image)), 1, self._paces[painted])

    def _of_clip(self, job: Job, encoding: Encoding) -> Estimate:
        with open_clip(job.source, self._layout, self._trim, self._rate) as reader:
            pictures = pictures_of(reader)
            first = next(pictures)
            assert reader.form is not None, "it is known from the first picture on"
            key = first.image.shape, reader.form.size, encoding.name_for(job.target)
            if key not in self._paces:
                with tempfile.TemporaryDirectory() as folder:
                    numbered = is_numbered(job.target)
                    name = "frames.mkv" if numbered else job.target.name
                    sink = Whole(reader, Path(folder) / name, Encoding("ffv1") if numbered else encoding)
                    few, painter = chain((first,), pictures), self._painter
                    self._paces[key] = pace(few, painter.picture, sink, self._steady, at_once=painter.at_once)
            frames = reader.total or _counted(reader)
            return Estimate(reader.form.size, frames, frames * self._paces[key])


def _counted(reader: Reader) -> int:
    """How many pictures there are where the file's head doesn't say so, about: its packets know."""
    if not isinstance(reader, ClipReader):
        return 0
    with ClipReader(reader.path, trim=reader.trim) as other:
        packets = (p for p in other.packets() if p.stream is other.video and p.size)
        return sum(p.pts is None or p.pts >= 0 for p in packets)


def pace(
    pictures: Iterator[Picture],
    paint: Paint,
    sink: Sink,
    steady: bool,
    most: int = _FRAMES,
    seconds: float = _SECONDS,
    at_once: int = 1,
) -> float:
    """Seconds that each of the `pictures` takes on its way to `sink`, `at_once` painted at a time: of the first ones,
    `most` or those of so many `seconds`. The very first is not counted, as a network gets ready with it."""
    painted: list[float] = []

    def few() -> Iterator[Picture]:
        for picture in islice(pictures, most):
            if painted and time.perf_counter() - painted[0] > seconds:
                return
            yield picture

    def timed(picture: Picture) -> Picture:
        done = paint(picture)
        painted.append(time.perf_counter())
        return done

    began = time.perf_counter()
    Pipeline(few(), sink, steady).run(timed, lambda: None, at_once)
    ended = time.perf_counter()
    return (ended - painted[0]) / (len(painted) - 1) if len(painted) > 1 else ended - began
