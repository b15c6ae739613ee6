"""Small functions on pictures: `(H, W, 3) uint8 RGB`, C-contiguous; sizes are `(height, width)`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from weights.errors import InputError

# What cv2 can't open is said by us, in one sentence. (OpenCV 4 and 5 keep the switch in different places.)
(cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel)(0)

Image = NDArray[np.uint8]
"""A picture `(H, W, 3) uint8 RGB`, C-contiguous."""


def check_image(image: Image) -> Image:
    """Return `image`, made C-contiguous; raises ValueError where it is no `(H, W, 3) uint8` array."""
    got = f"{getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}"
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"got {got} != expected uint8 (H, W, 3)")
    return np.ascontiguousarray(image)


def working_size(
    size: tuple[int, int], height: int | None, even: bool = False, pixel_aspect: float = 1.0
) -> tuple[int, int]:
    """The size `(height, width)` of a picture of `size` worked on at `height` lines, its aspect kept.

    `height` None keeps the lines; `even` rounds both sides to even numbers (4:2:0 video has half as many chroma lines),
    but never touches a picture that keeps its size. `pixel_aspect` is the width of a pixel of `size` over its height;
    those of the result are square.
    """
    h, w = size
    wide = w * pixel_aspect
    if height is None:
        height = h
    if height == h and round(wide) == w:
        return h, w
    step = 2 if even else 1
    new_h = max(step, round(height / step) * step)
    return new_h, max(step, round(wide * height / h / step) * step)


def resize(image: Image, size: tuple[int, int]) -> Image:
    """`image` at `size`; averages areas on the way down (no aliasing), interpolates on the way up."""
    h, w = size
    if image.shape[:2] == (h, w):
        return image
    shrinks = h * w < image.shape[0] * image.shape[1]
    return _scaled(image, size, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def resize_live(image: Image, size: tuple[int, int]) -> Image:
    """`resize` for a picture that the next one replaces: a fifth of the work where the sizes are no multiples.

    On the way down it averages groups of 2x2 pixels and interpolates what is left.
    """
    h, w = size
    while image.shape[0] >= 2 * h and image.shape[1] >= 2 * w and (image.shape[0] % h or image.shape[1] % w):
        image = resize(image, (image.shape[0] // 2, image.shape[1] // 2))
    if image.shape[0] % h == 0 and image.shape[1] % w == 0:
        return resize(image, size)
    return _scaled(image, size, cv2.INTER_LINEAR)


def _scaled(image: Image, size: tuple[int, int], how: int) -> Image:
    h, w = size
    try:
        return np.asarray(cv2.resize(image, (w, h), interpolation=how), np.uint8)
    except cv2.error as error:
        raise InputError(f"A picture of {w}x{h} is too large for the memory: choose a smaller --height.") from error


def enlarge(image: Image, size: tuple[int, int]) -> Image:
    """`image` at the larger `size`, its edges kept sharp: slower than `resize`, and worth it for strokes.

    At a smaller one it is `resize`'s.
    """
    h, w = size
    if h * w <= image.shape[0] * image.shape[1]:
        return resize(image, size)
    return np.asarray(cv2.resize(image, (w, h), interpolation=cv2.INTER_CUBIC), np.uint8)


def fit(image: Image, height: int | None, even: bool = False, pixel_aspect: float = 1.0) -> Image:
    """`image` at `height` lines with its aspect kept; see `working_size`."""
    h, w = image.shape[:2]
    return resize(image, working_size((h, w), height, even, pixel_aspect))


def fit_live(image: Image, height: int | None, pixel_aspect: float = 1.0) -> Image:
    """`fit` by `resize_live`."""
    h, w = image.shape[:2]
    return resize_live(image, working_size((h, w), height, pixel_aspect=pixel_aspect))


def mixed(first: Image, second: Image, part: float) -> Image:
    """`part` (0 to 1) of `second` over `first`, which is of the same size."""
    return np.asarray(cv2.addWeighted(first, 1 - part, second, part, 0), np.uint8)


def mirrored(image: Image) -> Image:
    """`image` with left and right changed."""
    return np.asarray(cv2.flip(image, 1), np.uint8)


def framed(image: Image, size: tuple[int, int]) -> Image:
    """`image` as large as it fits into a black picture of `size`, in its middle."""
    h, w = size
    if image.shape[:2] == (h, w):
        return image
    scale = min(h / image.shape[0], w / image.shape[1])
    image = resize(image, (max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))))
    top, left = (h - image.shape[0]) // 2, (w - image.shape[1]) // 2
    black = np.zeros((h, w, 3), np.uint8)
    black[top : top + image.shape[0], left : left + image.shape[1]] = image
    return black


def pad_to_even(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`image`, `(H, W, …)`, with its last line or column repeated where its height or width is odd."""
    h, w = image.shape[:2]
    if h % 2 == 0 and w % 2 == 0:
        return image
    return np.pad(image, ((0, h % 2), (0, w % 2), *((0, 0),) * (image.ndim - 2)), mode="edge")


def fit_alpha(alpha: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The transparency `alpha` `(H, W) uint8` at `size`."""
    h, w = size
    if alpha.shape == (h, w):
        return alpha
    return np.asarray(cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA), np.uint8)


def over_white(image: Image, alpha: NDArray[np.uint8] | None) -> Image:
    """`image` as it looks on white, where `alpha`, `(H, W) uint8`, says how opaque it is."""
    if alpha is None:
        return image
    a = alpha[:, :, None].astype(np.float32) / 255
    return np.rint(image * a + 255 * (1 - a)).astype(np.uint8)


def rgb_from_bgr(image: NDArray[np.uint8]) -> Image:
    """cv2's channel order turned into ours."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def bgr_from_rgb(image: Image) -> NDArray[np.uint8]:
    """Our channel order turned into cv2's."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
