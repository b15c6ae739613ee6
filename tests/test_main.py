"""The command line: one sentence and exit code 2 on bad input, lists, and what happens without a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import cv2
import pytest

from realtime import __main__ as program
from realtime.options import Options, parse
from realtime.window import display_check
from tests.conftest import MakeClip, picture
from tests.read_back import read_picture
from weights.errors import InputError, exit_code

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "photo.png"
    path.write_bytes(cv2.imencode(".png", picture(40, 60))[1].tobytes())
    return path


def run(*arguments: object) -> int:
    return exit_code(lambda: program.main([str(a) for a in arguments]))


def test_help_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        program.main(["--help"])
    assert done.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_list(styles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list", "--weights", styles) == 0
    assert capsys.readouterr().out.splitlines() == ["negative  Negative (Nobody)", "same      Same (Nobody)"]


def test_list_json(styles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list", "--json", "--weights", styles) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["negative", "same"]
    assert {"name", "title", "method", "painter", "license"} <= set(rows[0])
    assert (rows[0]["painter"], rows[0]["license"]) == ("Nobody", "MIT")


def test_list_json_says_the_trunk(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list", "--json", "--weights", pack) == 0
    trunks = {row["name"]: row["trunk"] for row in json.loads(capsys.readouterr().out)}
    assert (trunks["red"], trunks["black"], trunks["negative"]) == ("pack", "grey", "")


def test_a_blend_paints_a_still_and_a_clip(pack: Path, photo: Path, make_clip: MakeClip) -> None:
    clip = make_clip()
    assert run(photo, clip, "--style", "red:3, blue:1", "--weights", pack) == 0
    assert (read_picture("photo-red-75-blue-25.png") == (191, 0, 64)).all()
    with av.open("clip-red-75-blue-25.mp4") as painted:
        frames = [frame.to_ndarray(format="rgb24") for frame in painted.decode(video=0)]
    assert len(frames) == 12
    assert all(abs(frame.mean((0, 1)) - (191, 0, 64)).max() < 4 for frame in frames)


def test_painting_again_replaces_the_painting(
    styles: Path, photo: Path, make_clip: MakeClip, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip()
    for _ in range(2):
        assert run(photo, "-o", "out.png", "--style", "same", "--weights", styles) == 0
        assert run(clip, "-o", "out.mp4", "--style", "same", "--weights", styles) == 0
        assert run(photo, clip, "-o", "out", "--style", "same", "--weights", styles) == 0
        assert run(photo, clip, "--style", "same", "--weights", styles) == 0
    assert len(capsys.readouterr().out.splitlines()) == 12
    files = {path.relative_to(photo.parent).as_posix() for path in photo.parent.rglob("*") if path.is_file()}
    paintings = {"out.png", "out.mp4", "out/photo.png", "out/clip.mp4", "photo-same.png", "clip-same.mp4"}
    assert files == paintings | {"photo.png", "clip.mp4"}


def test_a_still(styles: Path, photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(photo, "-o", "out.png", "--style", "negative", "--weights", styles) == 0
    assert (read_picture("out.png") == 255 - picture(40, 60)[..., ::-1]).all()
    assert capsys.readouterr().out == "out.png\n"


def test_options_reach_the_picture(styles: Path, photo: Path) -> None:
    assert run(photo, "--style", "negative", "--weights", styles, "--strength", "0") == 0
    assert (read_picture("photo-negative.png") == picture(40, 60)[..., ::-1]).all()
    assert (
        run(photo, "--style", "negative", "--weights", styles, "--keep-colors", "--out-height", "20", "-o", "out") == 0
    )
    assert read_picture("out/photo.png").shape == (20, 30, 3)


def test_one_bad_file_among_good_ones(styles: Path, photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.jpg").write_bytes(b"bad")
    assert run("bad.jpg", photo, "-o", "out", "--weights", styles) == 2
    assert Path("out/photo.png").exists()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "bad.jpg" in said[0]
    assert "1 of 2 files" in said[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["photo.png", "--style", "x"], "no style called 'x': choose one of negative, same"),
        (["nothing.jpg"], "no file nothing.jpg"),
        (["photo.png", "--stroke", "-1"], "--stroke -1 is out of range"),
        (["photo.png", "--strength", "2"], "--strength 2 is out of range"),
        (["photo.png", "--strength", "much"], "--strength: invalid float value: 'much'"),
        (["photo.png", "--keep-colors", "-1"], "--keep-colors -1 is out of range"),
        (["photo.png", "--height", "3"], "--height 3 is out of range"),
        (["photo.png", "--threads", "-1"], "--threads -1 is out of range"),
        (["photo.png", "--device", "tpu"], "no device tpu here"),
        (["photo.png", "--source", "0"], "not both"),
        (["-o", "out.png"], "needs files to paint"),
        (["photo.png", "--what"], "unrecognized arguments: --what"),
        (["photo.png", "-o", "out.mp4"], "can't be written as out.mp4"),
        (["--style", "x"], "no style called 'x'"),
        (["photo.png", "--style", "same:0.5,negative"], "same is a network of its own, which can't be blended"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    styles: Path, photo: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(*arguments, "--weights", styles) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("livebrush: ")
    assert said.count("\n") == 1


def test_a_damaged_style_is_said(styles: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in styles.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "same.onnx").write_bytes(b"version https://git-lfs")
    assert run(photo, "--style", "same", "--weights", folder) == 2
    (folder / "same.onnx").unlink()
    assert run(photo, "--style", "same", "--weights", folder) == 2
    said = capsys.readouterr().err.splitlines()
    assert "not the one in the catalogue" in said[0]
    assert "is missing" in said[1]


def test_the_default_style(styles: Path, tmp_path: Path) -> None:
    assert program.default_style(styles) == "negative"
    (tmp_path / "catalog.json").write_text('{"styles": []}')
    with pytest.raises(InputError, match="No style is installed"):
        program.default_style(tmp_path)


def test_without_a_screen_the_sample_clip_is_painted(
    styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(display_check, "screen_trouble", lambda: "There is no screen here.")
    assert run("--weights", styles) == 0
    said = capsys.readouterr()
    first, last = said.err.splitlines()
    assert first == "livebrush: There is no screen here. Painting the sample clip instead."
    assert last.startswith("livebrush: ") and last.endswith(" frames a second.")
    assert said.out == "livebrush-demo.mp4\n"
    with av.open("livebrush-demo.mp4") as clip:
        assert clip.streams.video[0].frames == 120
        assert len(clip.streams.audio) == 1


def test_without_a_camera_the_window_opens_all_the_same(
    styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(*_: object, **__: object) -> None:
        raise InputError("There is no camera 0 here.")

    def open_window(*said: object) -> int:
        opened.append(said[1:])
        return 0

    opened: list[object] = []
    monkeypatch.setattr(display_check, "screen_trouble", lambda: None)
    monkeypatch.setattr("realtime.live.sources.check_source", absent)
    monkeypatch.setattr("realtime.window.application.run", open_window)
    assert run("--weights", styles, "--style", "same") == 0
    (tmp_path / "catalog.json").write_text('{"styles": []}')
    assert run("--weights", tmp_path) == 0
    assert opened == [("same", program.LIVE_HEIGHT), ("", program.LIVE_HEIGHT)]
    assert run("--weights", styles, "--source", "0") == 2, "who names a source gets that source or a sentence"


def test_no_screen_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("asks X")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "no screen here" in (display_check.screen_trouble() or "")
    monkeypatch.setenv("DISPLAY", ":98765")
    assert display_check.screen_trouble() is not None
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display_check.screen_trouble() is None


@pytest.mark.parametrize(
    ("name", "known"),
    [("nonsense", False), ("offscreen", True), ("vnc:size=640x480", True), ("wayland;xcb", True), ("", True)],
)
def test_a_window_system_that_qt_does_not_know_is_said(monkeypatch: pytest.MonkeyPatch, name: str, known: bool) -> None:
    """Qt itself would end the program."""
    monkeypatch.setenv("QT_QPA_PLATFORM", name)
    trouble = display_check.screen_trouble() or ""
    assert ("QT_QPA_PLATFORM=nonsense names no window system" in trouble) == (not known)


def test_defaults_have_one_source() -> None:
    assert parse([]) == Options()


@pytest.mark.parametrize("arguments", [["--help"], ["--list"], ["photo.png", "-o", "out.png"]])
def test_no_torch_and_nothing_heavy_before_it_is_needed(styles: Path, photo: Path, arguments: list[str]) -> None:
    code = (
        "import runpy, sys\n"
        "try:\n    runpy.run_module('realtime', run_name='__main__')\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "print('modules:', *sorted(m for m in sys.modules if '.' not in m))"
    )
    command = [sys.executable, "-c", code, *arguments, "--weights", str(styles)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=photo.parent, env=_environment())
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.rpartition("modules:")[2].split())
    assert not modules & {"torch", "torchvision", "onnx", "PIL", "training", "export", "gatys", "PyQt5"}
    if arguments[0] != "photo.png":
        assert not modules & {"numpy", "cv2", "av", "onnxruntime"}


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
