"""Where painted files go."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.render.plan import plan
from weights.errors import InputError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "a.jpg",
        "b.PNG",
        "clip.mp4",
        "clip.webm",
        "dir/a.jpg",
        "dir/c.heic",
        "dir/notes.txt",
        "dir/z.avif",
        "empty/x.txt",
    ):
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def targets(*inputs: str, out: str | None = None) -> list[str]:
    return [job.target.as_posix() for job in plan(map(Path, inputs), Path(out) if out else None, "wave")]


def test_without_o_the_name_says_the_style(here: Path) -> None:
    assert targets("a.jpg", "dir/a.jpg", "clip.mp4") == ["a-wave.jpg", "a-wave-2.jpg", "clip-wave.mp4"]


def test_one_file_to_one_file(here: Path) -> None:
    assert targets("a.jpg", out="x/y.png") == ["x/y.png"]
    assert targets("clip.webm", out="y.mkv") == ["y.mkv"]


def test_several_into_a_folder_under_their_own_names(here: Path) -> None:
    assert targets("a.jpg", "b.PNG", "clip.webm", out="out") == ["out/a.jpg", "out/b.PNG", "out/clip.mkv"]


def test_a_folder_gives_its_pictures_in_formats_that_can_be_written(here: Path) -> None:
    assert targets("dir", out="out") == ["out/a.jpg", "out/z.png"]


def test_collisions_get_numbers(here: Path) -> None:
    assert targets("a.jpg", "dir/a.jpg", out="out") == ["out/a.jpg", "out/a-wave.jpg"]
    assert len(set(targets("a.jpg", "a.jpg", "dir", out="out"))) == 4


def test_a_folder_painted_into_itself_is_not_painted_twice(here: Path) -> None:
    Path("dir/a-wave.jpg").touch()
    Path("dir/heat-wave.jpg").touch()
    assert targets("dir", out="dir") == ["dir/a-wave.jpg", "dir/heat-wave-wave.jpg", "dir/z.png"]


def test_originals_are_never_targets(here: Path) -> None:
    assert targets("a.jpg", out=".") == ["a-wave.jpg"]
    assert targets("dir/a.jpg", "a.jpg", out="dir") == ["dir/a-wave.jpg", "dir/a-wave-2.jpg"]
    with pytest.raises(InputError, match="never overwritten"):
        targets("a.jpg", out="./a.jpg")


@pytest.mark.parametrize(
    ("inputs", "out", "words"),
    [
        (["nothing.jpg"], None, "no file nothing.jpg"),
        (["a.jpg", "b.PNG"], "one.jpg", "2 files don't fit"),
        (["dir"], "one.jpg", "don't fit"),
        (["empty"], "out", "holds no pictures"),
        (["a.jpg"], "out.mp4", "picture a.jpg can't be written as out.mp4"),
        (["clip.mp4"], "out.jpg", "clip clip.mp4 can't be written as out.jpg"),
        (["clip.mp4"], "out.webm", "can't be written as out.webm"),
    ],
)
def test_what_does_not_fit_is_said(here: Path, inputs: list[str], out: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        targets(*inputs, out=out)
