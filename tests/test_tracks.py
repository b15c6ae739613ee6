"""What a clip holds beside its pictures comes along, or a sentence says what did not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from av.stream import Disposition

from realtime.render.clip import paint_clip
from tests.conftest import MakeClip, picture, same
from tests.read_back import time_of

CHAPTERS: Any = [
    {"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000), "metadata": {"title": "Dawn"}},
    {"id": 2, "start": 200, "end": 400, "time_base": Fraction(1, 1000), "metadata": {"title": "Dusk"}},
]


def remux(source: Path, target: Path, sounds: int = 1, rich: bool = False) -> Path:
    """`source` copied into `target`, its sound so many times; `rich` with chapters, a cover, an attachment, words."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as out:
        tracks = {}
        for stream in [*clip.streams.video, *clip.streams.audio]:
            tracks[stream.index] = [
                out.add_stream_from_template(stream) for _ in range(sounds if stream.type == "audio" else 1)
            ]
        for number, stream in enumerate(out.streams.audio):
            stream.metadata.update({"language": ("eng", "ger")[number], "title": f"Sound {number}"})
            stream.disposition = Disposition.default if number == sounds - 1 else Disposition(0)
        cover = None
        if rich:
            out.metadata["title"] = "A film"
            out.set_chapters(CHAPTERS)
            if target.suffix == ".mkv":
                out.add_attachment("font.ttf", "font/ttf", b"letters")
                out.add_attachment("cover.jpg", "image/jpeg", jpeg())
            else:
                cover = out.add_stream("mjpeg", rate=1)
                cover.height, cover.width, cover.pix_fmt = 48, 64, "yuvj420p"
                cover.disposition = Disposition.attached_pic
                out.start_encoding()
                packet = av.Packet(jpeg())
                packet.stream, packet.pts, packet.dts, packet.is_keyframe = cover, 0, 0, True
                out.mux(packet)
        for packet in clip.demux():
            if packet.dts is None:
                continue
            data, times = bytes(packet), (packet.pts, packet.dts, packet.duration, packet.time_base, packet.is_keyframe)
            for stream in tracks[packet.stream.index]:
                copy = av.Packet(data)
                copy.pts, copy.dts, copy.duration, copy.time_base, copy.is_keyframe = times
                copy.stream = stream
                out.mux(copy)
    return target


def jpeg() -> bytes:
    return cv2.imencode(".jpg", picture(48, 64)[..., ::-1])[1].tobytes()


def sounds(path: Path) -> list[tuple[str | None, str | None, bool]]:
    with av.open(str(path)) as clip:
        return [
            (s.metadata.get("language"), s.metadata.get("title"), bool(s.disposition & Disposition.default))
            for s in clip.streams.audio
        ]


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_which_sound_is_played_first_is_kept(make_clip: MakeClip, tmp_path: Path, name: str) -> None:
    source = remux(make_clip(audio="aac"), tmp_path / "two.mkv", sounds=2)
    assert sounds(source) == [("eng", "Sound 0", False), ("ger", "Sound 1", True)]
    paint_clip(source, tmp_path / name, same)
    assert [(language, default) for language, _, default in sounds(tmp_path / name)] == [("eng", False), ("ger", True)]


@pytest.mark.parametrize("kinds", [(".mkv", ".mkv"), (".mp4", ".mp4"), (".mkv", ".mp4"), (".mp4", ".mkv")])
def test_chapters_cover_and_words_are_kept(make_clip: MakeClip, tmp_path: Path, kinds: tuple[str, str]) -> None:
    source = remux(make_clip(audio="aac"), tmp_path / f"rich{kinds[0]}", rich=True)
    target = tmp_path / f"out{kinds[1]}"
    notes = paint_clip(source, target, same).notes
    with av.open(str(target)) as clip:
        chapters = [(c["metadata"]["title"], float(c["start"] * (c["time_base"] or 0))) for c in clip.chapters()]
        assert chapters == [("Dawn", 0.0), ("Dusk", 0.2)]
        assert clip.metadata["title"] == "A film"
        covers = [s for s in clip.streams.video if s.disposition & Disposition.attached_pic]
        assert len(covers) == 1
        if kinds[1] == ".mkv" and kinds[0] == ".mkv":
            assert [bytes(a.data) for a in clip.streams.attachments] == [b"letters"]
        assert [bytes(p) for p in clip.demux(covers[0]) if p.size] == [jpeg()]
    assert notes == (
        [] if kinds != (".mkv", ".mp4") else ["1 attached files were left out, as only .mkv can hold them."]
    )


def test_a_timecode_is_kept(make_clip: MakeClip, tmp_path: Path) -> None:
    source = tmp_path / "tc.mov"
    with av.open(str(source), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.metadata["timecode"] = "01:02:03:04"
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture(48, 64), format="rgb24")))
        out.mux(stream.encode(None))
    paint_clip(source, tmp_path / "out.mov", same)
    with av.open(str(tmp_path / "out.mov")) as clip:
        assert clip.streams.video[0].metadata["timecode"] == "01:02:03:04"


@pytest.mark.parametrize(("codec", "target"), [("libopus", "out.mov"), ("flac", "out.mov"), ("pcm_s16le", "out.mp4")])
def test_sound_that_the_header_refuses_is_encoded_again(
    make_clip: MakeClip, tmp_path: Path, codec: str, target: str
) -> None:
    source = make_clip("in.mkv", audio=codec, pts=[i * 40 for i in range(12)], time_base=Fraction(1, 1000))
    notes = paint_clip(source, tmp_path / target, same).notes
    with av.open(str(tmp_path / target)) as clip:
        assert sum(f.samples for f in clip.decode(audio=0)) > 15000
        again = clip.streams.audio[0].codec_context.name == "aac"
    assert again == bool(notes)
    assert again or codec == "pcm_s16le"


def test_what_an_edit_list_hides_stays_hidden_in_matroska(make_clip: MakeClip, tmp_path: Path) -> None:
    """AAC in .mp4 starts before 0 with samples that no one shall hear; Matroska would move all tracks instead."""
    source = make_clip(audio="aac")
    with av.open(str(source)) as clip:
        first = next(p for p in clip.demux(audio=0) if p.dts is not None)
        assert time_of(first) < 0
    paint_clip(source, tmp_path / "out.mkv", same)
    with av.open(str(tmp_path / "out.mkv")) as clip:
        starts = [float((s.start_time or 0) * (s.time_base or 0)) for s in clip.streams]
    assert starts[0] == 0
    assert 0 <= starts[1] <= 0.001
