"""Numbered pictures read as a clip, behind the shape of `ClipReader`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

from realtime.av_frames import Colors
from realtime.clip_writer import ClipFormat
from realtime.frames import fit_alpha, resize
from realtime.layout import OWN_SIZE, Layout, Size
from realtime.numbered import names_of, numbers_in
from realtime.render.cut import Cut
from realtime.render.picture import Picture, Timed
from realtime.stills import read_still
from realtime.timeline import WHOLE, Trim
from weights.errors import InputError

RATE = Fraction(25)
"""Pictures a second, where nobody says."""

_BT709 = 1


@dataclass
class Gaps:
    """How many numbers are `missing`; see `Losses`."""

    path: Path
    missing: int
    damaged: int = 0

    def notes(self, _: int) -> list[str]:
        """What is missing, in words."""
        words = f"{self.missing} numbers are missing in {self.path}: what is before them is shown longer."
        return [words] if self.missing else []


class SequenceReader:
    """Reads the numbered pictures `path`, of which each is shown for 1/`rate` seconds; see `ClipReader`.

    Where numbers are missing, the picture before them is shown for longer. Raises InputError where there are none, and
    where one can't be read: unlike a clip's, it can be made again.
    """

    container = None

    def __init__(self, path: Path, layout: Layout = OWN_SIZE, trim: Trim = WHOLE, rate: Fraction = RATE) -> None:
        self._numbers = numbers_in(path)
        if not self._numbers:
            raise InputError(f"No picture is numbered as {path} says: check the name, as frames/%05d.png is for 00001.")
        self.path, self.layout, self.trim, self.rate = path, layout, trim, rate
        self.losses = Gaps(path, self._numbers[-1] - self._numbers[0] + 1 - len(self._numbers))
        self._name, self._first = names_of(path), self._numbers[0]
        still = read_still(self._name(self._first))
        self._sizes: tuple[Size, Size] = layout.paint_size(still.image, even=True), layout.size_of(still.image, True)
        colors = Colors(_BT709, _BT709, _BT709)
        self.form = ClipFormat(layout.whole(self._sizes[1]), 1 / rate, colors, rate, alpha=still.alpha is not None)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> SequenceReader:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    @property
    def length(self) -> Fraction:
        """Seconds of all pictures."""
        return (self._numbers[-1] - self._first + 1) / self.rate

    @property
    def total(self) -> int:
        """How many pictures there are; of a part, about."""
        return round(len(self._numbers) * self.trim.length_in(self.length) / self.length)

    def number_of(self, pts: int) -> int:
        """The number of the picture that is shown at `pts`."""
        return self._first + pts + self._skipped

    @property
    def _skipped(self) -> int:
        return round(self.trim.start * self.rate)

    def frames(self, _: Fraction = Fraction(0), __: int = 0) -> Iterator[Timed]:
        """The pictures' numbers with their times: none is read before it is wanted."""
        following = [*self._numbers[1:], self._numbers[-1] + 1]
        timed = (
            Timed(number, number - self._first - self._skipped, after - number)
            for number, after in zip(self._numbers, following, strict=True)
        )
        begun = False
        for frame in Cut(self.trim).frames(timed, self.form.time_base):
            begun = True
            yield frame
        if not begun:
            raise InputError(f"{self.path} holds no picture in --trim {self.trim}: choose another part of it.")

    def __iter__(self) -> Iterator[Picture]:
        return map(self.picture, self.frames())

    def packets(self) -> Iterator[Any]:
        """There is nothing beside the pictures."""
        return iter(())

    def picture(self, timed: Timed) -> Picture:
        """The picture in `timed`, in the sizes of the first one."""
        still, (painted, size) = read_still(self._name(timed.frame)), self._sizes
        alpha = None if still.alpha is None else fit_alpha(still.alpha, size)
        original = resize(still.image, size) if self.layout.beside else None
        seconds = timed.pts * self.form.time_base + self.trim.start
        image = resize(still.image, painted)
        return Picture(image, timed.pts, timed.duration, alpha, size, original, seconds=seconds)


def rate_of(fps: float | None) -> Fraction:
    """Pictures a second as `--fps` says; 23.976 and its like are 24 by 1.001."""
    if fps is None:
        return RATE
    nearest = round(fps * 1.001)
    if fps != round(fps) and abs(fps - nearest / 1.001) < 0.005:
        return Fraction(nearest * 1000, 1001)
    return Fraction(fps).limit_denominator(1000)
