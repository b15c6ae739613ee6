"""Many machines paint shares of clips and lists: together each piece once, and joined what one machine makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.options import parse
from realtime.render.plan import Job
from realtime.render.shares import Piece, share_of
from tests.conftest import MakeClip, picture
from tests.read_back import read_picture, times
from tests.test_job import livebrush
from tests.test_main import run
from tests.test_resume import assert_same, left, long_clip
from tests.test_stills import save
from weights.errors import InputError

LOSSLESS = ("--codec", "ffv1", "--part-seconds", 0.5)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_clip: MakeClip) -> Path:
    """A folder `in` with a clip of ten parts, a short one and two pictures; we stand beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "below").mkdir(parents=True)
    long_clip(make_clip, "long.mkv").rename("in/below/long.mkv")
    make_clip("short.mkv", audio="aac").rename("in/short.mkv")
    for name in ("a.png", "z.png"):
        save(tmp_path / "in" / name, picture(40, 60))
    return tmp_path


def pieces(seconds: list[float]) -> list[Piece]:
    return [Piece(Job(Path(f"{i}"), Path(f"{i}.png"), True), None, each) for i, each in enumerate(seconds)]


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=40), st.integers(1, 9))
def test_each_piece_is_painted_once_and_no_share_is_long(seconds: list[float], count: int) -> None:
    shares = [share_of(pieces(seconds), number, count) for number in range(1, count + 1)]
    assert [task.job.source.name for share in shares for task in share] == [str(i) for i in range(len(seconds))]
    for share in shares:
        assert sum(seconds[int(task.job.source.name)] for task in share) <= sum(seconds) / count + max(seconds) + 1e-6


def test_the_shares_of_a_clip_joined_are_what_one_machine_paints(styles: Path, here: Path) -> None:
    line = ("in/below/long.mkv", "--weights", styles, *LOSSLESS)
    assert run(*line, "-o", "one/whole.mkv") == 0
    for number in (3, 1, 2):
        assert run(*line, "-o", "out/clip.mkv", "--part", f"{number}/3") == 0
    assert [name for name in left(here / "out") if not name.startswith(".")] == []
    assert run(*line, "-o", "out/clip.mkv", "--join") == 0
    assert left(here / "out") == ["clip.mkv"]
    assert_same(here / "out/clip.mkv", here / "one/whole.mkv")


def test_a_clip_of_one_part_is_one_machines_though_its_file_counts_no_frames(styles: Path, here: Path) -> None:
    for number in (1, 2):
        assert run("in/short.mkv", "--weights", styles, "-o", "out.mkv", "--part", f"{number}/2") == 0
    assert len(times(here / "out.mkv")) == len(times(here / "in/short.mkv"))


def test_a_list_is_shared_and_asked_for_twice_it_is_done_once(
    styles: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ("in", "--weights", styles, "--style", "same", *LOSSLESS)
    assert run(*line, "-o", "one") == 0
    together = [livebrush(*line, "-o", "out", "--part", f"{number}/2") for number in (1, 2)]
    said = [process.communicate(timeout=100) for process in together]
    assert [process.returncode for process in together] == [0, 0], said
    assert "Parts 6 to 10 of 10 of" in said[1][1] and "Parts 1 to 5 of 10 of" in said[0][1]
    assert sorted(name for out, _ in said for name in out.splitlines()) == ["out/a.png", "out/short.mkv", "out/z.png"]
    before = {path: path.stat().st_mtime_ns for path in here.rglob("*") if path.is_file()}
    assert run(*line, "-o", "out", "--part", "1/2") == 0
    assert "all are there, and --join instead of --part joins them" in capsys.readouterr().err
    for _ in range(2):
        assert run(*line, "-o", "out", "--join") == 0
        assert len(capsys.readouterr().out.splitlines()) == 4
    assert run(*line, "-o", "out", "--part", "2/2") == 0
    after = {path: path.stat().st_mtime_ns for path in here.rglob("*") if path.is_file()}
    assert {path: time for path, time in before.items() if path.exists()} == {p: after[p] for p in before if p in after}
    assert_same(here / "out/below/long.mkv", here / "one/below/long.mkv")
    assert times(here / "out/short.mkv") == times(here / "in/short.mkv")
    assert (read_picture("out/a.png") == read_picture("in/a.png")).all()


def test_what_is_missing_is_said(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("in/below/long.mkv", "-o", "out/clip.mkv", "--weights", styles, *LOSSLESS)
    assert run(*line, "--join") == 2
    assert run(*line, "--part", "2/3") == 0
    assert run(*line, "--join") == 2
    assert run(*line, "--strength", "0.5", "--part", "1/3") == 2
    assert run("in/a.png", "-o", "out/a.png", "--weights", styles, "--join") == 2
    assert run(*line, "--part-seconds", "100", "--join") == 2
    said = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("frames a second.")]
    for words, sentence in zip(
        (
            "No part of out/clip.mkv is painted yet",
            "Parts 4 to 7 of 10 of out/clip.mkv painted: 6 are still missing.",
            "6 of its 10 parts are still to be painted",
            "begun with --strength 1, not 0.5",
            "out/a.png is still to be painted",
            "out/clip.mkv was begun in other parts",
        ),
        said,
        strict=True,
    ):
        assert words in sentence
    assert run(*line) == 0, "one machine may do the rest"
    assert left(here / "out") == ["clip.mkv"]


def test_more_machines_than_pieces(styles: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("in/a.png", "-o", "out/a.png", "--weights", styles)
    assert [run(*line, "--part", f"{number}/3") for number in (1, 2, 3)] == [0, 0, 0]
    said = capsys.readouterr()
    assert said.out == f"{Path('out/a.png')}\n"
    assert said.err.count("nothing to paint") == 2


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "-1/3", "1/0", "1/2/3", ""])
def test_a_share_that_is_none_is_said(text: str) -> None:
    with pytest.raises(InputError, match="give K/N, from 1/N to N/N"):
        parse(["clip.mp4", f"--part={text}"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clip.mp4", "--part", "1/2", "--join"], "one of them at a time"),
        (["clip.mp4", "--part", "1/2", "--restart"], "throw away what other machines paint"),
        (["clip.mp4", "--part", "1/2", "--ray"], "one of them at a time"),
        (["--part", "1/2"], "--part needs files to paint"),
    ],
)
def test_what_does_not_go_together_is_said(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse(words)
