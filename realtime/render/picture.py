"""One frame on its way from a file to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from realtime.frames import Image
from realtime.layout import Size, delivered, twice


class Timed(NamedTuple):
    """A frame as its decoder gives it, shown at `pts` for `duration` (0: unsaid) in the clip's time base."""

    frame: Any
    pts: int
    duration: int = 0


@dataclass(frozen=True)
class Picture:
    """One frame: `image` `(H, W, 3) uint8 RGB`, shown at `pts` for `duration` (0: unsaid) in the clip's time base.

    `image` is what is painted and then the painting, `size` what it is delivered at (None: its own), with `original`
    at its left where there is one. `alpha` is how opaque it is, `(H, W) uint8` of `size`; None where it is all opaque.
    Of a clip that is written in parts, `part` is its part's number, and a picture that is in the `lead` only leads to
    the part: it is painted, not written. `seconds` is when the clip itself shows it; a painting of another `scene` has
    nothing to do with the one before it.
    """

    image: Image
    pts: int
    duration: int
    alpha: NDArray[np.uint8] | None = None
    size: Size | None = None
    original: Image | None = None
    part: int = 0
    lead: bool = False
    seconds: Fraction = Fraction(0)
    scene: int = 0

    def finished(self) -> Picture:
        """As it is delivered, where `image` is the painting."""
        if self.size is None:
            return self
        image = delivered(self.image, self.size, self.original)
        alpha = self.alpha if self.original is None else twice(self.alpha)
        return replace(self, image=image, alpha=alpha, size=None, original=None)
