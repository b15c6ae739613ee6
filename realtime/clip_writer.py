"""A clip being written: pictures are encoded, packets of other tracks are copied beside them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av

from realtime.av_frames import Colors, FromImage, file_url
from realtime.frames import Image, pad_to_even

VIDEO_SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".mkv"))
"""The kinds of video file that a clip can be written to."""

ANIMATION = ".webp"
"""A moving picture without sound, for a web page."""

_ENCODER = ("libx264", {"crf": "18", "preset": "veryfast"})  # near-lossless; painting keeps the cores
_ANIMATOR = ("libwebp_anim", {"quality": "70"})


@dataclass(frozen=True)
class ClipFormat:
    """What every picture of a clip has in common.

    `size` is `(height, width)`, odd sides are padded; times count in `time_base` seconds; `rate` is what the file says
    of its frames a second, whatever their times; `aspect` is a pixel's width by its height, None where unsaid.
    """

    size: tuple[int, int]
    time_base: Fraction
    colors: Colors
    rate: Fraction = Fraction(25)
    aspect: Fraction | None = None


class ClipWriter:
    """Writes H.264 into .mp4, .m4v, .mov or .mkv, or a .webp that repeats for ever, by the suffix of `path`.

    >>> with ClipWriter(Path("out.mp4"), ClipFormat((480, 640), Fraction(1, 90000), Colors())) as clip:
    ...     clip.write(image, pts=3000)

    Raises PyAV's FFmpegError, an OSError, where the file can't be written. For one thread.
    """

    def __init__(self, path: Path, form: ClipFormat) -> None:
        self._time_base = form.time_base
        self.size = form.size[0] + form.size[0] % 2, form.size[1] + form.size[1] % 2
        self.container: Any = av.open(file_url(path), "w", options=_muxer_options(path, form.time_base))
        self._from_image = FromImage(form.colors)
        self.stream: Any = self._add_stream(form)

    def write(self, image: Image, pts: int, duration: int = 0) -> None:
        """Encode `image`, shown at `pts` for `duration` (0: until the next), both in the clip's time base."""
        frame = self._from_image(pad_to_even(image))
        frame.pts, frame.time_base, frame.duration = pts, self._time_base, duration
        self.container.mux(self.stream.encode(frame))

    def copy(self, packet: Any) -> None:
        """Put `packet`, whose stream is one of `container`'s, into the file as it is."""
        self.container.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds; only packets may follow."""
        self.container.mux(self.stream.encode(None))

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

    def _add_stream(self, form: ClipFormat) -> Any:
        codec, options = _ANIMATOR if self.container.format.name == "webp" else _ENCODER
        stream = self.container.add_stream(codec, rate=form.rate, options=dict(options))
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = self.size
        context = stream.codec_context
        context.time_base = stream.time_base = form.time_base
        if form.aspect is not None:
            context.sample_aspect_ratio = form.aspect
        context.colorspace, context.color_range = form.colors.matrix, 1
        context.color_primaries, context.color_trc = form.colors.primaries, form.colors.transfer
        return stream


def _muxer_options(path: Path, time_base: Fraction) -> dict[str, str]:
    if path.suffix.lower() in (".mkv", ANIMATION):
        return {"loop": "0"} if path.suffix.lower() == ANIMATION else {}
    # A start later than 0 is written in the file's own time scale, which would be milliseconds.
    return {"movflags": "+faststart", "movie_timescale": str(time_base.denominator)}
