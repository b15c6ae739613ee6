"""What is lost while the window is open, the GPU or a style's file; and the window itself, closed in the middle."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.live.recorder import Recorder
from realtime.live.sources import Source
from realtime.log import start_log
from realtime.styles import Opener, engines_gpu, stylizer
from realtime.styles.engines import Feeds, Wanted
from realtime.styles.onnx_file import ModelFile
from realtime.window.outgoing import NETWORK
from realtime.window.window import Window
from tests.conftest import picture
from tests.live_fakes import THREADS
from tests.window_fakes import Open, Steady, press, shows, until

# isort: split
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication

CLOSED = 1.0
"""Seconds in which a window is closed, whatever goes on."""


def test_a_gpu_that_is_lost_is_said_and_the_processor_paints_on(
    application: QApplication, opened: Open, styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[engines_gpu.Gpu] = []

    def on_the_gpu(model: ModelFile, wanted: Wanted) -> tuple[engines_gpu.Gpu, str]:
        engines.append(engines_gpu.Gpu(model, wanted, place="cpu"))
        engines[-1].device = "cuda"
        return engines[-1], ""

    def lost(_: Feeds) -> np.ndarray:
        raise RuntimeError("CUDA error 719: unspecified launch failure")

    monkeypatch.setenv("LIVEBRUSH_HOME", str(tmp_path / "home"))
    log = start_log()
    monkeypatch.setattr(engines_gpu, "PROVIDER", "CPUExecutionProvider")
    monkeypatch.setattr(engines_gpu, "OPTIONS", {})
    monkeypatch.setattr(engines_gpu, "FIXED_OPTIONS", {})
    monkeypatch.setattr(stylizer, "open_engine", on_the_gpu)
    window = opened(styles, "negative")
    until(application, lambda: "CUDA" in window.status.toolTip())
    monkeypatch.setattr(engines[0], "paint", lost)
    until(application, lambda: "The GPU is lost (CUDA error 719" in window.view.words)
    last = window.showing.painted
    until(application, lambda: window.showing.painted is not last)
    assert shows(window, 255 - picture(48, 64))
    assert window.live.runs_on.startswith("CPU"), "the status line says what paints now"
    press(window, Qt.Key.Key_Space)
    window.refresh()
    assert "GPU" not in window.view.words, "it has been read"
    assert "The GPU is lost" in window.status.toolTip(), "for as long as it lasts"
    assert log is not None
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize("name", ["negative.onnx", "grey.onnx", "green.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"damaged" * 100])
def test_a_style_whose_file_is_gone_or_damaged_leaves_the_old_one(
    application: QApplication, opened: Open, pack: Path, name: str, content: bytes | None
) -> None:
    window = opened(pack, "red")
    red = np.full((48, 64, 3), (255, 0, 0), np.uint8)
    until(application, lambda: shows(window, red))
    style = {"negative.onnx": "negative", "grey.onnx": "white", "green.safetensors": "green"}[name]
    whole = (pack / name).read_bytes()
    (pack / name).unlink() if content is None else (pack / name).write_bytes(content)
    window.chooser.pick(style)
    until(application, lambda: name in window.view.words)
    window.refresh()
    assert shows(window, red) and window.chooser.name == "red"
    (pack / name).write_bytes(whole)
    window.chooser.pick(style)
    until(application, lambda: name not in window.view.words and not window.live.loading)
    until(application, lambda: not shows(window, red))


def running() -> list[str]:
    """The threads of a live loop and its outputs that are there."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name in THREADS or name.startswith(("output", "previews", "snapshot", "shelf"))]


def gone(application: QApplication) -> None:
    """Wait until no thread is left."""
    try:
        until(application, lambda: not running())
    except AssertionError:
        pytest.fail(f"still there: {running()}")


def closed(window: Window) -> float:
    began = time.monotonic()
    window.close()
    return time.monotonic() - began


def test_closed_while_a_source_opens_and_a_style_loads(
    application: QApplication, opened: Open, styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(_: str) -> Source:
        gate.wait(20)
        return Steady()

    opens = Opener.__call__
    monkeypatch.setattr(Opener, "__call__", lambda self, name: (gate.wait(20), opens(self, name))[1])
    window = opened(styles, "negative", slow)
    try:
        until(application, lambda: {"capture", "loader"} <= set(running()))
        assert closed(window) < CLOSED
    finally:
        gate.set()
    gone(application)


def test_closed_in_the_middle_of_a_frame_while_it_records_and_sends(
    application: QApplication, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.live.network.SERVED_AT", 0)
    gate, slow = threading.Event(), threading.Event()
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_R)
    window.outgoing.switch(NETWORK, True)
    until(application, lambda: (window.outgoing.seconds or 0) > 0.2 and bool(window.outgoing.url))
    used = window.live._styling.in_use
    assert used is not None
    paint = type(used.stylizer).__call__

    def hangs(self: object, *words: object, **more: object) -> np.ndarray:
        slow.set()
        gate.wait(20)
        return paint(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(type(used.stylizer), "__call__", hangs)
    until(application, slow.is_set)
    assert closed(window) < CLOSED
    gate.set()
    gone(application)
    (path,) = tmp_path.glob("livebrush-*.mp4")
    with av.open(str(path)) as clip:
        assert sum(1 for _ in clip.decode(video=0)) > 3


def test_closed_while_a_recording_is_made_an_mp4_it_is_finished_after(
    application: QApplication, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    finish = Recorder.finish
    monkeypatch.setattr(Recorder, "finish", lambda self: (gate.wait(20), finish(self))[1])
    until(application, lambda: window.view.image is not None)
    press(window, Qt.Key.Key_R)
    until(application, lambda: (window.outgoing.seconds or 0) > 0.1)
    assert closed(window) < CLOSED
    assert not list(tmp_path.glob("livebrush-*.mp4"))
    gate.set()
    window.outgoing.finish(10)  # as the program does after its window
    assert len(list(tmp_path.glob("livebrush-*.mp4"))) == 1
    assert not list(tmp_path.glob("*.mkv"))


def test_closed_in_the_middle_of_three_two_one(application: QApplication, window: Window, tmp_path: Path) -> None:
    until(application, lambda: window.view.image is not None)
    window.snapshots.count_down()
    assert closed(window) < CLOSED
    gone(application)
    assert not list(tmp_path.glob("*.png"))
