"""Workers of a Ray cluster paint a clip; one of them is killed, and the file is what one machine makes."""

from __future__ import annotations

import builtins
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from realtime.options import parse
from tests.conftest import MakeClip
from tests.test_job import livebrush
from tests.test_main import run
from tests.test_resume import assert_same, left, long_clip

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="the package ray isn't installed")


@pytest.mark.parametrize(
    ("words", "ray", "inputs"),
    [
        (["--ray", "clip.mp4"], "", ["clip.mp4"]),
        (["clip.mp4", "--ray"], "", ["clip.mp4"]),
        (["clip.mp4", "--ray", "-o", "out"], "", ["clip.mp4"]),
        (["--ray", "auto", "clip.mp4"], "auto", ["clip.mp4"]),
        (["--ray", "ray://head.example:10001", "a.mp4", "b.mp4"], "ray://head.example:10001", ["a.mp4", "b.mp4"]),
        (["--ray", "10.0.0.1:6379", "--keep-colors", "a.mp4"], "10.0.0.1:6379", ["a.mp4"]),
    ],
)
def test_an_address_is_told_from_a_file(words: list[str], ray: str, inputs: list[str]) -> None:
    options = parse(words)
    assert (options.ray, [str(path) for path in options.inputs]) == (ray, inputs)


def test_without_ray_it_is_one_sentence(
    styles: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert run(make_clip(), "-o", "out.mp4", "--weights", styles, "--ray") == 2
    assert capsys.readouterr().err == "livebrush: --ray needs one more package: `python -m pip install ray`.\n"


@needs_ray
def test_no_cluster_at_an_address_is_said(
    styles: Path, make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = livebrush(make_clip(), "-o", tmp_path / "o.mp4", "--weights", styles, "--ray", "127.0.0.1:9")
    _, err = process.communicate(timeout=100)
    assert process.returncode == 2
    assert err.startswith("livebrush: There is no Ray cluster at 127.0.0.1:9 (") and err.count("\n") == 1


def workers(process: int) -> list[psutil.Process]:
    """The processes that paint for `process`."""
    return [child for child in psutil.Process(process).children(recursive=True) if "ray::_do" in child.name()]


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="finds the workers by their names")
def test_a_killed_worker_costs_nothing_but_time(styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    clip = long_clip(make_clip, "in.mkv", seconds=20, size=(120, 160))
    line = (clip, "--weights", styles, "--part-seconds", 1, "--codec", "ffv1")
    assert run(*line, "-o", tmp_path / "one" / "whole.mkv") == 0
    process = livebrush(*line, "-o", tmp_path / "out" / "clip.mkv", "--ray", "local")
    while not (busy := workers(process.pid)) or len(list(tmp_path.glob("out/.*/0*.json"))) < 4:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    busy[0].kill()
    out, err = process.communicate(timeout=200)
    lost = "livebrush: A worker of the cluster was lost: another one goes on with its piece.\n"
    assert process.returncode == 0
    assert err.startswith(f"{lost}livebrush: 500 frames in ") and err.count("\n") == 2, err
    assert out == f"{tmp_path / 'out' / 'clip.mkv'}\n"
    assert left(tmp_path / "out") == ["clip.mkv"]
    assert_same(tmp_path / "out" / "clip.mkv", tmp_path / "one" / "whole.mkv")
