"""A file of a clip opened, and which of its streams is what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from realtime.av_frames import file_url, reason_of
from weights.errors import InputError


def decoder_with_alpha(video: Any) -> Any:
    """A decoder for the transparency of VP8 and VP9, which FFmpeg's own leaves out; None where it isn't wanted."""
    library = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(video.codec_context.name)
    if library is None or "1" not in (video.metadata.get("alpha_mode"), video.metadata.get("ALPHA_MODE")):
        return None
    decoder = av.CodecContext.create(library, "r")
    decoder.extradata = video.codec_context.extradata
    return decoder


def is_cover(stream: Any) -> bool:
    """Whether the video `stream` is one picture that stands for the file."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def pictures_of(container: Any) -> list[Any]:
    """The video streams of `container` that move, the first of them being what is painted."""
    return [stream for stream in container.streams.video if not is_cover(stream)]


def open_container(path: Path) -> Any:
    try:
        return av.open(file_url(path))
    except (FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path} can't be read as a video ({reason_of(error)}): choose another file.") from error
