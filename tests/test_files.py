"""Files appear whole or not at all, never over an original, and what keeps them from it is one sentence."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from weights.errors import InputError
from weights.files import check_output, not_the_original, replacing


def test_a_disk_that_fills_up_is_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"Can't write .*a\.txt \(No space left on device\): the disk is full"),
        replacing(tmp_path / "a.txt") as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(InputError, match=r"Can't write .*a\.txt"), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_reader_that_hangs_up_meanwhile_is_no_trouble_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), replacing(tmp_path / "a.txt"):
        raise BrokenPipeError


@pytest.mark.parametrize("link", ["itself", "symlink", "hard link", "other way"])
def test_an_original_is_never_overwritten(tmp_path: Path, link: str) -> None:
    original, target = tmp_path / "a.png", tmp_path / "b.png"
    original.write_bytes(b"photo")
    if link == "itself":
        target = original
    elif link == "symlink":
        target.symlink_to(original)
    elif link == "hard link":
        target.hardlink_to(original)
    else:
        target = tmp_path / "folder" / ".." / "a.png"
        (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="is the original, which is never overwritten"):
        not_the_original(target, tmp_path / "missing.png", original)


def test_another_file_may_be_overwritten(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"the same bytes")
    not_the_original(tmp_path / "b.png", tmp_path / "a.png")
    not_the_original(tmp_path / "new.png", tmp_path / "a.png", tmp_path / "new.png")


@pytest.mark.parametrize("name", ["x.xyz", "x", "a-folder", "file/x.png", f"{'n' * 300}.png"])
def test_what_can_not_be_written_is_said_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=name[:20]):
        check_output(tmp_path / name, (".png", ".jpg"))


def test_what_can_be_written_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "old.JPG").write_bytes(b"old")
    check_output(tmp_path / "new" / "x.png", (".png", ".jpg"))
    check_output(tmp_path / "old.JPG", (".png", ".jpg"))
    assert (tmp_path / "old.JPG").read_bytes() == b"old"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["old.JPG"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    for text in ("new", "again"):
        with replacing(tmp_path / "link.txt") as temporary:
            temporary.write_text(text)
        assert (tmp_path / "link.txt").is_symlink()
        assert (tmp_path / "real" / "a.txt").read_text() == text


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".txt")
    with replacing(path) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole"


@pytest.mark.skipif(sys.platform == "win32", reason="asks whether a process lives")
def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    code = f"""
import os
from weights.files import replacing
with replacing({str(tmp_path / "a.txt")!r}) as temporary:
    temporary.write_text("half")
    os._exit(1)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    (left,) = tmp_path.iterdir()
    with replacing(tmp_path / "other.txt") as temporary:
        temporary.write_text("whole")
    assert left.exists(), "another file's"
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "other.txt"]
