"""A clip being written: pictures are encoded, packets of other tracks are copied beside them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from realtime.av_filters import ToPalette
from realtime.av_frames import Colors, FromImage, file_url, in_yuv
from realtime.codecs import MOVING_PICTURES, Encoding
from realtime.frames import Image, over_white, pad_to_even

os.environ.setdefault("SVT_LOG", "0")  # the AV1 encoder reports on stderr otherwise


@dataclass(frozen=True)
class ClipFormat:
    """What every picture of a clip has in common.

    `size` is `(height, width)`, odd sides are padded; times count in `time_base` seconds; `rate` is what the file says
    of its frames a second, whatever their times; `aspect` is a pixel's width by its height, None where unsaid; `alpha`
    says whether the pictures have transparency. `clock`, ticks a second, is one in which all tracks' times are whole
    (0: that of `time_base`). A Matroska file that `survives` can be played up to its last second where the program is
    ended meanwhile.
    """

    size: tuple[int, int]
    time_base: Fraction
    colors: Colors
    rate: Fraction = Fraction(25)
    aspect: Fraction | None = None
    alpha: bool = False
    clock: int = 0
    survives: bool = False


class ClipWriter:
    """Writes a clip, coded as its suffix or `encoding` says; a .webp or .gif repeats for ever.

    >>> with ClipWriter(Path("out.mp4"), ClipFormat((480, 640), Fraction(1, 90000), Colors())) as clip:
    ...     clip.write(image, pts=3000)

    `keeps_alpha` says whether transparency is kept; where it isn't, pictures are written over white, and `drops_alpha`
    says whether any had some. Raises InputError
    for a name or encoding that doesn't fit, PyAV's FFmpegError, an OSError, where the file can't be written. For one
    thread.
    """

    def __init__(self, path: Path, form: ClipFormat, encoding: Encoding = Encoding()) -> None:  # noqa: B008, frozen
        self._codec = encoding.codec_of(path)
        self._time_base = form.time_base
        self.size = form.size[0] + form.size[0] % 2, form.size[1] + form.size[1] % 2
        self.keeps_alpha = form.alpha and bool(self._codec.alpha)
        pixels = self._codec.alpha if self.keeps_alpha else self._codec.deep if encoding.bits == 10 else ""
        self.drops_alpha = False
        self._pixels = pixels or self._codec.pixels
        self.container: Any = av.open(file_url(path), "w", options=muxer_options(path, form))
        self._from_image = ToPalette() if self._pixels == "pal8" else FromImage(form.colors, self._pixels)
        self.stream: Any = self._add_stream(form, encoding.options_of(self._codec))

    def write(self, image: Image, pts: int, duration: int = 0, alpha: NDArray[np.uint8] | None = None) -> None:
        """Encode `image`, shown at `pts` for `duration` (0: until the next), both in the clip's time base.

        `alpha` is its transparency, `(H, W) uint8`.
        """
        if alpha is not None and not self.keeps_alpha:
            self.drops_alpha = self.drops_alpha or bool(alpha.min() < 255)
            image, alpha = over_white(image, alpha), None
        frame = self._from_image(pad_to_even(image), None if alpha is None else pad_to_even(alpha))
        frame.pts, frame.time_base, frame.duration = pts, self._time_base, duration
        self._mux(self.stream.encode(frame))

    def copy(self, packet: Any) -> None:
        """Put `packet`, whose stream is one of `container`'s, into the file as it is."""
        self.container.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds; only packets may follow."""
        self._mux(self.stream.encode(None))

    def _mux(self, packets: list[Any]) -> None:
        """Put what the encoder gave into the file."""
        self.container.mux(packets)

    def close(self) -> None:
        """End the file, which is whole only after `finish`."""
        self.container.close()

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.close()

    def _add_stream(self, form: ClipFormat, options: dict[str, str]) -> Any:
        stream = self.container.add_stream(self._codec.encoder, rate=form.rate, options=options)
        stream.pix_fmt = self._pixels
        stream.height, stream.width = self.size
        context = stream.codec_context
        context.time_base = stream.time_base = form.time_base
        if context.name.startswith(("libx265", "hevc")) and self.container.format.name != "matroska":
            context.codec_tag = "hvc1"  # the name under which Apple's players know it
        if form.aspect is not None:
            context.sample_aspect_ratio = form.aspect
        if in_yuv(self._pixels):
            context.colorspace, context.color_range = form.colors.matrix, 1
            context.color_primaries, context.color_trc = form.colors.primaries, form.colors.transfer
        return stream


def muxer_options(path: Path, form: ClipFormat) -> dict[str, str]:
    if path.suffix.lower() in MOVING_PICTURES:
        return {"loop": "0"}
    if path.suffix.lower() in (".mkv", ".webm"):
        return {"cluster_time_limit": "1000", "flush_packets": "1"} if form.survives else {}
    # A start later than 0 is written in the file's own time scale, which would be milliseconds.
    return {"movflags": "+faststart", "movie_timescale": str(form.clock or form.time_base.denominator)}
