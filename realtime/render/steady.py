"""Steadiness of a painted clip: the last painting is carried along with what moves, and mixed in where it fits.

A network paints each frame by itself, so strokes flicker where nothing does. Here the flow between neighbouring frames
of the source is estimated both ways (DIS, Kroeger 2016, at a reduced size), and the painting before is led along it,
as in Ruder 2016 and Huang 2017, but after the painting instead of in the training. Left as they are painted: what was
hidden before (the two flows disagree, or the colours do), and everything after a cut. What the mixing takes of the
sharpness is given back to what is shown, not to what is carried on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.frames import Image, resize

_LINES = 270
"""Height at which the flow is estimated; it is smooth, and few lines cost little time."""

_KEPT = 0.85
"""Share of the painting before, where it fits."""

_DISAGREE = 1.0
"""Largest distance, in pixels of the reduced size, between a point and where the two flows lead it and back."""

_SAME_COLOR = 24.0
"""Largest difference of a pixel's brightness from where it came from, of 255; above, something else is seen."""

_STILL = 0.25
"""Pixels of motion below which a point is taken to stand: to sample between pixels again and again would blur."""

_FINEST = 256
"""Parts of a pixel, and of the sharpening, that are told apart: what the last bits of sums in floating point say, which
threads and processors round differently, must not show where a part of a clip is painted again."""

_CUT = 0.4
"""Share of the picture that must have come from the one before; below, it is another scene."""

LEAD_IN = 8
"""Frames that a part of a clip is led to by: what is older weighs little."""

_SHARPNESS = 0.91
"""Share of the painting's own variance of the Laplacian that what is shown has at least."""


@dataclass(frozen=True)
class _Before:
    """A frame: its source, small and grey, and its painting, as it is or mixed with those before it."""

    small: NDArray[np.uint8]
    mixed: Image


class Steady:
    """Gives the paintings of one clip, in their order, without flicker. For one thread.

    >>> steady = Steady()
    >>> shown = steady(frame, painted)  # both (H, W, 3) uint8 RGB, of any two sizes of one aspect
    """

    def __init__(self) -> None:
        self._back: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)  # what is carried along
        self._back.setFinestScale(1)  # as good as the medium preset, in half of its time
        self._forth: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)  # the check
        self._before: _Before | None = None
        self._grid = lru_cache(2)(_grid)  # the reduced size's, and the painting's
        self._last: deque[_Before] = deque(maxlen=LEAD_IN)
        self.cuts = 0

    def reset(self) -> None:
        """Forget all but the last LEAD_IN frames, as if the clip had begun with them."""
        self._before, cuts = None, self.cuts
        for frame in tuple(self._last):
            self._mix(frame)
        self.cuts = cuts

    def forget(self) -> None:
        """Forget all: what comes has nothing to do with what was."""
        self._before = None
        self._last.clear()

    def __call__(self, source: Image, painted: Image) -> Image:
        """What is to be shown of `painted`, the painting of `source`."""
        now = _Before(_small(source), painted)
        self._last.append(now)
        mixed = self._mix(now)
        return painted if mixed is None else _sharpened(mixed, painted)

    def _mix(self, now: _Before) -> Image | None:
        """The painting of `now` mixed with those before it; None where it has nothing to do with them."""
        before, self._before = self._before, now
        if before is None or before.mixed.shape != now.mixed.shape:
            return None
        back, fits = self._match(now.small, before.small)
        if float(fits.mean()) < _CUT:
            self.cuts += 1
            return None
        mixed = self._mixed(now.mixed, before.mixed, back, fits)
        self._before = _Before(now.small, mixed)
        return mixed

    def _match(
        self, now: NDArray[np.uint8], before: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where each small pixel was before, `(h, w, 2)` pixels (x, y) to add, and whether it was seen, in [0, 1]."""
        back = np.round(self._back.calc(now, before, None) * _FINEST) / _FINEST
        forth = np.round(self._forth.calc(before, now, None) * _FINEST) / _FINEST
        h, w = now.shape
        at = self._grid(h, w) + back
        returned = back + led(forth, at)
        came = led(before, at)
        x, y = at[..., 0], at[..., 1]
        inside = (x >= 0) & (y >= 0) & (x <= w - 1) & (y <= h - 1)
        agree = _squared(returned) < _DISAGREE**2 + 0.01 * _squared(back)
        alike = cv2.absdiff(came, now) < _SAME_COLOR
        fits = (inside & agree & alike).astype(np.float32)
        return back, np.asarray(cv2.blur(cv2.erode(fits, np.ones((3, 3))), (3, 3)), np.float32)

    def _mixed(self, painted: Image, before: Image, back: NDArray[np.float32], fits: NDArray[np.float32]) -> Image:
        h, w = painted.shape[:2]
        scale = np.array((w / back.shape[1], h / back.shape[0]), np.float32)
        small = back * scale
        small[(np.abs(small[..., 0]) < _STILL) & (np.abs(small[..., 1]) < _STILL)] = 0
        flow = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
        carried = led(before, self._grid(h, w) + flow, cv2.INTER_CUBIC)
        share = cv2.resize(fits, (w, h), interpolation=cv2.INTER_LINEAR) * _KEPT
        return np.asarray(cv2.blendLinear(carried, painted, share, 1 - share), np.uint8)


def _grid(h: int, w: int) -> NDArray[np.float32]:
    """Where each pixel of a picture is, `(h, w, 2)` pixels (x, y)."""
    return np.stack(np.meshgrid(np.arange(w), np.arange(h)), 2).astype(np.float32)


def _squared(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The squared length of each of the `(h, w, 2)` vectors; numpy's own sum over so short an axis takes ten times."""
    return np.asarray(np.square(vectors[..., 0]) + np.square(vectors[..., 1]))


def led(array: NDArray[Any], at: NDArray[np.float32], how: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """`array` read at the points `at`, `(H, W, 2)` pixels (x, y), between pixels as `how` says."""
    no_second_map: Any = None  # cv2 takes it, its type stubs don't
    return np.asarray(cv2.remap(array, at, no_second_map, how, borderMode=cv2.BORDER_REPLICATE))


def _sharpened(mixed: Image, painted: Image) -> Image:
    """`mixed` with what is finer than a pixel's surroundings raised until it is about as sharp as `painted`.

    The amount solves var(lap(mixed + amount * fine)) = _SHARPNESS * var(lap(painted)), measured in the middle half of
    the lines.
    """
    blurred = np.asarray(cv2.GaussianBlur(mixed, (0, 0), 1.0), np.uint8)
    own, soft, wanted = (_laplacian(image) for image in (mixed, blurred, painted))
    fine = own - soft
    a, b = float(fine.var()), 2 * float((own * fine).mean())
    c = float(own.var()) - _SHARPNESS * float(wanted.var())
    if c >= 0 or a == 0:
        return mixed
    amount = round((-b + (b * b - 4 * a * c) ** 0.5) / (2 * a) * _FINEST) / _FINEST
    return np.asarray(cv2.addWeighted(mixed, 1 + amount, blurred, -amount, 0), np.uint8)


def _laplacian(image: Image) -> NDArray[np.float32]:
    h = image.shape[0]
    middle = image[h // 4 : h * 3 // 4] if h > 64 else image
    return np.asarray(cv2.Laplacian(cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY), cv2.CV_32F), np.float32)


def _small(source: Image) -> NDArray[np.uint8]:
    h, w = source.shape[:2]
    lines = min(h, _LINES)
    grey = np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)
    return resize(grey, (lines, max(16, round(w * lines / h))))
