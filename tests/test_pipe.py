"""A still through a pipe: bytes in, bytes out, and nothing else on stdout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import picture
from tests.read_back import read_picture
from tests.test_main import ROOT, _environment
from tests.test_stills import EXIF_TURNS, jpeg_with_exif


def painted(data: bytes, *words: object, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "realtime", *map(str, words)]
    environment = {**_environment(), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=data, capture_output=True, cwd=folder, env=environment, timeout=60)


def shown(data: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))


def encoded(suffix: str, image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def test_what_comes_goes_on_in_its_own_kind(styles: Path, tmp_path: Path) -> None:
    rgba = np.dstack((picture(40, 60), np.full((40, 60), 77, np.uint8)))
    done = painted(encoded(".png", rgba), "-", "--weights", styles, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    np.testing.assert_array_equal(shown(done.stdout)[..., :3], 255 - rgba[..., :3])
    assert (shown(done.stdout)[..., 3] == 77).all()
    photo = jpeg_with_exif(picture(40, 60), 6)
    done = painted(photo, "-", "-o", "-", "--style", "same", "--weights", styles, folder=tmp_path)
    assert done.stdout.startswith(b"\xff\xd8\xff")
    expected = EXIF_TURNS[6](picture(40, 60))
    assert np.abs(shown(done.stdout)[..., ::-1].astype(int) - expected).mean() < 4
    assert list(tmp_path.glob("*.*")) == []


def test_from_a_pipe_into_a_file_and_the_other_way(styles: Path, tmp_path: Path) -> None:
    line = ("--style", "same", "--weights", styles)
    done = painted(encoded(".png", picture(40, 60)), "-", "-o", "out/x.webp", *line, folder=tmp_path)
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(Path("out/x.webp")))
    assert read_picture(tmp_path / "out/x.webp").shape == (40, 60, 3)
    done = painted(b"", "out/x.webp", "-o", "-", "--height", 20, *line, folder=tmp_path)
    assert done.stdout.startswith(b"RIFF")


@pytest.mark.parametrize(
    ("data", "words", "said"),
    [
        (b"", ("-",), "What comes through the pipe is empty"),
        (b"no picture", ("-",), "What comes through the pipe is no picture"),
        (b"", ("-", "a.png"), "takes one picture"),
        (b"", ("a.mp4", "-o", "-"), "takes one picture"),
        (b"", ("a.png", "-o", "-"), "There is no file a.png"),
        (b"", ("-", "-o", "a.mp4"), "can't be written as a.mp4"),
        (b"", ("-", "-o", "."), "can't be written as ."),
        (b"", ("-", "-o", "a.png", "--preview", "b.png"), "at once: leave --preview out"),
        (b"", ("-", "-o", "a.png", "--dry-run"), "at once: leave --dry-run out"),
        (b"", ("-", "--part", "1/2"), "at once: leave --part out"),
        (b"\0\0\0\x20ftypisom", ("-",), "What comes through the pipe is no picture that can be read: it"),
    ],
)
def test_what_does_not_fit_is_said(
    styles: Path, tmp_path: Path, data: bytes, words: tuple[str, ...], said: str
) -> None:
    done = painted(data, *words, "--weights", styles, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("words", [("-",), ("--list",)])
def test_a_full_disk_behind_the_pipe_is_said(styles: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "realtime", *words, "--weights", str(styles)]
    environment = {**_environment(), "PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command,
            input=encoded(".png", picture(40, 60)),
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
            timeout=60,
        )
    said = "livebrush: Can't write what is printed (No space left on device): the disk is full, so make room.\n"
    assert (done.returncode, done.stderr.decode()) == (2, said)
