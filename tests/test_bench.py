"""The benchmark measures what it says, in turns, and its shares agree with its figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import realtime.bench.__main__ as bench
import realtime.bench.files as bench_files
import realtime.bench.start as start_module
import realtime.bench.window as window_bench
from realtime.bench import dropping, governed, turns, waits
from realtime.bench.drawing import Screen
from realtime.bench.start import Start, start
from realtime.styles import Stylizer, engine_choice
from realtime.styles.engines import Wanted
from tests.conftest import MakeClip
from tests.predictor_fakes import colour_picture, tiny_predictor
from training.checkpoint import load_generator
from training.evaluate import work_of
from weights.errors import InputError, exit_code
from weights.folders import WEIGHTS


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bench", "--seconds", "0.1", "--rounds", "1", *arguments])
    return exit_code(bench.main)


def test_all_figures_are_measured_and_agree(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "johnson_ms", lambda threads: 200.0)
    sizes = ("--size", "64x48", "640x480")
    assert run(monkeypatch, "--weights", str(styles), "--style", "same", *sizes, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["engine"].startswith("CPU · ")
    assert found["switch_ms"] is None
    assert list(found["size_change_ms"]) == ["640x480", "1280x720"]
    assert all(0 < taken[name] < 5000 for taken in found["size_change_ms"].values() for name in ("cached", "new"))
    small, large = found["sizes"]
    assert (small["size"], large["size"]) == ("64x48", "640x480")
    assert set(small["alone_fps"]) >= {found["engine"], "CPU · ONNX Runtime f32"}
    for row in found["sizes"]:
        best = row["alone_fps"][found["engine"]]
        assert row["loop_share"] == pytest.approx(row["loop_fps"] / best)
        assert row["file_share"] == pytest.approx(row["file_fps"] / best)
        assert row["steady_share"] == pytest.approx(row["steady_fps"] / best)
        assert 0 < row["delay_ms"] < 5000
    assert large["johnson_times"] == pytest.approx(0.2 * large["alone_fps"][found["engine"]])
    assert "johnson_times" not in small


def test_the_table_has_a_column_for_each_size(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blend = ("--style", "red:0.5,blue:0.5", "--engine", "onnxruntime")
    assert run(monkeypatch, "--weights", str(pack), *blend, "--size", "64x48", "96x64", "--device", "cpu") == 0
    out = capsys.readouterr().out
    for words in ("64x48", "96x64", "ONNX Runtime f32 alone", "whole live loop", "file to file", "capture to drawn"):
        assert words in out
    assert "a switch or a blend within the trunk takes" in out
    assert "after a change to 1280x720 the loop's latest frame takes" in out


def test_starts_with_and_without_what_is_kept(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "start", lambda *_, cold=False: Start(2.0 if cold else 1.0, 99.0))
    assert run(monkeypatch, "--weights", str(styles), "--style", "same", "--startup", "--json", "--size", "64x48") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["seconds"], found["peak_mb"]) == ({"warm": 1.0, "cold": 2.0}, {"64x48": 99.0})


def test_a_picture_is_dropped_on_a_real_window(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_predictor(pack)
    for name in ("_BEFORE", "_AFTER"):
        monkeypatch.setattr(dropping, name, 0.2)
    picture = colour_picture(tmp_path / "mine.png", 10, 20, 30)
    asked = ("--weights", str(pack), "--style", "red", "--device", "cpu", "--engine", "onnxruntime")
    assert run(monkeypatch, *asked, "--drop", str(picture), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["first", "next"]
    assert all(0 < of["seconds"] < 30 and 0 < of["frozen_ms"] < 30_000 for of in found.values())


def test_a_start_is_a_real_one(styles: Path) -> None:
    found = start("same", Wanted("onnxruntime", "cpu", threads=1), (styles,), 48)
    assert 0 < found.seconds < 60
    assert 20 < found.peak_mb < 4000


@pytest.mark.timeout(50)
def test_a_start_plays_a_short_clip_again(styles: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow network sees few frames of a clip, so that it would wait for more than there are."""
    monkeypatch.setattr(start_module, "SAMPLE", make_clip(pts=[0, 512, 1024]))
    assert start("same", Wanted("onnxruntime", "cpu", threads=1), (styles,), 48).peak_mb > 20


def test_the_loop_resizes_what_it_captures(styles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: set[tuple[int, ...]] = set()
    stylizer = Stylizer(styles / "same.onnx", "cpu", 1)
    call = Stylizer.__call__

    def watched(self: Stylizer, image: np.ndarray, *rest: float, **dials: float) -> np.ndarray:
        sizes.add(image.shape)
        return call(self, image, *rest, **dials)

    monkeypatch.setattr(Stylizer, "__call__", watched)
    screen = Screen()
    turns.loop_fps(stylizer, (100, 333), 0.1, screen)
    screen.close()
    assert sizes == {(100, 333, 3)}


def test_the_work_of_a_frame_is_that_of_the_network_in_torch() -> None:
    pytest.importorskip("openvino", reason="OpenVINO isn't installed here")
    network, _ = load_generator(WEIGHTS / "starry-night-johnson.safetensors")
    network.fold()  # as it is exported
    counted = engine_choice.work(WEIGHTS / "starry-night-johnson.onnx", 480, 640)
    assert counted == pytest.approx(work_of(network), rel=0.02)


def test_what_is_drawn_is_drawn() -> None:
    screen, image = Screen(), np.full((48, 64, 3), (10, 200, 30), np.uint8)
    screen.draw(image)
    shown = screen._view.grab().toImage()
    middle = shown.pixelColor(shown.width() // 2, shown.height() // 2)
    assert (middle.red(), middle.green(), middle.blue()) == (10, 200, 30)
    screen.close()
    with pytest.raises(InputError, match="isn't shown"):
        screen.draw(image)


@pytest.mark.parametrize("wrong", [["--rounds", "0"], ["--seconds", "0"], ["--seconds", "nan"]])
def test_numbers_that_cannot_work_are_said(
    wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *wrong) == 2
    assert wrong[0] in capsys.readouterr().err


def test_a_size_that_can_not_be_read_is_said(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--weights", str(styles), "--size", "large") == 2
    assert "--size large" in capsys.readouterr().err


@pytest.mark.slow
def test_what_an_open_window_promises_is_measured(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seconds in (("STYLE_SECONDS", 0.2), ("SOURCE_SECONDS", 0.3), ("FRAME_SECONDS", 0.1)):
        monkeypatch.setattr(waits, name, seconds)
    monkeypatch.setattr(governed, "SETTLES_SECONDS", 0.3)
    words = ["--style", "negative", "--weights", str(styles), "--seconds", "0.3", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", ["window", *words])
    assert exit_code(window_bench.main) == 0
    found = {row["part"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(found) == set(window_bench.PARTS)
    assert 0 < found["waits"]["usual_longest_ms"] < 1000 and 0 < found["waits"]["slow_longest_ms"] < 1000
    assert found["outputs"]["share"] > 0 and found["outputs"]["alone_fps"] > 10
    assert {"before", "load", "after"} < set(found["governor"])
    assert found["governor"]["before"]["lines"] == 480


def test_a_gpu_that_is_lost_ends_it(styles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processor paints on, its figures aren't told as the GPU's."""
    stylizer = Stylizer(styles / "same.onnx", device="cpu", threads=1)
    was = stylizer.runs_on
    turns.check_same(stylizer, was)
    monkeypatch.setattr(stylizer._engine, "lost", "The GPU is lost (719): the processor paints on.", raising=False)
    with pytest.raises(InputError, match=r"The GPU is lost \(719\)"):
        turns.check_same(stylizer, "CUDA · ONNX Runtime f16")


def test_files_against_the_engine_alone(
    styles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--weights", str(styles), "--style", "same", "--size", "64x48", "--seconds", "0.1", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", ["files", *line])
    assert exit_code(bench_files.main) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["size"] == "64x48"
    for name in ("file", "steady"):
        assert found[name] > 0 and found[f"{name}_share"] == pytest.approx(found[name] / found["alone"], abs=0.002)
    monkeypatch.setattr(sys, "argv", ["files", "--weights", str(styles), "--size", "large"])
    assert exit_code(bench_files.main) == 2
    assert "--size large can't be read" in capsys.readouterr().err
