"""How far painting files is: for people, for programs, before it is done, and as one frame of it."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from realtime.options import parse
from realtime.render.bars import Bars
from realtime.render.json_lines import Lines
from realtime.render.pipeline import Progress, Summary
from realtime.render.plan import Job
from realtime.render.report import minutes
from realtime.tone_curve import PQ
from tests.conftest import MakeClip, picture
from tests.read_back import images, read_picture
from tests.test_main import run
from tests.test_matrix import write_hdr
from weights.errors import InputError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_clip: MakeClip) -> Path:
    """A folder in which we stand, with a clip of three seconds and a picture."""
    monkeypatch.chdir(tmp_path)
    make_clip(pts=[512 * i for i in range(75)])
    Path("a.png").write_bytes(cv2.imencode(".png", picture(40, 60))[1].tobytes())
    return tmp_path


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (65, "1:05"), (3599.6, "1:00:00"), (7325, "2:02:05")])
def test_minutes(seconds: float, text: str) -> None:
    assert minutes(seconds) == text


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_programs_are_told_in_lines(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.mp4").write_bytes(b"bad")
    assert run("clip.mp4", "a.png", "bad.mp4", "-o", "out", "--weights", styles, "--json") == 2
    said = capsys.readouterr()
    told = events(said.out)
    assert [event["event"] for event in told if event["event"] != "progress"] == [
        *("begin", "start", "done", "start", "done", "start", "failed", "end")
    ]
    assert told[0] == {"event": "begin", "files": 3, "frames": 76}
    progress = next(event for event in told if event["event"] == "progress")
    assert progress["source"] == "clip.mp4" and progress["frames"] == 75 and 1 <= progress["frame"] <= 75
    done = next(event for event in told if event["event"] == "done")
    assert done["target"] == str(Path("out/clip.mp4")) and done["frames"] == 75 and done["notes"] == []
    failed = next(event for event in told if event["event"] == "failed")
    assert failed["source"] == "bad.mp4" and "bad.mp4 can't be read as a video" in failed["error"]
    assert {**told[-1], "seconds": 0, "fps": 0} == {
        **{"event": "end", "painted": 2, "there": 0, "failed": 1, "frames": 76, "seconds": 0, "fps": 0}
    }
    assert said.err.startswith("livebrush: 1 of 3 files") and len(said.err.splitlines()) == 1


def test_a_summary_ends_it(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip.mp4", "a.png", "-o", "out", "--weights", styles) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(Path("out/clip.mp4")), str(Path("out/a.png"))]
    assert said.err.splitlines()[-1].startswith("livebrush: 2 files, 76 frames in 0:0")
    assert run("a.png", "-o", "out.png", "--weights", styles) == 0
    assert capsys.readouterr().err == "", "of one picture there is nothing to sum up"


def test_bars_for_people(
    styles: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    bars = Bars()
    bars.begin([100, 1])
    clip = Job(Path("[in] a.mp4"), Path("out/a.mp4"), still=False)
    bars.start(clip)
    bars.progress(Progress(40, 100, before=20))
    bars._bars.refresh()
    bars.done(clip, Summary(100, ["A note."], before=20))
    bars.start(Job(Path("b.png"), Path("out/b.png"), still=True))
    bars.close()
    bars.end()
    said = capsys.readouterr()
    assert "[in] a.mp4" in said.err and "40 of 100 frames" in said.err and "file 2 of 2" in said.err
    assert "livebrush: A note.\n" in said.err and said.out == f"{clip.target}\n"
    assert "livebrush: 80 frames in 0:00" in said.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_dry_run_writes_nothing(styles: Path, here: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    before = sorted(here.rglob("*"))
    line = ("clip.mp4", "a.png", "-o", "out", "--weights", styles, "--trim", "1-2", "--side-by-side", "--dry-run")
    assert run(*line, *(["--json"] if as_json else [])) == 0
    assert sorted(here.rglob("*")) == before
    said = capsys.readouterr()
    if as_json:
        clip, still, end = events(said.out)
        assert (clip["width"], clip["height"], clip["frames"]) == (128, 48, 25)
        assert (still["width"], still["height"], still["frames"]) == (120, 40, 1)
        assert end["expected"] == 2 and end["frames"] == 26
    else:
        first, second = said.out.splitlines()
        assert first.startswith(f"clip.mp4 -> {Path('out/clip.mp4')}: 128x48, 25 frames, about 0:0")
        assert second.startswith(f"a.png -> {Path('out/a.png')}: 120x40, about 0:0")
        assert "2 files, 26 frames, about 0:0" in said.err and "nothing was written" in said.err


def test_what_fails_is_named(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.png").write_bytes(cv2.imencode(".png", picture(1, 1))[1].tobytes())
    assert run("a.png", "b.png", "-o", "out", "--weights", styles) == 2
    assert "livebrush: b.png: A picture of 1x1 is too small to paint" in capsys.readouterr().err


def test_a_dry_run_counts_what_a_file_does_not_tell(
    styles: Path, here: Path, make_clip: MakeClip, capsys: pytest.CaptureFixture[str]
) -> None:
    make_clip("bare.h264")
    assert run("bare.h264", "--weights", styles, "--dry-run") == 0
    said = capsys.readouterr()
    assert "64x48, 12 frames, about 0:00" in said.out and "1 file, 12 frames" in said.err


def test_what_only_tries_is_done_here_and_alone(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--ray"], ["--join"], ["--part", "1/2"]):
        assert run("clip.mp4", "-o", "out.mp4", "--weights", styles, "--dry-run", *words) == 0
        assert "nothing was written" in capsys.readouterr().err
    assert run("a.png", "--weights", styles, "--preview", "p.png", "--json") == 0
    assert [event["event"] for event in events(capsys.readouterr().out)] == ["start", "done"]
    assert run("a.png", "-o", "-", "--weights", styles, "--json") == 2
    assert "-o - sends the picture to where --json" in capsys.readouterr().err
    assert not Path("out.mp4").exists()


def test_a_dry_run_says_what_can_not_be_read(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.mp4").write_bytes(b"bad")
    assert run("clip.mp4", "bad.mp4", "-o", "out", "--weights", styles, "--dry-run") == 2
    said = capsys.readouterr().err
    assert "bad.mp4 can't be read as a video" in said and "1 of 2 files" in said


@pytest.mark.parametrize(("words", "number"), [("", 37), ("--at 1", 25), ("--at 0:01.9", 47), ("--trim 1-", 50)])
def test_a_preview_is_one_frame(styles: Path, here: Path, words: str, number: int) -> None:
    line = ("clip.mp4", "--weights", styles, "--style", "negative", "--preview", "still.png")
    assert run(*line, *words.split()) == 0
    shown = read_picture("still.png").astype(int)
    distances = [np.abs(255 - shown - image).mean() for image in images(here / "clip.mp4")]
    assert int(np.argmin(distances)) == number
    assert sorted(path.name for path in here.iterdir() if path.is_file()) == ["a.png", "clip.mp4", "still.png"]


def test_a_preview_has_square_pixels_and_its_place_beside_the_source(
    styles: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    source = make_clip(size=(48, 64), aspect=Fraction(3, 2))
    target = tmp_path / "still.jpg"
    assert run(source, "--weights", styles, "--preview", target, "--side-by-side") == 0
    assert read_picture(target).shape == (48, 192, 3)
    assert run(tmp_path / "still.jpg", "--weights", styles, "--preview", tmp_path / "of-a-still.png") == 0


def test_a_preview_says_what_is_lost(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_hdr(Path("hdr.mkv"), PQ, (0, 0.47, 0.58, 1))
    assert run("hdr.mkv", "--weights", styles, "--preview", "p.png") == 0
    assert "hdr.mkv is HDR: its brightness was toned down to BT.709." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clip.mp4", "--preview", "a.txt"], "--preview a.txt is no picture: end its name in .jpg"),
        (["clip.mp4", "--at", "5"], "--at says which frame a preview shows"),
        (["clip.mp4", "--at", "x", "--preview", "p.png"], "--at x is no time"),
        (["--preview", "p.png"], "--preview needs files to paint"),
        (["--dry-run"], "--dry-run needs files to paint"),
        (["a.png", "--style", "b.png", "--keep-style", "b", "--dry-run"], "--keep-style writes a style, and --dry-run"),
        (["--trim", "1-2"], "--trim needs files to paint"),
        (["--style-schedule", "1 a"], "--style-schedule needs files to paint"),
    ],
)
def test_what_does_not_fit_is_said(arguments: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse(arguments)


def test_a_preview_leaves_the_original_alone(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip.mp4", "-o", "moving.webp", "--weights", styles) == 0
    before = Path("moving.webp").read_bytes()
    assert run("moving.webp", "--weights", styles, "--preview", "moving.webp") == 2
    assert "is the original, which is never overwritten" in capsys.readouterr().err
    assert Path("moving.webp").read_bytes() == before
    assert run("moving.webp", "--weights", styles, "--preview", "still.webp", "--at", "1") == 0
    assert read_picture("still.webp").shape == (48, 64, 3)


def test_a_preview_of_what_is_not_there_is_said(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("--weights", styles, "--preview", "p.png")
    assert run("clip.mp4", *line, "--at", 9) == 2
    assert "clip.mp4 ends before second 9: give an earlier one with --at" in capsys.readouterr().err
    assert run("clip.mp4", "a.png", *line) == 2
    assert "shows a frame of one file, and 2 are named" in capsys.readouterr().err
    assert not Path("p.png").exists()


def test_a_cluster_is_told_in_pieces(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Lines().pieces(2, 5)
    assert events(capsys.readouterr().out) == [{"event": "pieces", "done": 2, "pieces": 5}]
    monkeypatch.setenv("FORCE_COLOR", "1")  # as at a terminal
    bars = Bars()
    bars.pieces(2, 5)
    bars.close()
    assert "2 of 5 pieces" in capsys.readouterr().err
