"""Nothing is lost: a matrix of clips, each read back after painting and compared with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from realtime.av_frames import Colors, ToImage
from realtime.render.clip import paint_clip
from tests.conftest import picture, same
from tests.read_back import audio, frames, images, time_of, times
from tests.test_clip import rotate_in_place

STEADY, UNEVEN = tuple(range(8)), (0, 1, 3, 4, 9, 11, 20, 21)


@dataclass(frozen=True)
class Made:
    """How a clip of the matrix is made; times count in 1/25 s, or in `time_base`."""

    name: str
    codec: str = "libx264"
    pixels: str = "yuv420p"
    pts: Sequence[int] = STEADY
    time_base: Fraction = Fraction(1, 25)
    size: tuple[int, int] = (48, 64)
    colors: tuple[int, int, int] = (1, 1, 1)
    full: bool = False
    aspect: Fraction | None = None
    sounds: tuple[str, ...] = ()
    subtitles: bool = False
    chapters: bool = False
    attachment: bool = False
    turned: tuple[int, int, int, int] | None = None
    words: dict[str, str] = field(default_factory=dict)
    target: str = ""


MATRIX = [
    Made("plain.mp4"),
    Made("plain.mov", sounds=("aac",)),
    Made("plain.mkv", sounds=("libopus",)),
    Made("plain.webm", "libvpx-vp9", sounds=("libopus",)),
    Made("uneven.mp4", pts=UNEVEN, sounds=("aac",)),
    Made("uneven.mkv", pts=UNEVEN, sounds=("flac",)),
    Made("ntsc.mp4", time_base=Fraction(1001, 30000)),
    Made("fine.mp4", pts=(0, 3003, 6006, 9100, 12012), time_base=Fraction(1, 90000)),
    Made("late.mp4", pts=range(50, 58), sounds=("aac",)),
    Made("late.mkv", pts=range(50, 58), sounds=("aac",)),
    Made("b-frames.mov", pts=range(30), sounds=("aac", "aac")),
    Made("turned.mp4", turned=(0, 1, -1, 0), sounds=("aac",)),
    Made("upside-down.mov", turned=(-1, 0, 0, -1)),
    Made("wide-pixels.mp4", aspect=Fraction(64, 45)),
    Made("narrow-pixels.mkv", aspect=Fraction(8, 9)),
    Made("pal.mp4", colors=(6, 5, 6)),
    Made("bt2020.mkv", colors=(9, 9, 14)),
    Made("full.mp4", full=True),
    Made("ten-bits.mkv", "libx265", "yuv420p10le"),
    Made("ten-bits.mp4", "libx264", "yuv422p10le", sounds=("aac",)),
    Made("odd.mp4", "libx264", "yuv444p", size=(47, 63)),
    Made("prores.mov", "prores_ks", "yuv422p10le", sounds=("pcm_s16le",)),
    Made("av1.mkv", "libsvtav1", size=(64, 64), sounds=("libopus",)),
    Made("lossless.mkv", "ffv1", "yuv420p", sounds=("pcm_s24le", "libmp3lame", "ac3")),
    Made("rich.mkv", sounds=("aac", "flac"), subtitles=True, chapters=True, attachment=True, words={"title": "Café"}),
    Made("chapters.mp4", sounds=("aac",), chapters=True, words={"title": "Höhe", "artist": "N. N."}),
    Made("old.avi", "mpeg4", sounds=("libmp3lame",), target="old.mkv"),
    Made("stream.ts", "libx264", sounds=("aac",), target="stream.mkv"),
]


def make(made: Made, folder: Path) -> Path:
    path = folder / made.name
    with av.open(str(path), "w") as out:
        out.metadata.update(made.words)
        video: Any = out.add_stream(made.codec, rate=25, options={"crf": "10"} if "x26" in made.codec else {})
        video.height, video.width, video.pix_fmt = *made.size, made.pixels
        context = video.codec_context
        context.time_base = made.time_base
        if made.aspect:
            context.sample_aspect_ratio = made.aspect
        context.colorspace, context.color_primaries, context.color_trc = made.colors
        context.color_range = 2 if made.full else 1
        if made.codec == "libx265":
            context.options = {"x265-params": "log-level=error"}
        tracks: list[Any] = [out.add_stream(codec, rate=48000) for codec in made.sounds]
        for number, track in enumerate(tracks):
            track.codec_context.layout = "mono"
            track.metadata["language"] = ("eng", "fra", "deu")[number]
        if made.subtitles:
            with av.open(str(srt(folder))) as texts:
                copied = out.add_stream_from_template(texts.streams.subtitles[0])
                copied.metadata["language"] = "swe"
                packets = [p for p in texts.demux() if p.dts is not None]
                _fill(made, out, video, tracks)
                for packet in packets:
                    packet.stream = copied
                    out.mux(packet)
        else:
            if made.chapters:
                out.set_chapters(CHAPTERS)
            if made.attachment:
                out.add_attachment("font.ttf", "font/ttf", b"letters")
            _fill(made, out, video, tracks)
    if made.turned:
        rotate_in_place(path, made.turned)
    return path


CHAPTERS: Any = [
    {"id": 1, "start": 0, "end": 100, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}},
    {"id": 2, "start": 100, "end": 320, "time_base": Fraction(1, 1000), "metadata": {"title": "Two"}},
]


def _fill(made: Made, out: Any, video: Any, tracks: list[Any]) -> None:
    if made.subtitles:
        out.set_chapters(CHAPTERS)
        out.add_attachment("font.ttf", "font/ttf", b"letters")
    for i, pts in enumerate(made.pts):
        frame = av.VideoFrame.from_ndarray(picture(*made.size, seed=i), format="rgb24")
        matrix = {1: 1, 6: 5, 9: 9}[made.colors[0]]
        frame = frame.reformat(
            format=made.pixels, dst_colorspace=matrix, dst_color_range=2 if made.full else 1, src_color_range=2
        )
        frame.pts, frame.time_base = pts, made.time_base
        frame.colorspace, frame.color_primaries, frame.color_trc = made.colors
        frame.color_range = 2 if made.full else 1
        out.mux(video.encode(frame))
    out.mux(video.encode(None))
    first, last = (float(made.pts[i] * made.time_base) for i in (0, -1))
    for number, track in enumerate(tracks):
        size = track.codec_context.frame_size or 1024
        for start in range(int(first * 48000), max(int(last * 48000), int(first * 48000) + size), size):
            wave = np.sin(np.arange(start, start + size) * 0.05 * (number + 1)).astype(np.float32)[None] * 0.3
            sound = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 48000, start, Fraction(1, 48000)
            for part in av.AudioResampler(format=track.codec_context.format.name).resample(sound):
                out.mux(track.encode(part))
        out.mux(track.encode(None))


def srt(folder: Path) -> Path:
    path = folder / "texts.srt"
    path.write_text("1\n00:00:00,040 --> 00:00:00,200\nGod morgon\n\n", encoding="utf-8")
    return path


def packets(path: Path, kind: str) -> list[list[tuple[bytes, Fraction]]]:
    """Of each track of `kind`, its packets' bytes and times."""
    with av.open(str(path)) as clip:
        tracks: dict[int, list[tuple[bytes, Fraction]]] = {s.index: [] for s in clip.streams if s.type == kind}
        for packet in clip.demux():
            if packet.stream.index in tracks and packet.dts is not None:
                tracks[packet.stream.index].append((bytes(packet), time_of(packet)))
        return list(tracks.values())


def described(path: Path) -> dict[str, Any]:
    """What the file says of itself and of its tracks."""
    with av.open(str(path)) as clip:
        picture_track = clip.streams.video[0]
        chapters: Any = clip.chapters()
        return {
            "title": clip.metadata.get("title"),
            "artist": clip.metadata.get("artist") or clip.metadata.get("ARTIST"),
            "chapters": [
                (c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"].get("title")) for c in chapters
            ],
            "languages": [s.metadata.get("language") for s in (*clip.streams.audio, *clip.streams.subtitles)],
            "attached": [(s.name, bytes(s.data)) for s in clip.streams.attachments],
            "aspect": picture_track.sample_aspect_ratio,
        }


@pytest.mark.parametrize("made", MATRIX, ids=lambda made: made.name)
def test_all_of_a_clip_is_kept(made: Made, tmp_path: Path) -> None:
    source = make(made, tmp_path)
    target = tmp_path / "out" / (made.target or made.name)
    assert paint_clip(source, target, same).notes == []
    before, after = images(source), images(target)
    h, w = before[0].shape[:2]
    assert [image.shape[:2] for image in after] == [(h + h % 2, w + w % 2)] * len(before)
    for old, new in zip(before, after, strict=True):
        assert np.abs(old.astype(int) - new[:h, :w]).mean() < 4
    precise = target.suffix in (".mp4", ".mov")
    offset = min(times(source)[0], audio(source)[0][1] if made.sounds else times(source)[0])
    offset = offset if source.suffix == ".ts" else Fraction(0)
    for one, other in zip(times(source), times(target), strict=True):
        assert one - offset == other if precise else abs(one - offset - other) <= Fraction(1, 1000)
    if source.suffix == target.suffix:
        for kind in ("audio", "subtitle"):
            assert packets(source, kind) == packets(target, kind)
        assert described(source) == {**described(target), "aspect": described(source)["aspect"]}
    turned = made.turned is not None and made.turned[0] == 0
    aspect = described(source)["aspect"] or Fraction(1)
    assert (described(target)["aspect"] or Fraction(1)) == (1 / aspect if turned else aspect)
    first = frames(target)[0]
    assert Colors.of(first) == Colors.of(frames(source)[0])
    assert int(first.color_range) == 1


PQ, HLG = 16, 18


def write_hdr(path: Path, transfer: int, levels: tuple[float, ...]) -> None:
    """A frame whose four columns are greys of these `levels`, of 0 to 1."""
    numbers = np.round(64 + np.array(levels) * 876).astype(np.uint16)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p10le"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 9, 9, transfer, 1
        frame = av.VideoFrame(64, 48, "yuv420p10le")
        for plane, row in zip(frame.planes, (numbers.repeat(16), *[np.full(32, 512, np.uint16)] * 2), strict=True):
            data = np.zeros((plane.height, plane.line_size // 2), np.uint16)
            data[:, : plane.width] = row
            plane.update(data.tobytes())
        frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range = 9, 9, transfer, 1
        out.mux([*stream.encode(frame), *stream.encode(None)])


@pytest.mark.parametrize("transfer", [PQ, HLG], ids=["pq", "hlg"])
def test_hdr_is_toned_down_and_said(transfer: int, tmp_path: Path) -> None:
    source, target = tmp_path / "hdr.mkv", tmp_path / "out.mp4"
    # Black, then a third of paper's light and all of it, 203 cd/m2 (ITU-R BT.2408), and the peak.
    write_hdr(source, transfer, {PQ: (0, 0.47, 0.58, 1), HLG: (0, 0.55, 0.75, 1)}[transfer])
    (note,) = paint_clip(source, target, same).notes
    assert note == "hdr.mkv is HDR: its brightness was toned down to BT.709."
    (shown,) = frames(target)
    assert (int(shown.colorspace), int(shown.color_primaries), int(shown.color_trc)) == (1, 1, 1)
    black, third, paper, peak = (int(level) for level in ToImage()(shown)[24, 8::16].mean(1))
    assert black <= 2
    assert abs(third - 255 * (1 / 3) ** (1 / 2.4)) <= 8, "as in a clip for a screen"
    assert 224 <= paper <= 236, "it was 160, a grey, by FFmpeg's own map"
    assert peak >= 253
