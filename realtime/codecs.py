"""How pictures can be coded in which kinds of file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from realtime.numbered import is_numbered
from weights.errors import InputError

_MP4 = frozenset((".mp4", ".m4v", ".mov", ".mkv"))


@dataclass(frozen=True)
class Codec:
    """An encoder of FFmpeg and what to ask of it; `alpha` and `deep` are its pixels with transparency and of 10 bits.

    `best` and `worst` are the ends of its --crf; none where it has none.
    """

    encoder: str
    suffixes: frozenset[str]
    pixels: str = "yuv420p"
    alpha: str = ""
    deep: str = ""
    options: dict[str, str] = field(default_factory=dict)
    presets: tuple[str, ...] = ()
    worst_crf: int = 0


_X26 = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_SPEEDS = tuple(str(speed) for speed in range(14))

CODECS = {
    # Near-lossless; painting keeps the cores, and "veryfast" works half as much again for a tenth of the file.
    "h264": Codec("libx264", _MP4, deep="yuv420p10le", options={"crf": "18", "preset": "superfast"}, presets=_X26,
        worst_crf=51),
    "hevc": Codec("libx265", _MP4 - {".m4v"}, deep="yuv420p10le", presets=_X26, worst_crf=51,
        options={"crf": "20", "preset": "veryfast", "x265-params": "log-level=error"}),
    "av1": Codec("libsvtav1", frozenset((".mp4", ".mkv", ".webm")), deep="yuv420p10le", presets=_SPEEDS, worst_crf=63,
        options={"crf": "24", "preset": "9"}),
    "vp9": Codec("libvpx-vp9", frozenset((".webm", ".mkv", ".mp4")), alpha="yuva420p", worst_crf=63,
        options={"crf": "20", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1", "auto-alt-ref": "0"}),
    "prores": Codec("prores_ks", frozenset((".mov", ".mkv")), "yuv422p10le", "yuva444p10le", "yuv422p10le"),
    "ffv1": Codec("ffv1", frozenset((".mkv",)), "bgr0", "bgra"),
    "webp": Codec("libwebp_anim", frozenset((".webp",)), alpha="bgra", options={"quality": "70"}),
    "gif": Codec("gif", frozenset((".gif",)), "pal8", "pal8"),
}  # fmt: skip
"""By the name that --codec takes."""

NAMES = tuple(name for name in CODECS if name not in ("webp", "gif"))
"""What --codec can be: .webp and .gif have one each."""

VIDEO_SUFFIXES = _MP4 | {".webm"}
"""The kinds of video file that a clip can be written to."""

MOVING_PICTURES = frozenset((".webp", ".gif"))
"""Moving pictures without sound, for a web page."""

_FIRST = {".webm": "vp9", ".webp": "webp", ".gif": "gif"}


@dataclass(frozen=True)
class Encoding:
    """What the user asks of the encoder; None and 8 bits leave it to the kind of file.

    `hardware`, of the kind `hwaccel`, takes the place of the codec's own encoder; see `realtime.hardware`.
    """

    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    bits: int = 8
    hardware: Codec | None = None
    hwaccel: str | None = None

    def codec_of(self, path: Path) -> Codec:
        """The codec for `path`; raises InputError where what was asked for doesn't fit.

        Numbered pictures are painted into clips without loss first, so that a stopped run can go on.
        """
        if is_numbered(path):
            if self != Encoding():
                raise InputError(f"{path} is coded as pictures are: leave --codec, --crf, --preset and --bits out.")
            return CODECS["ffv1"]
        suffix = path.suffix.lower()
        if suffix not in VIDEO_SUFFIXES | MOVING_PICTURES:
            raise InputError(
                f"A clip can't be written as {path.name}: end its name in .mp4, .mov, .mkv, .webm, .webp or .gif."
            )
        name = self.name_for(path)
        codec = CODECS.get(name)
        if codec is None:
            raise InputError(f"--codec {name} is unknown: choose one of {', '.join(NAMES)}.")
        codec = self.hardware or codec
        if suffix not in codec.suffixes:
            raise InputError(
                f"{path.name} can't hold --codec {name}: end its name in {' or '.join(sorted(codec.suffixes))}."
            )
        if self.crf is not None and not 0 <= self.crf <= codec.worst_crf:
            mend = f"give 0 (best) to {codec.worst_crf}" if codec.worst_crf else "leave it out"
            raise InputError(f"--crf {self.crf} doesn't fit {name}: {mend}.")
        if self.preset is not None and self.preset not in codec.presets:
            mend = f"choose one of {', '.join(codec.presets)}" if codec.presets else "leave it out"
            raise InputError(f"--preset {self.preset} doesn't fit {name}: {mend}.")
        if self.bits != 8 and not (self.bits == 10 and codec.deep):
            raise InputError(f"--bits {self.bits} doesn't fit {name}: give 8, or 10 with h264, hevc, av1 or prores.")
        return codec

    def name_for(self, path: Path) -> str:
        """What --codec would be called that `path` gets."""
        if is_numbered(path):
            return "ffv1"
        return self.codec or _FIRST.get(path.suffix.lower(), "h264")

    def options_of(self, codec: Codec) -> dict[str, str]:
        """What the encoder is told."""
        asked = {"crf": None if self.hardware else self.crf, "preset": self.preset}
        return codec.options | {name: str(value) for name, value in asked.items() if value is not None}
