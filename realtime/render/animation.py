"""A moving WebP, which FFmpeg can't read, behind the shape of `ClipReader`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from realtime.av_frames import Colors
from realtime.clip_writer import ClipFormat
from realtime.frames import fit_alpha, resize
from realtime.layout import OWN_SIZE, Layout
from realtime.render.cut import Cut
from realtime.render.picture import Picture, Timed
from realtime.timeline import WHOLE, Trim
from weights.errors import InputError


class AnimationReader:
    """Reads the moving picture `path`; see `ClipReader`. All of it is in memory at once, as its decoder wants it."""

    container = None

    def __init__(self, path: Path, layout: Layout = OWN_SIZE, trim: Trim = WHOLE) -> None:
        try:
            data = np.frombuffer(path.read_bytes(), np.uint8)
            ok, self._animation = cv2.imdecodeanimation(data)
        except (OSError, cv2.error) as error:
            raise InputError(f"{path} can't be read as a moving picture ({error}): choose another file.") from error
        if not ok or not self._animation.frames:
            raise InputError(f"{path} can't be read as a moving picture: it is damaged, choose another file.")
        self.path, self.layout, self.trim = path, layout, trim
        self.length = Fraction(sum(max(1, int(d)) for d in self._animation.durations), 1000)
        self.form: ClipFormat | None = None

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> AnimationReader:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    @property
    def total(self) -> int:
        """How many pictures it has; of a part, about."""
        return round(len(self._animation.frames) * self.trim.length_in(self.length) / self.length)

    def __iter__(self) -> Iterator[Picture]:
        for timed in Cut(self.trim).frames(self._timed(), Fraction(1, 1000)):
            yield self._picture(timed)
        if self.form is None:
            raise InputError(f"{self.path} holds no frame in --trim {self.trim}: choose another part of it.")

    def _timed(self) -> Iterator[Timed]:
        pts = -round(self.trim.start * 1000)
        for frame, duration in zip(self._animation.frames, self._animation.durations, strict=True):
            yield Timed(frame, pts, int(duration))
            pts += max(1, int(duration))

    def _picture(self, timed: Timed) -> Picture:
        frame = timed.frame
        image = np.ascontiguousarray(frame[:, :, 2::-1], np.uint8)
        size = self.layout.size_of(image, even=True)
        alpha = fit_alpha(np.ascontiguousarray(frame[:, :, 3], np.uint8), size) if frame.shape[2] == 4 else None
        if self.form is None:
            self.form = ClipFormat(self.layout.whole(size), Fraction(1, 1000), Colors(6), alpha=alpha is not None)
        original = resize(image, size) if self.layout.beside else None
        painted = resize(image, self.layout.paint_size(image, even=True))
        seconds = Fraction(timed.pts, 1000) + self.trim.start
        return Picture(painted, timed.pts, timed.duration, alpha, size, original, seconds=seconds)
