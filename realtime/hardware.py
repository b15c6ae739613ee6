"""Encoders in graphics hardware: which there are, which of them works here, and what is said where none does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from realtime.av_frames import reason_of
from realtime.codecs import CODECS, Codec, Encoding
from weights.errors import InputError

_LAMBDA = 118
"""What FFmpeg multiplies a step of `-q:v` by."""


@dataclass(frozen=True)
class Kind:
    """A maker's encoders, as `encoder` names that of a codec; `quality` says a --crf in their words."""

    encoder: str
    quality: Callable[[int], dict[str, str]]
    presets: tuple[str, ...] = ()


KINDS = {
    "nvenc": Kind("{}_nvenc", lambda crf: {"rc": "vbr", "cq": str(crf), "b": "0"}, tuple(f"p{n}" for n in range(1, 8))),
    "videotoolbox": Kind(
        "{}_videotoolbox", lambda crf: {"flags": "+qscale", "global_quality": str(_of_100(crf) * _LAMBDA)}
    ),
    "qsv": Kind("{}_qsv", lambda crf: {"global_quality": str(crf)}, ("veryfast", "faster", "fast", "medium", "slow")),
    "amf": Kind("{}_amf", lambda crf: {"rc": "cqp", "qp_i": str(crf), "qp_p": str(crf)}),
    "mf": Kind("{}_mf", lambda crf: {"rate_control": "quality", "quality": str(_of_100(crf))}),
}
"""By the name that --hwaccel takes: NVIDIA's, Apple's, Intel's, AMD's and Windows' own, in the order they are tried."""


def _of_100(crf: int) -> int:
    """A --crf as a quality of which 100 is best."""
    return max(1, 100 - 2 * crf)


def accelerated(encoding: Encoding, hwaccel: str | None, path: Path) -> tuple[Encoding, str]:
    """`encoding` for the file `path` by the hardware's encoder that `hwaccel` asks for, where one works here.

    Also what there is to say where none does: the processor encodes then. Raises InputError for an unknown name, and
    what `Encoding.codec_of` does.
    """
    if hwaccel is None:
        encoding.codec_of(path)
        return encoding, ""
    if hwaccel != "auto" and hwaccel not in KINDS:
        raise InputError(f"--hwaccel {hwaccel} is unknown: choose one of auto, {', '.join(KINDS)}.")
    name = encoding.name_for(path)
    replace(encoding, preset=None).codec_of(path)
    troubles: dict[str, list[str]] = {}
    for kind in KINDS if hwaccel == "auto" else (hwaccel,):
        codec = _codec(name, kind, encoding.crf)
        trouble = _trouble(codec.encoder, codec.deep if encoding.bits == 10 else codec.pixels)
        if trouble is None:
            found = replace(encoding, hardware=codec, hwaccel=kind)
            found.codec_of(path)
            return found, ""
        troubles.setdefault(trouble, []).append(kind)
    encoding.codec_of(path)
    why = "; ".join(f"{', '.join(kinds)}: {trouble}" for trouble, kinds in troubles.items())
    return encoding, f"No hardware encodes {name} here ({why}), so the processor does."


def _codec(name: str, kind: str, crf: int | None) -> Codec:
    """The codec `name` by the encoder of `kind`."""
    plain, made = CODECS[name], KINDS[kind]
    return replace(
        plain,
        encoder=made.encoder.format(name),
        pixels="nv12",
        alpha="",
        deep="p010le" if plain.deep else "",
        options=made.quality(int(plain.options.get("crf", 20)) if crf is None else crf),
        presets=made.presets,
    )


@lru_cache
def _trouble(encoder: str, pixels: str) -> str | None:
    """Why `encoder` can't be used here, found by a frame that it encodes; None where it can."""
    if encoder not in av.codecs_available:
        return "not in this FFmpeg"
    try:
        context: Any = av.CodecContext.create(encoder, "w")
        context.width, context.height, context.pix_fmt = 320, 240, pixels
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        grey = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 128, np.uint8), format="rgb24").reformat(format=pixels)
        grey.pts = 0
        context.encode(grey)
        context.encode(None)
    except (FFmpegError, ValueError, OSError) as error:
        return reason_of(error)
    return None
