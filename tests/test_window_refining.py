"""A style grows in the window: offered for a picture, shown, paused, gone on with after the window was closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.styles import Opener
from realtime.styles.refined import BEST, Origin, digest_of
from realtime.styles.vectors import read_vector
from realtime.window import refining
from realtime.window.shelf import Shelf
from realtime.window.window import Window
from tests.conftest import tiny_card
from tests.predictor_fakes import colour_picture, tiny_predictor
from tests.test_own_styles import answer
from tests.test_window_drops import all_of, drop
from tests.trainer_fakes import FakeTrainer, go
from tests.window_fakes import Open, click, press, until
from weights.catalog import find_style

# isort: split
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication

GREEN, RED = (0, 255, 0), (255, 0, 0)
VECTORS = [(90, 3.0, (1.0, 0.0, 0.0)), (300, 2.0, (0.0, 0.0, 1.0))]


@pytest.fixture
def folders(pack: Path, own_styles: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The user's own styles, and those of `pack` with a predictor and the trunk's numbers."""
    tiny_predictor(pack)
    (pack / "pack.safetensors").touch()
    monkeypatch.setattr(refining, "_FADE_SECONDS", 0.05)
    return own_styles, pack


@pytest.fixture
def green(tmp_path: Path) -> Path:
    return colour_picture(tmp_path / "Mine.png", *GREEN)


@pytest.fixture
def place(green: Path, folders: tuple[Path, Path]) -> Path:
    """Where it is fitted."""
    return Origin(digest_of(green), tiny_card("x", "pack", "pack").trunk_hash).place


def open_one(opened: Open, folders: tuple[Path, Path], style: str = "red") -> Window:
    return opened(folders, style, shelf=Shelf(Opener(folders, "cpu", 1)))


def pictured(application: QApplication, window: Window, path: Path) -> None:
    drop(window, path)
    until(application, lambda: str(path) in window.gallery.tiles.names)
    until(application, window.gallery.refine.isVisible)


def says(window: Window, words: str) -> bool:
    return window.gallery.refine.isVisible() and words in window.gallery.refine.text()


def test_a_picture_that_is_dropped_grows_closer(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path, place: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    FakeTrainer(tmp_path, VECTORS, waits=True).put(monkeypatch)
    window = open_one(opened, folders)
    assert not window.gallery.refine.isVisible()
    pictured(application, window, green)
    assert says(window, "Refine this style")
    click(window.gallery.refine)
    until(application, lambda: says(window, "Refining"))
    go(place, 90)
    until(application, lambda: all_of(window, RED), 10)
    until(application, lambda: says(window, "Refining: 30%, 4 min left") or says(window, "Refining: 30%, 3 min left"))
    window.chooser.pick("red")
    assert not window.gallery.refine.isVisible(), "the button is about the style chosen"
    window.chooser.pick(str(green))
    go(place, 300)
    until(application, lambda: all_of(window, (0, 0, 255)), 10)
    until(application, lambda: "Mine is refined" in window.view.words)
    assert not window.gallery.refine.isVisible()
    press(window, Qt.Key.Key_G)
    until(application, lambda: "refined already" in window.view.words)


def test_it_is_paused_and_goes_on_in_another_window(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path, place: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    trainer = FakeTrainer(tmp_path, VECTORS, waits=True).put(monkeypatch)
    window = open_one(opened, folders)
    pictured(application, window, green)
    go(place, 90)
    press(window, Qt.Key.Key_G)
    until(application, lambda: says(window, "30%, "), 10)
    press(window, Qt.Key.Key_G)
    until(application, lambda: says(window, "Go on refining (30%)"), 10)
    press(window, Qt.Key.Key_G)
    until(application, lambda: says(window, "Refining: 30%") and len(trainer.runs()) == 2, 10)
    window.close()
    again = open_one(opened, folders, str(green))
    until(application, lambda: says(again, "Go on refining (30%)"), 10)
    until(application, lambda: all_of(again, RED))
    go(place, 300)
    click(again.gallery.refine)
    until(application, lambda: all_of(again, (0, 0, 255)), 10)
    assert [run["begun"] for run in trainer.runs()] == [0, 90, 90]


def test_what_was_kept_grows_too(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path, place: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    FakeTrainer(tmp_path, VECTORS, waits=True).put(monkeypatch)
    window = open_one(opened, folders)
    pictured(application, window, green)
    press(window, Qt.Key.Key_G)
    press(window, Qt.Key.Key_K)
    answer(window, "My Garden")
    until(application, lambda: window.live.style == "my-garden")
    until(application, lambda: says(window, "Refining"), 10)
    assert window.own.menu("my-garden").actions()[1].text() == "Pause refining"
    go(place, 90)
    until(application, lambda: all_of(window, RED), 10)
    kept = find_style("my-garden", folders)
    assert kept.vector is not None and (read_vector(kept.vector) == read_vector(place / BEST)).all()


def test_what_is_removed_is_refined_no_longer(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    trainer = FakeTrainer(tmp_path, VECTORS, waits=True).put(monkeypatch)
    window = open_one(opened, folders)
    pictured(application, window, green)
    press(window, Qt.Key.Key_G)
    until(application, lambda: len(trainer.runs()) == 1, 10)
    running = window.refiner._running
    assert running is not None and not running.stopping
    press(window, Qt.Key.Key_Delete)
    assert running.stopping and not window.gallery.refine.isVisible()
    running.join(10)


def test_what_can_not_be_refined_is_said(
    application: QApplication, opened: Open, folders: tuple[Path, Path], green: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    FakeTrainer(tmp_path, VECTORS[:1], end="livebrush: The disk is full, so make room.").put(monkeypatch)
    window = open_one(opened, folders)
    press(window, Qt.Key.Key_G)
    until(application, lambda: "Drop a picture" in window.view.words)
    pictured(application, window, green)
    press(window, Qt.Key.Key_G)
    until(application, lambda: "The disk is full, so make room." in window.view.words, 10)
    (folders[1] / "pack.safetensors").unlink()
    press(window, Qt.Key.Key_G)
    until(application, lambda: "pack.safetensors is not beside pack.onnx" in window.view.words)
    monkeypatch.setattr(refining, "can_refine", lambda: False)
    window.chooser.pick("red")
    window.chooser.pick(str(green))
    assert not window.gallery.refine.isVisible()
    press(window, Qt.Key.Key_G)
    until(application, lambda: "pip install -r training/requirements.txt" in window.view.words)
