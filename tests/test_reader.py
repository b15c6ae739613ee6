"""Clips as the world makes them: their times, their damage, their names."""

from __future__ import annotations

import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.render.clip import paint_clip
from realtime.render.reader import ClipReader
from realtime.render.resume import Resume
from realtime.timeline import Trim
from tests.conftest import MakeClip, same
from tests.read_back import audio, frames, times
from weights.errors import InputError

AS_IS = {"avoid_negative_ts": "disabled"}
FAST = {"movflags": "+faststart"}


def test_what_lies_before_0_begins_at_0(make_clip: MakeClip, tmp_path: Path) -> None:
    """No kind of file that is written shows it otherwise; the steps between the frames stay."""
    source = make_clip(
        "in.mkv",
        pts=[40 * i for i in range(-3, 6)],
        time_base=Fraction(1, 1000),
        codec="mpeg4",
        audio="pcm_s16le",
        options=AS_IS,
    )
    assert times(source)[0] == Fraction(-12, 100)
    for name in ("out.mp4", "out.mkv"):
        paint_clip(source, tmp_path / name, same)
        assert times(tmp_path / name) == [t - times(source)[0] for t in times(source)]
        assert audio(tmp_path / name)[0][1] == audio(source)[0][1] + Fraction(12, 100)


@pytest.mark.parametrize("name", ["in.ts", "in.mpg"])
def test_a_broadcast_clock_starts_at_0(make_clip: MakeClip, tmp_path: Path, name: str) -> None:
    codec, sound, base = ("libx264", "aac", 90000) if name == "in.ts" else ("mpeg2video", "mp2", 25)
    pts = [5 * base + base // 25 * i for i in range(25)]
    source = make_clip(name, pts=pts, time_base=Fraction(1, base), audio=sound, codec=codec)
    paint_clip(source, tmp_path / "out.mp4", same)
    with av.open(str(source)) as clip:
        begin = min(s.start_time * s.time_base for s in clip.streams if s.start_time is not None and s.time_base)
    assert times(tmp_path / "out.mp4") == [t - begin for t in times(source)]
    assert audio(tmp_path / "out.mp4")[0][1] - times(tmp_path / "out.mp4")[0] == audio(source)[0][1] - times(source)[0]


@pytest.mark.parametrize("name", ["in.ts", "in.mpg"])
def test_a_clock_that_begins_anew_goes_on(make_clip: MakeClip, tmp_path: Path, name: str) -> None:
    codec, sound, base = ("libx264", "aac", 90000) if name == "in.ts" else ("mpeg2video", "mp2", 25)
    pts = [base // 25 * i for i in range(25)]
    once = make_clip(name, pts=pts, time_base=Fraction(1, base), audio=sound, codec=codec).read_bytes()
    source = tmp_path / f"twice{name[2:]}"
    source.write_bytes(once * 2)
    for target in (tmp_path / "out.mp4", tmp_path / "out.mkv"):
        paint_clip(source, target, same)
        shown, heard = times(target), [time for _, time in audio(target)]
        assert len(shown) == 50 and heard == sorted(heard)
        steps = [after - before for before, after in pairwise(shown)]
        assert all(abs(step - Fraction(1, 25)) < 0.002 for step in (*steps[:24], *steps[25:]))
        assert 0.03 < steps[24] < 0.2
        assert abs(heard[-1] - shown[-1]) < 0.1


def test_a_bare_stream_has_no_times_but_its_rate(make_clip: MakeClip, tmp_path: Path) -> None:
    """What a camera's own program leaves, say: it can't be searched either."""
    at = [Fraction(i, 25) for i in range(12)]
    source = make_clip("in.h264")
    for part in (None, Resume(part_seconds=10)):
        paint_clip(source, tmp_path / "out.mp4", same, resume=part)
        assert times(tmp_path / "out.mp4") == at
    paint_clip(source, tmp_path / "cut.mp4", same, trim=Trim(Fraction(1, 5), Fraction(2, 5)))
    assert times(tmp_path / "cut.mp4") == at[:5]
    with ClipReader(source) as reader:
        assert [timed.pts * reader.video.time_base for timed in reader.frames(Fraction(0), 0)] == at


@pytest.mark.parametrize("content", [b"", b"no video" * 100, None])
def test_a_damaged_clip_is_named(make_clip: MakeClip, tmp_path: Path, content: bytes | None) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(make_clip().read_bytes()[:-400] if content is None else content)
    with pytest.raises(InputError, match=r"bad\.mp4 can't be read"):
        paint_clip(bad, tmp_path / "out.mp4", same)
    assert not (tmp_path / "out.mp4").exists()


def wipe(clip: Path, *packets: int) -> None:
    """Fill the pictures in these packets with zeros; what the file says of them stays."""
    with av.open(str(clip)) as file:
        spans = [(packet.pos, packet.size) for packet in file.demux(video=0) if packet.pos is not None]
    data = bytearray(clip.read_bytes())
    for start, size in (spans[i] for i in packets):
        data[start + 8 : start + size - 2] = bytes(size - 10)  # Matroska's own header of a block is 8 bytes at most
    clip.write_bytes(data)


def test_damage_in_the_middle_costs_only_what_is_damaged(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("in.mkv", pts=[i * 40 for i in range(40)], time_base=Fraction(1, 1000))
    wipe(source, 20)
    summary = paint_clip(source, tmp_path / "out.mkv", same)
    assert summary.frames == 39
    assert len(frames(tmp_path / "out.mkv")) == summary.frames


@pytest.mark.parametrize("resume", [None, Resume(part_seconds=1.0)])
def test_frames_that_are_lost_are_counted(make_clip: MakeClip, tmp_path: Path, resume: Resume | None) -> None:
    source = make_clip(pts=[i * 512 for i in range(75)])
    wipe(source, 20, 33, 34, 50)
    summary = paint_clip(source, tmp_path / "out.mkv", same, resume=resume)
    assert summary.frames == 71
    (note,) = summary.notes
    assert "4 damaged pieces of clip.mp4 passed over: 4 of its frames are lost" in note


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv"])
def test_a_clip_that_breaks_off_is_said(make_clip: MakeClip, tmp_path: Path, name: str) -> None:
    times = [i * 40 for i in range(50)]
    source = make_clip("whole" + name[3:], pts=times, time_base=Fraction(1, 1000), size=(96, 128))
    if name.endswith("mp4"):  # the index comes first
        with av.open(str(source)) as clip, av.open(str(tmp_path / "fast.mp4"), "w", options=FAST) as out:
            stream = out.add_stream_from_template(clip.streams.video[0])
            for packet in clip.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
        source = tmp_path / "fast.mp4"
    cut = tmp_path / name
    cut.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    summary = paint_clip(cut, tmp_path / "out.mp4", same)
    assert 5 < summary.frames < 45
    assert "breaks off" in " ".join(summary.notes)
    assert paint_clip(source, tmp_path / "out.mp4", same).notes == []


@pytest.mark.skipif(sys.platform == "win32", reason="no colon in names there")
def test_a_colon_in_a_name_is_no_address(make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = make_clip().rename("Film: 12:30.mp4")
    paint_clip(source, Path("a:b.mp4"), same)
    assert len(frames(tmp_path / "a:b.mp4")) == 12


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        stream.codec_context.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    with pytest.raises(InputError, match="holds no video"):
        paint_clip(path, tmp_path / "out.mp4", same)
