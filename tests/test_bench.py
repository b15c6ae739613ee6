"""The benchmark measures both ways and prints their ratio; the live loop keeps up with the bare stylizer."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from realtime import bench
from realtime.styles import Stylizer
from weights.errors import exit_code


def test_prints_both_and_the_ratio(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "_ROUND_SECONDS", 0.1)
    arguments = ["--weights", str(styles), "--style", "same", "--size", "64x48", "--seconds", "0.4", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    assert exit_code(bench.main) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "same, 64x48, cpu" in lines[0]
    alone, loop, ratio = float(lines[1].split()[2]), float(lines[2].split()[3]), float(lines[3].split()[-1])
    assert alone > 0
    assert loop > 0
    assert ratio == pytest.approx(loop / alone, rel=0.05, abs=1e-3), "to the digits printed"
    assert lines[4].startswith("delay, clip's pace")
    assert 0 < float(lines[4].split()[3]) < 5000


def test_the_loop_resizes_what_it_captures(styles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: set[tuple[int, ...]] = set()
    stylizer = Stylizer(styles / "same.onnx", "cpu", 1)
    call = Stylizer.__call__

    def watched(self: Stylizer, image: np.ndarray, *rest: float, **dials: float) -> np.ndarray:
        sizes.add(image.shape)
        return call(self, image, *rest, **dials)

    monkeypatch.setattr(Stylizer, "__call__", watched)
    bench.loop_fps(stylizer, (100, 333), 0.1)
    assert sizes == {(100, 333, 3)}


def test_a_trunk_prints_what_a_switch_costs(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "_ROUND_SECONDS", 0.1)
    arguments = ["--weights", str(pack), "--style", "red:0.5,blue:0.5", "--size", "64x48", "--seconds", "0.4"]
    monkeypatch.setattr(sys, "argv", ["bench", *arguments, "--device", "cpu"])
    assert exit_code(bench.main) == 0
    last = capsys.readouterr().out.splitlines()[-1].split()
    assert last[:3] == ["switch", "within", "trunk"]
    assert 0 < float(last[3]) < 100


def test_a_size_that_can_not_be_read_is_said(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--weights", str(styles), "--size", "large"])
    assert exit_code(bench.main) == 2
    assert "--size large" in capsys.readouterr().err
