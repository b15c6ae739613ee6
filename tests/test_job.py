"""Files painted one after the other: what fails is said and the rest is done; a stop tidies up."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from realtime.options import Options, parse
from realtime.render import asked
from realtime.render.pipeline import Progress
from realtime.styles.blends import Part
from tests.conftest import MakeClip, picture
from tests.test_main import ROOT, run
from tests.test_plan import close
from weights.card import Card
from weights.catalog import Style
from weights.errors import InputError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_clip: MakeClip) -> Path:
    """A folder `in` with two pictures and a clip below; we stand beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "below").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(cv2.imencode(".png", picture(40, 60))[1].tobytes())
    make_clip().rename(tmp_path / "in" / "below" / "c.mp4")
    return tmp_path


def files(where: str) -> list[str]:
    return sorted(path.relative_to(where).as_posix() for path in Path(where).rglob("*") if path.is_file())


def test_a_folder_with_clips_keeps_its_tree(styles: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in", "-o", "out", "--weights", styles) == 0
    assert files("out") == ["a.png", "b.png", "below/c.mp4"]
    Path("out/b.png").unlink()
    capsys.readouterr()
    assert run("in", "-o", "out", "--weights", styles) == 0
    said = capsys.readouterr()
    assert said.out == f"{Path('out/b.png')}\n", "the others are there already"
    assert said.err.count("--overwrite") == 2
    assert run("in", "-o", "out", "--weights", styles, "--overwrite") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_folder_that_can_not_be_read_does_not_end_the_others(
    styles: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    close(monkeypatch, Path("in/below"))
    assert run("in", "-o", "out", "--weights", styles) == 2
    assert files("out") == ["a.png", "b.png"]
    assert capsys.readouterr().err.count(f"{Path('in/below')} can't be read (Permission denied)") == 1


def test_a_full_disk_does_not_end_the_others(
    styles: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if ".a" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert run("in", "-o", "out", "--weights", styles) == 2
    said = capsys.readouterr().err.splitlines()
    assert "No space left on device" in said[0]
    assert said[-1] == "livebrush: 1 of 3 files could not be painted, as said above."
    assert files("out") == ["b.png", "below/c.mp4"]


def test_the_line_of_progress_goes_before_anything_is_said(
    styles: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*arguments: object, **_: object) -> None:
        on_progress = arguments[4]
        assert callable(on_progress)
        on_progress(Progress(1, 9))
        raise InputError("It broke.")

    monkeypatch.setattr(asked, "paint_clip", breaks)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert run("in/below/c.mp4", "-o", "out.mp4", "--weights", styles) == 2
    said = capsys.readouterr().err
    assert "c.mp4" in said and "1 of 9 frames" in said
    assert said.endswith("livebrush: It broke.\n") and "\x1b[2K" in said.splitlines()[-1], "the bars are wiped away"


def test_keep_colors_does_not_eat_a_file() -> None:
    options = parse(["--keep-colors", "photo.jpg", "-o", "out.jpg"])
    assert (options.keep_colors, options.inputs) == (1.0, (Path("photo.jpg"),))
    assert parse(["photo.jpg", "--keep-colors", "0.5"]).keep_colors == 0.5
    assert parse(["photo.jpg", "--keep-colors=.25"]).keep_colors == 0.25
    assert parse(["photo.jpg", "--keep-colors"]).keep_colors == 1.0


def test_threads_have_an_end() -> None:
    with pytest.raises(InputError, match="--threads 99999999 is out of range"):
        parse(["photo.jpg", "--threads", "99999999"])


def livebrush(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "realtime", *map(str, arguments)]
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_name_that_the_terminal_can_not_write(styles: Path, folder: Path) -> None:
    Path("in/a.png").rename("ü.png")
    process = livebrush("ü.png", "in/b.png", "--weights", styles, PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err.startswith("livebrush: 2 files, 2 frames in ") and err.count("\n") == 1
    assert out.splitlines() == ["\\xfc-negative.png", "b-negative.png"]


def test_a_picture_for_a_style_that_can_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another user's: there, and closed."""
    lost = Part(Style(Card("mine", "", "predicted", "lite-trunk"), None, ""), 1.0, tmp_path / "mine.jpg")
    monkeypatch.setattr(asked, "find_blend", lambda *_: [lost])
    with pytest.raises(InputError, match=r"mine\.jpg can't be read"):
        asked.resume_of(Options(), ((Fraction(0), "mine.jpg"),))


@pytest.mark.skipif(sys.platform == "win32", reason="has neither signal")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_stop_leaves_nothing_behind(styles: Path, folder: Path, make_clip: MakeClip, name: str) -> None:
    long = make_clip("long.mkv", pts=[i * 40 for i in range(4000)], time_base=Fraction(1, 1000))
    process = livebrush(long, "-o", "out/painted.mkv", "--weights", styles)
    while not (Path("out").exists() and files("out")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "livebrush: stopped.\n")
    assert files("out") == []


@pytest.mark.parametrize("name", ["m.gif", "m.webp", "m.png"])
def test_pictures_that_move_go_on_moving(styles: Path, folder: Path, name: str) -> None:
    pictures = [Image.fromarray(np.roll(picture(40, 60), 10 * i, axis=1)) for i in range(4)]
    pictures[0].save(name, save_all=True, append_images=pictures[1:], duration=[40, 80, 40, 40], lossless=True)
    assert run(name, "--weights", styles, "--style", "same") == 0
    target = "m-same.gif" if name == "m.gif" else "m-same.webp"
    painted = cv2.imdecodeanimation(np.fromfile(target, np.uint8))[1]
    assert len(painted.frames) == 4
    assert list(painted.durations)[:2] == [40, 80]
    for frame, original in zip(painted.frames, pictures, strict=True):
        assert np.abs(frame[..., 2::-1].astype(int) - np.asarray(original)).mean() < 12
