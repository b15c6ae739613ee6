"""Numbered pictures in and out: as a clip they keep their numbers, times, transparency, and go on where stopped."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from realtime.codecs import Encoding
from realtime.numbered import is_numbered, names_of, numbers_in
from realtime.render.clip import paint_clip
from realtime.render.resume import Stopped
from realtime.render.sequence import rate_of
from realtime.timeline import Trim
from tests.conftest import MakeClip, picture, same
from tests.read_back import audio, images, read_picture, times
from tests.test_main import run
from tests.test_resume import PARTS, grainy, left, stops_after
from weights.errors import InputError

NUMBERS = [*range(98, 120), *range(123, 140)]
"""Of which three are missing."""


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """`frames/f_%03d.png`, 49x64, ever less transparent; we don't stand beside it."""
    (tmp_path / "frames").mkdir()
    for number in NUMBERS:
        rgba = np.dstack((picture(49, 64, seed=number), np.full((49, 64), number, np.uint8)))
        cv2.imwrite(str(tmp_path / "frames" / f"f_{number:03d}.png"), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    return tmp_path / "frames" / "f_%03d.png"


def test_names(tmp_path: Path) -> None:
    for name in ("f.png", "f_%s.png", "%d-%d.png", "100%.png", "f_%05i.png"):
        assert not is_numbered(Path(name))
    assert [names_of(Path("x/a%04db.tif"))(n).as_posix() for n in (7, 12345)] == ["x/a0007b.tif", "x/a12345b.tif"]
    for name in ("1.png", "02.png", "10.png", "x3.png", "4.jpg"):
        (tmp_path / name).touch()
    assert numbers_in(tmp_path / "%d.png") == [1, 10]
    assert numbers_in(tmp_path / "%02d.png") == [2, 10]
    (tmp_path / "%02d.png").touch()
    assert not is_numbered(tmp_path / "%02d.png"), "a file of that very name"


def test_pictures_keep_their_numbers_and_transparency(frames: Path, tmp_path: Path) -> None:
    summary = paint_clip(frames, tmp_path / "out" / "%05d.png", same, resume=PARTS)
    assert summary.frames == len(NUMBERS)
    assert summary.notes == [f"3 numbers are missing in {frames}: what is before them is shown longer."]
    assert left(tmp_path / "out") == [f"{number:05d}.png" for number in NUMBERS]
    for number in NUMBERS:
        np.testing.assert_array_equal(
            read_picture(tmp_path / "out" / f"{number:05d}.png"), read_picture(names_of(frames)(number))
        )


def test_they_become_a_clip(frames: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mov"
    paint_clip(frames, target, same, encoding=Encoding("prores"), rate=rate_of(23.976), resume=PARTS)
    assert times(target) == [Fraction(1001, 24000) * (number - 98) for number in NUMBERS]
    with av.open(str(target)) as clip:
        assert (clip.streams.video[0].codec_context.pix_fmt or "").startswith("yuva444p1")
    assert np.abs(images(target)[0][:49].astype(int) - picture(49, 64, seed=98)).mean() < 3
    notes = paint_clip(frames, tmp_path / "cut.mp4", same, trim=Trim.read("0.4-0.6"), resume=PARTS).notes
    assert [note.split()[1] for note in notes] == ["transparency", "numbers"]
    assert times(tmp_path / "cut.mp4") == [Fraction(i, 25) for i in range(5)]


def test_a_clip_becomes_pictures_counted_from_1(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(audio="aac")
    notes = paint_clip(source, tmp_path / "out" / "%d.jpg", same).notes
    assert notes == ["The pictures are 25 a second.", "The sound was left out, as pictures hold none."]
    assert len(audio(source)) > 0
    assert left(tmp_path / "out") == sorted(f"{number}.jpg" for number in range(1, 13))
    for number in (1, 12):
        found = read_picture(tmp_path / "out" / f"{number}.jpg")
        assert np.abs(found.astype(int) - picture(48, 64, seed=number - 1)).mean() < 4
    uneven = make_clip("uneven.mp4", pts=[0, 512, 2048, 2560])
    assert "uneven" in paint_clip(uneven, tmp_path / "out" / "u%d.jpg", same).notes[0]


@pytest.mark.parametrize("name", ["m.gif", "m.webp"])
def test_moving_pictures_too(tmp_path: Path, name: str) -> None:
    pages = [Pillow.fromarray(np.roll(picture(40, 60), 10 * i, axis=1)) for i in range(3)]
    pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:], duration=40, lossless=True)
    paint_clip(tmp_path / name, tmp_path / "out" / "%02d.png", same)
    assert left(tmp_path / "out") == ["01.png", "02.png", "03.png"]
    for number, page in enumerate(pages, 1):
        found = read_picture(tmp_path / "out" / f"{number:02d}.png")
        assert np.abs(found[..., :3].astype(int) - np.asarray(page)).mean() < 8


def test_stopped_they_go_on(frames: Path, tmp_path: Path) -> None:
    paint_clip(frames, tmp_path / "one" / "%d.png", grainy, steady=True, resume=PARTS)
    with pytest.raises(Stopped, match="1 of 2 parts"):
        paint_clip(frames, tmp_path / "out" / "%d.png", stops_after(35), steady=True, resume=PARTS)
    painted: list[np.ndarray] = []

    def watched(image: np.ndarray) -> np.ndarray:
        painted.append(image)
        return grainy(image)

    paint_clip(frames, tmp_path / "out" / "%d.png", watched, steady=True, resume=PARTS)
    assert len(painted) == len(NUMBERS) - 22 + 8, "the second part, and what leads to it"
    assert left(tmp_path / "out") == left(tmp_path / "one")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_a_picture_that_is_damaged_is_named(frames: Path, tmp_path: Path) -> None:
    names_of(frames)(105).write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"f_105\.png is no picture"):
        paint_clip(frames, tmp_path / "out.mp4", same)
    assert not (tmp_path / "out.mp4").exists()


def test_the_command_line(
    styles: Path, frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ("frames/f_%03d.png", "--style", "same", "--weights", styles)
    assert run(*line, "--no-steady") == 0
    assert len(left(tmp_path / "frames-same")) == len(NUMBERS)
    assert run(*line, "-o", "painted") == 0
    assert left(tmp_path / "painted")[0] == "f_098.png"
    assert run(*line, "-o", "out.mkv", "--fps", "12.5") == 0
    assert times(tmp_path / "out.mkv")[1] == Fraction(8, 100)
    assert run(*line, "-o", "shared/%d.png", "--part-seconds", "0.5", "--part", "2/2") == 0
    assert run(*line, "-o", "shared/%d.png", "--part-seconds", "0.5", "--part", "1/2") == 0
    assert run(*line, "-o", "shared/%d.png", "--part-seconds", "0.5", "--join") == 0
    assert len(left(tmp_path / "shared")) == len(NUMBERS)
    before = [path.stat().st_mtime_ns for path in sorted((tmp_path / "shared").iterdir())]
    for again in (("--part", "1/2"), ("--join",)):
        assert run(*line, "-o", "shared/%d.png", "--part-seconds", "0.5", *again) == 0
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "shared").iterdir())] == before
    capsys.readouterr()
    for words, said in (
        ((*line, "-o", "frames/f_%03d.png"), "is the original"),
        ((*line, "-o", "x.mp4", "--fps", "0"), "--fps 0 is out of range"),
        (("frames/g_%03d.png", "--weights", styles), "There is no file frames/g_%03d.png"),
        (("frames/f_099.png", "-o", "%d.png", "--weights", styles), "can't be written as %d.png: number clips"),
        (("out.mkv", "-o", "%d.mkv", "--weights", styles), "can't be written as %d.mkv: number clips"),
        (("out.mkv", "-o", "%d.png", "--crf", "3", "--weights", styles), "leave --codec"),
        (("out.mkv", "-o", "x.mkv", "--fps", "9", "--weights", styles), "--fps is how fast numbered pictures"),
    ):
        assert run(*words) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(None, "25"), (24, "24"), (23.976, "24000/1001"), (29.97, "30000/1001"), (59.94, "60000/1001"), (12.5, "25/2")],
)
def test_rates(fps: float | None, rate: str) -> None:
    assert rate_of(fps) == Fraction(rate)
