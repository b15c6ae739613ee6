"""PyAV's frames to RGB pictures and back: matrix and range as tagged (players' guess without tags), turned upright."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from realtime.av_filters import ToneMap, is_hdr
from realtime.frames import Image

_LIMITED, _FULL = 1, 2
_UNSPECIFIED = 2
_EXACT = 4 | 0x40000 | 0x2000
"""swscale's bicubic chroma, accurate rounding, full chroma: 1.5 ms at 640x360 on one core."""
_LIVE = 2 | 0x40000 | 0x2000
"""The same with bilinear chroma, at most one level apart: 0.8 ms."""
_FAST = 2
"""Its default: 0.1 ms, but it truncates, so that a picture gets darker by about one level of 255."""
_LIVE_PIXELS = 640 * 480
"""The largest picture for which `_LIVE` costs no more than a millisecond."""

_SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
"""From H.273's matrix numbers (what streams say) to swscale's."""


@dataclass(frozen=True)
class Colors:
    """How a stream's numbers mean colours: H.273 numbers of matrix, primaries and transfer."""

    matrix: int = 1
    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Colors:
        """The colours of `frame`; where its stream doesn't say, players' guess: BT.709 from 720 lines up, else 601."""
        if is_hdr(frame):
            return cls(1, 1, 1)  # toned down by ToImage
        matrix = int(frame.colorspace)
        if matrix not in _SWS_MATRIX:
            matrix = 1 if min(frame.width, frame.height) >= 720 else 6
        return cls(matrix, int(frame.color_primaries), int(frame.color_trc))


class ToImage:
    """Turns frames of one stream into pictures as they are meant to be seen: `(H, W, 3) uint8 RGB`, upright.

    `fast` takes at most a millisecond, for a live picture: above 640x480 it is about one level of 255 too dark.
    """

    def __init__(self, fast: bool = False) -> None:
        self._reformatter = VideoReformatter()  # kept: setting swscale up costs more than one frame
        self._fast, self._tone = fast, ToneMap()

    def __call__(self, frame: av.VideoFrame) -> Image:
        """The picture in `frame`."""
        if is_hdr(frame):
            image = self._tone(frame).to_ndarray(format="rgb24")
        elif frame.format.is_rgb:
            image = frame.to_ndarray(format="rgb24")
        else:
            matrix = _SWS_MATRIX[Colors.of(frame).matrix]
            full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
            image = self._reformatter.reformat(
                frame,
                format="rgb24",
                src_colorspace=matrix,
                dst_colorspace=matrix,
                src_color_range=_FULL if full else _LIMITED,
                dst_color_range=_FULL,
                interpolation=self._how(frame),
            ).to_ndarray()
        return np.ascontiguousarray(upright(frame)(image))

    def _how(self, frame: av.VideoFrame) -> int:
        if not self._fast:
            return _EXACT
        return _LIVE if frame.width * frame.height <= _LIVE_PIXELS else _FAST


def alpha_of(frame: av.VideoFrame) -> NDArray[np.uint8] | None:
    """How opaque the frame's picture is, `(H, W) uint8`, upright; None where it is all opaque."""
    if not has_alpha(frame):
        return None
    alpha = np.asarray(upright(frame)(frame.to_ndarray(format="rgba")[:, :, 3]), np.uint8)
    return None if alpha.min() == 255 else alpha


def has_alpha(frame: av.VideoFrame) -> bool:
    """Whether frames of this one's format can be transparent."""
    return frame.format.name == "pal8" or any(component.is_alpha for component in frame.format.components)


class FromImage:
    """Turns pictures (even sides) into frames of `pixels`; those in YUV of limited range in `colors`."""

    def __init__(self, colors: Colors, pixels: str = "yuv420p") -> None:
        self._reformatter, self._colors, self._pixels = VideoReformatter(), colors, pixels

    def __call__(self, image: Image, alpha: NDArray[np.uint8] | None = None) -> av.VideoFrame:
        """The frame of `image`, with the transparency `alpha` `(H, W) uint8` where `pixels` have it."""
        if alpha is None:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        else:
            frame = av.VideoFrame.from_ndarray(np.dstack((image, alpha)), format="rgba")
        if not in_yuv(self._pixels):
            return self._reformatter.reformat(frame, format=self._pixels)
        matrix = _SWS_MATRIX[self._colors.matrix]
        frame = self._reformatter.reformat(
            frame,
            format=self._pixels,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=_FULL,
            dst_color_range=_LIMITED,
            interpolation=_EXACT,
        )
        frame.colorspace, frame.color_range = self._colors.matrix, _LIMITED
        frame.color_primaries, frame.color_trc = self._colors.primaries, self._colors.transfer
        return frame


def in_yuv(pixels: str) -> bool:
    """Whether the format `pixels` of FFmpeg has a matrix and a range."""
    return pixels.startswith(("yuv", "nv12", "p010"))


def file_url(path: Path) -> str:
    """What FFmpeg calls the file `path`: of a bare name it would take what stands before a colon for a protocol."""
    return f"file:{path}"


def upright(frame: av.VideoFrame) -> Callable[[Any], Any]:
    """What turns this frame's array upright, by the display matrix that phones write; the identity without one."""
    side: Any = frame.side_data.get("DISPLAYMATRIX")
    if side is None:
        return _keep
    a, b, _, c, d = np.frombuffer(bytes(side), np.int32)[:5].astype(float)
    # The matrix sends (x, y) to (a x + c y, b x + d y), y downwards; as turns are by 90 degrees, its signs say all.
    swaps = abs(b) + abs(c) > abs(a) + abs(d)
    flip_x, flip_y = (c < 0, b < 0) if swaps else (a < 0, d < 0)

    def turn(image: Any) -> Any:
        image = image.swapaxes(0, 1) if swaps else image
        image = image[::-1] if flip_y else image
        return image[:, ::-1] if flip_x else image

    return turn


def turns_sideways(frame: av.VideoFrame) -> bool:
    """Whether `upright` swaps height and width."""
    return bool(upright(frame)(np.empty((1, 2))).shape == (2, 1))


def _keep(image: Any) -> Any:
    return image


def reason_of(error: Exception) -> str:
    """What PyAV's (or the system's) error says, to stand in brackets within a sentence."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
