"""What a clip can be coded as, and what each of them keeps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from realtime.codecs import CODECS, NAMES, Encoding
from realtime.layout import Layout
from realtime.options import Options, parse
from realtime.render.asked import encoding_of
from realtime.render.clip import paint_clip
from realtime.render.opened import open_clip
from tests.conftest import MakeClip, picture, same
from tests.read_back import times
from weights.errors import InputError

PAIRS = [(name, suffix) for name in NAMES for suffix in sorted(CODECS[name].suffixes)]


@pytest.mark.parametrize(("codec", "suffix"), PAIRS)
def test_each_codec_in_each_file(
    make_clip: MakeClip, tmp_path: Path, codec: str, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source, target = make_clip(audio="aac", size=(64, 96)), tmp_path / f"out{suffix}"
    assert paint_clip(source, target, same, encoding=Encoding(codec)).frames == 12
    with av.open(str(target)) as clip:
        assert clip.streams.video[0].codec_context.name.replace("libdav1d", "av1") in (codec, "av1")
        assert len(clip.streams.audio) == 1
        images = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    assert np.abs(images[0].astype(int) - picture(64, 96)).mean() < 8
    assert [round(float(t), 2) for t in times(target)] == [round(float(t), 2) for t in times(source)]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "prores"])
def test_ten_bits(make_clip: MakeClip, tmp_path: Path, codec: str) -> None:
    target = tmp_path / ("out.mov" if codec == "prores" else "out.mkv")
    paint_clip(make_clip(size=(64, 96)), target, same, encoding=Encoding(codec, bits=10))
    with av.open(str(target)) as clip:
        assert "10le" in (clip.streams.video[0].format.name)


@pytest.mark.parametrize(
    ("encoding", "target", "words"),
    [
        (Encoding("h265"), "a.mp4", "--codec h265 is unknown: choose one of h264, hevc"),
        (Encoding("prores"), "a.mp4", "a.mp4 can't hold --codec prores: end its name in .mkv or .mov"),
        (Encoding(crf=52), "a.mp4", "--crf 52 doesn't fit h264: give 0"),
        (Encoding("ffv1", crf=5), "a.mkv", "--crf 5 doesn't fit ffv1: leave it out"),
        (Encoding(preset="swift"), "a.mp4", "--preset swift doesn't fit h264: choose one of ultrafast"),
        (Encoding("vp9", bits=10), "a.webm", "--bits 10 doesn't fit vp9"),
        (Encoding(), "a.avi", "can't be written as a.avi: end its name in .mp4"),
    ],
)
def test_what_does_not_fit_is_said_before_the_work(
    make_clip: MakeClip, tmp_path: Path, encoding: Encoding, target: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        paint_clip(make_clip(), tmp_path / target, lambda _: pytest.fail("painted"), encoding=encoding)
    assert not (tmp_path / target).exists()


def test_the_command_line_reaches_the_encoder() -> None:
    asked = parse(["a.mp4", "-o", "b.mkv", "--codec", "hevc", "--crf", "30", "--preset", "fast", "--bits", "10"])
    assert encoding_of(asked, Path("a.mp4"))[0] == Encoding("hevc", 30, "fast", 10)
    assert encoding_of(Options(), Path("a.mp4"))[0] == Encoding()
    assert Encoding(crf=30).options_of(CODECS["h264"]) == {"crf": "30", "preset": "superfast"}


ALPHA = np.repeat(np.array([255, 100, 0], np.uint8), (32, 16, 16))[None].repeat(48, axis=0)
SOURCES = {
    "prores": ("in.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
    "vp9": ("in.webm", "libvpx-vp9", "yuva420p", {"auto-alt-ref": "0"}),
    "png": ("in.mov", "png", "rgba", {}),
}


def with_alpha(folder: Path, kind: str) -> Path:
    name, codec, pixels, options = SOURCES[kind]
    with av.open(str(folder / name), "w") as out:
        stream: Any = out.add_stream(codec, rate=25, options=options)  # whatever kind the codec is of
        stream.height, stream.width, stream.pix_fmt = 48, 64, pixels
        for i in range(4):
            rgba = np.dstack((picture(48, 64, seed=i), ALPHA))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format=pixels)))
        out.mux(stream.encode(None))
    return folder / name


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    ("name", "codec"), [("out.mov", "prores"), ("out.webm", "vp9"), ("out.mkv", "ffv1"), ("out.webp", None)]
)
def test_transparency_goes_past_the_painting(tmp_path: Path, kind: str, name: str, codec: str | None) -> None:
    source, target = with_alpha(tmp_path, kind), tmp_path / "out" / name
    assert paint_clip(source, target, lambda image: 255 - image, encoding=Encoding(codec)).notes == []
    with open_clip(target) as reader:
        items = list(reader)
    assert len(items) == 4 or name == "out.webp"  # its encoder may show two alike as one
    for item in items:
        assert np.abs(item.alpha[:, [8, 24, 40, 60]].astype(int) - (255, 255, 100, 0)).max() < 12
        assert np.abs(item.image[16:40, :30].astype(int) - (255 - picture(48, 64)[16:40, :30])).mean() < 8


def test_where_transparency_has_no_room_it_is_over_white_and_said(tmp_path: Path) -> None:
    source, target = with_alpha(tmp_path, "png"), tmp_path / "out.mp4"
    (note,) = paint_clip(source, target, same).notes
    assert "became white" in note
    with open_clip(target) as reader:
        assert next(iter(reader)).image[:, 50:].min() > 250


def test_transparency_is_scaled_with_the_picture(tmp_path: Path) -> None:
    paint_clip(
        with_alpha(tmp_path, "png"), tmp_path / "out.mkv", same, Layout(out_height=24), encoding=Encoding("ffv1")
    )
    with open_clip(tmp_path / "out.mkv") as reader:
        first = next(iter(reader))
    assert first.alpha is not None
    assert first.alpha.shape == (24, 32)
    assert (first.alpha[:, :15] == 255).all()
    assert (first.alpha[:, 26:] == 0).all()


def test_a_gif_has_colours_of_its_own_in_each_frame(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = (
        make_clip(pts=[0, 4, 8, 20], time_base=Fraction(1, 100), audio="aac", name="in.mkv"),
        tmp_path / "o.gif",
    )
    notes = paint_clip(source, target, same).notes
    assert "left out" in " ".join(notes)
    ok, gif = cv2.imdecodeanimation(np.fromfile(target, np.uint8))
    assert ok
    assert list(gif.durations)[:3] == [40, 40, 120]
    for i, frame in enumerate(gif.frames):
        assert np.abs(frame[..., 2::-1].astype(int) - picture(48, 64, seed=i)).mean() < 8
