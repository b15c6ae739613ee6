"""A painted clip has every frame at its time, its sound bit by bit, and its colours."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.layout import Layout
from realtime.render.clip import paint_clip
from realtime.render.pipeline import Progress
from tests.conftest import MakeClip, picture, same
from tests.read_back import audio, frames, images, times
from weights.errors import InputError


def rotate_in_place(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write the display matrix (a, b, c, d) into the track header of an .mp4, as a phone does."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(data)


def test_frames_times_and_sound_are_kept(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = make_clip(audio="aac"), tmp_path / "out.mp4"
    seen: list[Progress] = []
    summary = paint_clip(source, target, same, on_progress=seen.append)
    assert summary.frames == 12
    assert summary.notes == []
    assert seen[-1] == Progress(12, 12)
    assert times(target) == times(source)
    assert audio(target) == audio(source)
    assert len(audio(target)) > 10


def test_odd_times_are_kept(make_clip: MakeClip, tmp_path: Path) -> None:
    """A variable frame rate, as phones and screen recorders write it."""
    pts = [0, 37, 38, 90, 1000, 1001, 1777, 1900]
    source = make_clip(pts=pts, time_base=Fraction(1, 90000))
    paint_clip(source, tmp_path / "out.mp4", same)
    assert times(tmp_path / "out.mp4") == [Fraction(p, 90000) for p in pts] == times(source)


def test_a_late_start_is_kept(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("in.mkv", pts=[100 + 40 * i for i in range(5)], time_base=Fraction(1, 1000), audio="aac")
    paint_clip(source, tmp_path / "out.mp4", same)
    assert times(tmp_path / "out.mp4") == times(source)


@pytest.mark.parametrize(("matrix", "tags"), [((1, 1, 1), "bt709"), ((6, 6, 6), "bt601"), ((5, 5, 6), "bt470bg")])
@pytest.mark.parametrize("full", [False, True])
def test_colours_do_not_shift(tmp_path: Path, matrix: tuple[int, int, int], tags: str, full: bool) -> None:
    """Through an identity model each of the six corners of the colour cube comes back, whatever the source's tags."""
    colours = [(200, 60, 30), (30, 200, 60), (60, 30, 200), (128, 128, 128), (16, 16, 16), (240, 235, 238)]
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    sws = 1 if matrix[0] == 1 else 5
    with av.open(str(source), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.height, stream.width, stream.pix_fmt = 64, 64, "yuvj420p" if full else "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix[0], 2 if full else 1
        stream.codec_context.color_primaries, stream.codec_context.color_trc = matrix[1], matrix[2]
        for colour in colours:
            flat = np.full((64, 64, 3), colour, np.uint8)
            frame = av.VideoFrame.from_ndarray(flat, format="rgb24").reformat(
                format=stream.pix_fmt,
                src_colorspace=sws,
                dst_colorspace=sws,
                src_color_range=2,
                dst_color_range=2 if full else 1,
                interpolation=4 | 0x40000 | 0x2000,
            )
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    seen: list[np.ndarray] = []

    def look(image: np.ndarray) -> np.ndarray:
        seen.append(image)
        return image

    paint_clip(source, target, look)
    for colour, painted, written in zip(colours, seen, images(target), strict=True):
        assert np.abs(painted.mean((0, 1)) - colour).max() < 2.5, "as the style sees it"
        assert np.abs(written.mean((0, 1)) - colour).max() < 3.5, "as it is written"
    first = frames(target)[0]
    assert (int(first.colorspace), int(first.color_range)) == (matrix[0], 1)
    assert int(first.color_primaries) == matrix[1]


@pytest.mark.parametrize("height", [480, 720])
def test_a_clip_without_tags_is_read_as_players_do(make_clip: MakeClip, tmp_path: Path, height: int) -> None:
    source = make_clip(size=(height, 64 if height < 700 else 1280), pts=[0])
    paint_clip(source, tmp_path / "out.mp4", same)
    assert int(frames(tmp_path / "out.mp4")[0].colorspace) == (1 if height >= 720 else 6)


Turn = Callable[[np.ndarray], np.ndarray]
MATRICES: dict[str, tuple[tuple[int, int, int, int], Turn]] = {
    "right": ((0, 1, -1, 0), lambda a: np.rot90(a, -1)),
    "left": ((0, -1, 1, 0), lambda a: np.rot90(a, 1)),
    "over": ((-1, 0, 0, -1), lambda a: np.rot90(a, 2)),
    "mirrored": ((-1, 0, 0, 1), lambda a: a[:, ::-1]),
}


@pytest.mark.parametrize("turn", MATRICES)
def test_a_phone_held_sideways_is_turned_upright(make_clip: MakeClip, tmp_path: Path, turn: str) -> None:
    matrix, expected = MATRICES[turn]
    source, target = make_clip(pts=[0, 512]), tmp_path / "out.mp4"
    rotate_in_place(source, matrix)
    paint_clip(source, target, same)
    got = images(target)[0]
    want = expected(picture(48, 64))
    assert got.shape == want.shape
    assert np.abs(got.astype(int) - want).mean() < 6
    assert frames(target)[0].side_data.get("DISPLAYMATRIX") is None, "or players would turn it again"


def test_pixel_aspect_is_kept_and_turned(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(pts=[0, 512], aspect=Fraction(16, 15))
    paint_clip(source, tmp_path / "out.mp4", same)
    with av.open(str(tmp_path / "out.mp4")) as clip:
        assert clip.streams.video[0].sample_aspect_ratio == Fraction(16, 15)
    rotate_in_place(source, MATRICES["right"][0])
    paint_clip(source, tmp_path / "out.mp4", same)
    with av.open(str(tmp_path / "out.mp4")) as clip:
        assert clip.streams.video[0].sample_aspect_ratio == Fraction(15, 16)


@pytest.mark.parametrize("size", [(49, 64), (48, 63), (51, 67)])
def test_odd_sizes(make_clip: MakeClip, tmp_path: Path, size: tuple[int, int]) -> None:
    source = make_clip("in.mkv", size=size, pts=[0, 40], time_base=Fraction(1, 1000), pix_fmt="yuv444p")
    seen: list[tuple[int, ...]] = []

    def look(image: np.ndarray) -> np.ndarray:
        seen.append(image.shape)
        return image

    paint_clip(source, tmp_path / "out.mp4", look)
    assert seen == [(*size, 3)] * 2
    got = images(tmp_path / "out.mp4")[0]
    assert got.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
    assert np.abs(got[: size[0], : size[1]].astype(int) - picture(*size)).mean() < 6


def test_height_scales(make_clip: MakeClip, tmp_path: Path) -> None:
    paint_clip(make_clip(size=(96, 172)), tmp_path / "out.mp4", same, Layout(out_height=48))
    assert images(tmp_path / "out.mp4")[0].shape == (48, 86, 3)


def test_sound_that_the_file_can_not_hold_is_encoded_again_with_a_word(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("in.avi", audio="pcm_s16le", pts=list(range(12)), time_base=Fraction(1, 25))
    summary = paint_clip(source, tmp_path / "out.m4v", same)
    (note,) = summary.notes  # .m4v holds no PCM
    assert "encoded again as AAC" in note
    with av.open(str(tmp_path / "out.m4v")) as clip:
        seconds = sum(f.samples for f in clip.decode(audio=0)) / 48000
    assert seconds == pytest.approx(sum(len(p) for p, _ in audio(source)) / 2 / 48000, abs=0.1)


def test_a_failure_on_the_way_leaves_nothing(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = make_clip(audio="aac"), tmp_path / "out" / "out.mp4"

    def breaks(image: np.ndarray) -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint_clip(source, target, breaks)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("count", [1, 2])
def test_ctrl_c_while_the_threads_start_leaves_none(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """One that is left would read a file that is closed, which crashes."""
    begun: list[threading.Thread] = []

    def start(self: threading.Thread) -> None:
        begun.append(self)
        really(self)
        if len(begun) == count:
            raise KeyboardInterrupt

    really = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        paint_clip(make_clip(pts=[40 * i for i in range(500)]), tmp_path / "out.mp4", same)
    assert len(begun) == count and not any(thread.is_alive() for thread in begun)


def test_an_earlier_painting_survives_a_failure(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = make_clip(), tmp_path / "out.mp4"
    target.write_bytes(b"earlier")

    def breaks(image: np.ndarray) -> np.ndarray:
        raise InputError("no")

    with pytest.raises(InputError):
        paint_clip(source, target, breaks)
    assert target.read_bytes() == b"earlier"


def test_the_original_is_never_overwritten(make_clip: MakeClip) -> None:
    source = make_clip()
    with pytest.raises(InputError, match="never overwritten"):
        paint_clip(source, source, same)


def test_another_kind_of_file_is_refused(make_clip: MakeClip, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"end its name in \.mp4"):
        paint_clip(make_clip(), tmp_path / "out.avi", same)


def test_a_moving_picture_for_a_page_keeps_the_times(make_clip: MakeClip, tmp_path: Path) -> None:
    from PIL import Image
    from PIL.WebPImagePlugin import WebPImageFile

    source, target = make_clip(audio="aac"), tmp_path / "out.webp"
    summary = paint_clip(source, target, same)
    assert summary.frames == 12
    assert "left out" in " ".join(summary.notes)
    with Image.open(target) as animation:
        assert isinstance(animation, WebPImageFile)
        assert animation.info["loop"] == 0
        assert 6 < animation.n_frames <= 12  # its encoder may show two alike as one
        durations = []
        for i in range(animation.n_frames):
            animation.seek(i)
            animation.load()
            durations.append(animation.info["duration"])
    expected = float(times(source)[-1] - times(source)[0]) * 1000
    frame = expected / 11
    assert expected - frame <= sum(durations) <= expected + 2 * frame
