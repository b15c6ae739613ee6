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
from realtime.frames import fit, fit_alpha
from realtime.render.reader import Picture
from weights.errors import InputError


class AnimationReader:
    """Reads the moving picture `path`; see `ClipReader`. All of it is in memory at once, as its decoder wants it."""

    container = None

    def __init__(self, path: Path, height: int | None = None) -> None:
        try:
            data = np.frombuffer(path.read_bytes(), np.uint8)
            ok, self._animation = cv2.imdecodeanimation(data)
        except (OSError, cv2.error) as error:
            raise InputError(f"{path} can't be read as a moving picture ({error}): choose another file.") from error
        if not ok or not self._animation.frames:
            raise InputError(f"{path} can't be read as a moving picture: it is damaged, choose another file.")
        self.path, self._height = path, height
        self.total = len(self._animation.frames)
        self.notes: list[str] = []
        self.form: ClipFormat | None = None

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> AnimationReader:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[Picture]:
        pts = 0
        for frame, duration in zip(self._animation.frames, self._animation.durations, strict=True):
            image = np.ascontiguousarray(frame[:, :, 2::-1], np.uint8)
            image = fit(image, self._height, even=True)
            alpha = fit_alpha(np.ascontiguousarray(frame[:, :, 3], np.uint8), image) if frame.shape[2] == 4 else None
            if self.form is None:
                size = image.shape[0], image.shape[1]
                self.form = ClipFormat(size, Fraction(1, 1000), Colors(6), alpha=alpha is not None)
            yield Picture(image, pts, int(duration), alpha)
            pts += max(1, int(duration))
