"""A part of a clip: its frames, sound, subtitles and chapters at times that begin at 0."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from realtime.codecs import Encoding
from realtime.options import parse
from realtime.render import reader as clip_reader
from realtime.render.clip import paint_clip
from realtime.render.opened import open_clip
from realtime.render.picture import Timed
from realtime.render.reader import ClipReader
from realtime.render.resume import Resume, Stopped
from realtime.timeline import WHOLE, Trim
from tests.conftest import MakeClip, same
from tests.read_back import audio, images, times
from tests.test_resume import LOSSLESS, PARTS, assert_same, grainy, long_clip, stops_after
from weights.errors import InputError

SUBTITLES = """1
00:00:00,200 --> 00:00:01,400
one

2
00:00:01,200 --> 00:00:02,000
two

3
00:00:02,500 --> 00:00:05,000
three
"""


def with_words(source: Path, target: Path) -> Path:
    """`source` copied, with subtitles and two chapters, into the Matroska file `target`."""
    (target.parent / "words.srt").write_text(SUBTITLES, encoding="utf-8")
    second: dict[str, Any] = {"time_base": Fraction(1, 10), "metadata": {"title": "a"}, "id": 1, "start": 0, "end": 25}
    with (
        av.open(str(source)) as clip,
        av.open(str(target.parent / "words.srt")) as words,
        av.open(str(target), "w") as out,
    ):
        tracks = [*clip.streams.video, *clip.streams.audio, *words.streams.subtitles]
        copied = {id(track): out.add_stream_from_template(track) for track in tracks}
        chapters: Any = [second, {**second, "id": 2, "start": 25, "end": 50, "metadata": {"title": "b"}}]
        out.set_chapters(chapters)
        packets = [p for p in (*clip.demux(), *words.demux()) if p.dts is not None]
        for packet in sorted(packets, key=lambda p: (p.dts or 0) * (p.time_base or 0)):
            packet.stream = copied[id(packet.stream)]
            out.mux(packet)
    return target


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("5-12.5", 5, 12.5),
        ("5-", 5, None),
        ("-12.5", 0, 12.5),
        (".5-1", 0.5, 1),
        ("1:05-1:02:03.5", 65, 3723.5),
        (" 5 - 6 ", 5, 6),
    ],
)
def test_a_range_is_read(text: str, start: float, end: float | None) -> None:
    assert Trim.read(text) == Trim(Fraction(start), None if end is None else Fraction(end))
    assert parse(["a.mp4", "--trim", text]).trim == Trim.read(text) == Trim.read(str(Trim.read(text)))


@pytest.mark.parametrize("text", ["", "-", "5", "a-b", "5-6-7", "1e9-2", "--3"])
def test_what_is_no_range_is_said(text: str) -> None:
    with pytest.raises(InputError, match="can't be read: give seconds from and to"):
        Trim.read(text)


@pytest.mark.parametrize("text", ["5-5", "6-5", "-0"])
def test_a_range_that_ends_before_it_begins_is_said(text: str) -> None:
    with pytest.raises(InputError, match="ends where it begins"):
        Trim.read(text)


@pytest.mark.parametrize("searched", [False, True])
@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts"])
@pytest.mark.parametrize("resume", [None, PARTS])
def test_frames_and_sound_of_a_part(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, searched: bool, resume: Any
) -> None:
    monkeypatch.setattr(clip_reader, "_WORTH_SEARCHING", 0 if searched else 1000)
    source = long_clip(make_clip, name)
    target, tick = tmp_path / "out.mkv", Fraction(1, 1000)
    summary = paint_clip(source, target, same, trim=Trim.read("1-3.4"), resume=resume, **LOSSLESS)
    with ClipReader(source) as reader:
        next(iter(reader))
        first = reader.begin  # of a broadcast's clock
    shown = [(time - first - 1, image) for time, image in zip(times(source), images(source), strict=True)]
    taken = [(time, image) for time, image in shown if -0.039 < time < 2.399]
    assert summary.frames == len(taken) in (60, 61)
    for time, (wanted, _) in zip(times(target), taken, strict=True):
        assert abs(time - max(Fraction(0), wanted)) <= tick
    for image, (_, wanted_image) in zip(images(target), taken, strict=True):
        assert np.abs(image.astype(int) - wanted_image).max() <= 3
    sound = audio(target)
    of_source = {data[7:] if data.startswith(b"\xff\xf1") else data: time for data, time in audio(source)}
    assert 0 <= sound[0][1] < 0.03 and 2.3 < sound[-1][1] < 2.4
    for data, time in sound[1:]:
        assert abs(of_source[data] - first - 1 - time) <= 2 * tick
    assert summary.notes == []


def test_the_frame_that_is_seen_at_the_start_belongs_to_it(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("in.mkv", pts=[0, 1000, 2000, 5000], time_base=Fraction(1, 1000))
    for text, wanted in (("1.5-4", [0, 0.5]), ("2-", [0, 3]), ("2.5-2.6", [0]), ("-1.5", [0, 1])):
        paint_clip(source, tmp_path / "out.mkv", same, trim=Trim.read(text))
        assert [float(time) for time in times(tmp_path / "out.mkv")] == wanted, text


def test_the_last_frame_goes_on_as_long_as_it_lasts(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip()  # 12 frames of 40 ms
    paint_clip(source, tmp_path / "out.mp4", same, trim=Trim.read("0.45-"))
    assert times(tmp_path / "out.mp4") == [0]


def test_what_holds_nothing_is_said(make_clip: MakeClip, tmp_path: Path) -> None:
    for source, resume in ((make_clip(), None), (long_clip(make_clip, "long.mp4"), PARTS)):
        with pytest.raises(InputError, match=r"holds no frame in --trim 8-9: choose another part"):
            paint_clip(source, tmp_path / "out.mp4", same, trim=Trim.read("8-9"), resume=resume)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "long.mp4"]


def test_subtitles_and_chapters_are_cut(make_clip: MakeClip, tmp_path: Path) -> None:
    source = with_words(make_clip(pts=[512 * i for i in range(125)]), tmp_path / "words.mkv")
    for resume in (None, PARTS):
        assert paint_clip(source, tmp_path / "out.mkv", same, trim=Trim.read("1.5-3.5"), resume=resume).notes == []
        with av.open(str(tmp_path / "out.mkv")) as clip:
            shown = [
                (bytes(p).decode(), p.pts, p.duration)
                for p in clip.demux(clip.streams.subtitles[0])
                if p.dts is not None
            ]
            told: Any = clip.chapters()
            chapters = [(c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"]["title"]) for c in told]
        assert shown == [("two", 0, 500), ("three", 1000, 1000)]
        assert chapters == [(0, 1, "a"), (1, 2, "b")]


def test_a_moving_picture_is_cut(make_clip: MakeClip, tmp_path: Path) -> None:
    paint_clip(make_clip(), tmp_path / "whole.webp", same)
    paint_clip(tmp_path / "whole.webp", tmp_path / "part.gif", same, trim=Trim.read("0.08-0.2"))
    paint_clip(tmp_path / "clip.mp4", tmp_path / "other.webp", same, trim=Trim.read("0.08-0.2"))
    assert len(images(tmp_path / "part.gif")) == 3
    with open_clip(tmp_path / "other.webp") as reader:
        assert [picture.pts for picture in reader] == [0, 40, 80]
        assert reader.total == 3


def test_a_stopped_part_goes_on(make_clip: MakeClip, tmp_path: Path) -> None:
    source, trim = long_clip(make_clip), Trim.read("0.4-4.4")
    how: dict[str, Any] = {"trim": trim, "steady": True, "encoding": Encoding("ffv1"), "resume": PARTS}
    paint_clip(source, tmp_path / "whole.mkv", grainy, **how)
    with pytest.raises(Stopped):
        paint_clip(source, tmp_path / "out.mkv", stops_after(60), **how)
    assert paint_clip(source, tmp_path / "out.mkv", grainy, **how).frames == 100
    assert_same(tmp_path / "out.mkv", tmp_path / "whole.mkv")


def test_another_part_is_refused(make_clip: MakeClip, styles: Path, tmp_path: Path) -> None:
    from realtime.render.asked import resume_of

    options = parse(["a.mp4", "--weights", str(styles), "--trim", "1-2"])
    assert resume_of(options, ((Fraction(0), "same"),)).settings["--trim"] == "1-2"
    begun = Resume({"--trim": "1-2"}, part_seconds=1.0)
    source, target = long_clip(make_clip), tmp_path / "out.mp4"
    with pytest.raises(Stopped):
        paint_clip(source, target, stops_after(60), resume=begun)
    with pytest.raises(InputError, match="was begun with --trim 1-2, not left out"):
        paint_clip(source, target, same, resume=Resume({"--trim": None}, part_seconds=1.0))


def test_nothing_is_cut_where_nothing_is_asked() -> None:
    from realtime.render.cut import Cut

    assert Cut(WHOLE).push(Timed(None, -5, 3), Fraction(1)) == [Timed(None, -5, 3)]


@pytest.mark.parametrize("suffix", [".mkv", ".gif"])
def test_what_lies_long_before_is_searched_over(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    source = make_clip(pts=[512 * i for i in range(45 * 25)], audio="aac", size=(16, 16))
    decoded = 0
    read = ClipReader._frames

    def counted(reader: ClipReader, packet: Any) -> list[Any]:
        nonlocal decoded
        decoded += 1
        return read(reader, packet)

    monkeypatch.setattr(ClipReader, "_frames", counted)
    target = tmp_path / f"out{suffix}"
    summary = paint_clip(source, target, same, trim=Trim.read("43-44"), resume=Resume())
    assert summary.frames == 25 and decoded < 700
    assert len(summary.notes) == (suffix == ".gif"), "which has no sound"
    assert [path.name for path in tmp_path.glob(".*")] == []
