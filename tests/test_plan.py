"""Where painted files go."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from realtime.render.plan import plan
from tests.conftest import picture
from weights.errors import InputError

SUFFIXES = st.sampled_from([".jpg", ".JPG", ".png", ".mp4", ".webm", ".heic"])


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
        "dir/below/d.jpg",
        "dir/below/e.mp4",
        "dir/.hidden/f.jpg",
        "dir/notes.txt",
        "dir/z.avif",
        "empty/x.txt",
    ):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def targets(*inputs: str, out: str | None = None) -> list[str]:
    return [job.target.as_posix() for job in plan(map(Path, inputs), Path(out) if out else None, "wave")[0]]


def test_without_o_the_name_says_the_style(here: Path) -> None:
    assert targets("a.jpg", "dir/a.jpg", "clip.mp4") == ["a-wave.jpg", "a-wave-2.jpg", "clip-wave.mp4"]


def test_one_file_to_one_file(here: Path) -> None:
    assert targets("a.jpg", out="x/y.png") == ["x/y.png"]
    assert targets("clip.webm", out="y.mkv") == ["y.mkv"]


def test_several_into_a_folder_under_their_own_names(here: Path) -> None:
    assert targets("a.jpg", "b.PNG", "clip.webm", out="out") == ["out/a.jpg", "out/b.PNG", "out/clip.webm"]


def test_a_folder_gives_its_pictures_and_clips_in_formats_that_can_be_written(here: Path) -> None:
    assert targets("dir", out="out") == TREE


TREE = ["out/a.jpg", "out/below/d.jpg", "out/below/e.mp4", "out/c.png", "out/z.png"]


def close(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let nobody read the `folder`, not even root."""
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)


def test_a_folder_that_can_not_be_read_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Path("dir/below")
    close(monkeypatch, closed)
    jobs, unread = plan([Path("dir")], Path("out"), "wave")
    assert [job.target.as_posix() for job in jobs] == ["out/a.jpg", "out/c.png", "out/z.png"]
    assert len(unread) == 1
    assert unread[0].startswith(f"The folder {closed} can't be read (Permission denied)")
    with pytest.raises(InputError, match="can't be read"):
        plan([closed], Path("out"), "wave")


def test_what_was_painted_into_the_folder_is_not_painted_again(here: Path) -> None:
    Path("dir/out").mkdir()
    Path("dir/out/a.jpg").touch()
    jobs, _ = plan([Path("dir")], Path("dir/out"), "wave")
    assert [job.target.as_posix() for job in jobs] == [f"dir/{name}" for name in TREE]
    assert [job.there for job in jobs] == [True, False, False, False, False]
    assert not plan([Path("a.jpg")], Path("dir/out"), "wave")[0][0].there, "what is named is painted again"


def moving(name: str) -> Path:
    pictures = [Image.fromarray(picture(32, 48, seed=i)) for i in range(3)]
    pictures[0].save(name, save_all=True, append_images=pictures[1:], duration=40)
    return Path(name)


@pytest.mark.parametrize("name", ["m.gif", "m.webp", "m.png"])
def test_pictures_that_move_are_clips(here: Path, name: str) -> None:
    moving(name)
    [job], _ = plan([Path(name)], None, "wave")
    assert (job.still, job.target.name) == (False, "m-wave.gif" if name == "m.gif" else "m-wave.webp")
    [first], _ = plan([Path(name)], Path("x.jpg"), "wave")
    assert first.still, "its first picture"


def test_a_gif_of_one_picture_is_a_still(here: Path) -> None:
    Image.fromarray(picture(32, 48)).save("s.gif")
    [job], _ = plan([Path("s.gif")], None, "wave")
    assert (job.still, job.target.name) == (True, "s-wave.png")


@pytest.mark.parametrize("out", [None, "n" * 300, "n" * 300 + ".png"])
def test_names_too_long_are_a_sentence(here: Path, out: str | None) -> None:
    with pytest.raises(InputError, match="File name too long"):
        plan([Path("n" * 300 + ".jpg")] if out is None else [Path("a.jpg")], Path(out) if out else None, "wave")


NAMES = st.text("ab.-", min_size=1, max_size=4).filter(lambda name: name.strip("."))


@settings(max_examples=60, deadline=None)
@given(
    files=st.lists(st.tuples(st.sampled_from(["", "in/", "in/below/"]), NAMES, SUFFIXES), min_size=1, max_size=8),
    output=st.sampled_from(["out", "in", "in/below", "."]),
    folder=st.booleans(),
)
def test_no_two_files_go_to_one_place_and_none_onto_an_original(
    files: list[tuple[str, str, str]], output: str, folder: bool
) -> None:
    with tempfile.TemporaryDirectory() as root:
        paths = sorted({Path(root, f"{place}{name}{suffix}") for place, name, suffix in files})
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        try:
            jobs, _ = plan([Path(root, "in")] if folder else paths, Path(root, output), "wave")
        except InputError:
            return
        targets = [job.target.resolve() for job in jobs]
        assert len(set(targets)) == len(targets)
        assert not set(targets) & {job.source.resolve() for job in jobs}
        if not folder:
            assert [job.source for job in jobs] == paths


def test_collisions_get_numbers(here: Path) -> None:
    assert targets("a.jpg", "dir/a.jpg", out="out") == ["out/a.jpg", "out/a-wave.jpg"]
    assert len(set(targets("a.jpg", "a.jpg", "dir", out="out"))) == 7


def test_a_folder_painted_into_itself_is_not_painted_twice(here: Path) -> None:
    Path("dir/a-wave.jpg").touch()
    Path("dir/heat-wave.jpg").touch()
    assert targets("dir", out="dir") == [
        "dir/a-wave.jpg",
        "dir/below/d-wave.jpg",
        "dir/below/e-wave.mp4",
        "dir/c.png",
        "dir/heat-wave-wave.jpg",
        "dir/z.png",
    ]


def test_a_percent_sign_in_the_name_of_a_clip_is_no_number(here: Path) -> None:
    for name in ("dir/50%discount.mp4", "dir/50%discount.jpg", "dir/100%.mp4"):
        Path(name).touch()
    assert targets("dir/50%discount.mp4") == ["50-discount-wave.mp4"]
    found = targets("dir", out="out")
    assert {"out/50-discount.mp4", "out/50%discount.jpg", "out/100%.mp4"} <= {*found}


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
        (["empty"], "out", "holds no pictures or clips"),
        (["a.jpg"], "out.mp4", "picture a.jpg can't be written as out.mp4"),
        (["clip.mp4"], "out.jpg", "clip clip.mp4 can't be written as out.jpg"),
        (["clip.mp4"], "out.avi", "can't be written as out.avi"),
    ],
)
def test_what_does_not_fit_is_said(here: Path, inputs: list[str], out: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        targets(*inputs, out=out)
