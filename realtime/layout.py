"""How a painted picture is laid out: how many lines are painted, how many are delivered, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.frames import Image, enlarge, resize, working_size

Size = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Painted at `height` lines (None: as many as are delivered), delivered at `out_height` (None: the source's own).

    `beside` puts the source at the painting's left, so that what is delivered is twice as wide.
    """

    height: int | None = None
    out_height: int | None = None
    beside: bool = False

    def paint_size(self, image: Image, even: bool = False) -> Size:
        """At which size the source's `image` is painted; `even` as in `working_size`."""
        return working_size((image.shape[0], image.shape[1]), self.height or self.out_height, even)

    def size_of(self, image: Image, even: bool = False) -> Size:
        """At which size the painting of `image` is delivered, without what stands beside it."""
        return working_size((image.shape[0], image.shape[1]), self.out_height, even)

    def whole(self, size: Size) -> Size:
        """The size of all that is delivered, where the painting is of `size`."""
        return size[0], size[1] * (1 + self.beside)


OWN_SIZE = Layout()
"""As large as the source."""


def delivered(painted: Image, size: Size, source: Image | None = None) -> Image:
    """`painted` scaled to `size`, its strokes kept sharp; at the right of `source`, of that size, where it is given."""
    larger = size[0] * size[1] > painted.shape[0] * painted.shape[1]
    image = enlarge(painted, size) if larger else resize(painted, size)
    return image if source is None else np.hstack((source, image))


def twice(alpha: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """The transparency `alpha` `(H, W) uint8` of a picture and of what stands beside it."""
    return None if alpha is None else np.hstack((alpha, alpha))
