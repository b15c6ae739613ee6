"""A picture's style is fitted closer to it in a process of its own: taken in, paused, gone on with, told in words."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from realtime.live import refining
from realtime.live.refining import Phase, Refining, Subject, can_refine, progress_at
from realtime.styles import Opener
from realtime.styles.kept import keep_style, remove_style
from realtime.styles.predictor import read_painting
from realtime.styles.refined import BEST, CHECKPOINT, FITTED, Origin, digest_of, put_painting
from tests.conftest import picture, tiny_card
from tests.predictor_fakes import colour_picture, tiny_predictor
from tests.trainer_fakes import FakeTrainer, go
from weights.folders import WEIGHTS

IMAGE = picture(24, 32)
RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture
def mine(pack: Path, own_styles: Path, tmp_path: Path) -> Path:
    """A grey picture, whose style is predicted for the trunk in `pack`."""
    tiny_predictor(pack)
    return colour_picture(tmp_path / "Mine.png", 100, 100, 100)


def origin_of_picture(mine: Path) -> Origin:
    return Origin(digest_of(mine), tiny_card("x", "pack", "pack").trunk_hash)


def subject(mine: Path, pack: Path) -> Subject:
    return Subject(origin_of_picture(mine).place, pack / "pack.safetensors", picture=mine)


def colour(opener: Opener, style: str) -> tuple[int, ...]:
    return tuple(int(value) for value in opener(style)(IMAGE)[0, 0])


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def ended(fit: Refining) -> Phase:
    fit.join(20.0)
    return fit.progress.phase


def test_better_vectors_take_the_predictions_place(
    mine: Path, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeTrainer(tmp_path, [(25, 3.0, RED), (50, 2.0, GREEN), (300, 2.5, BLUE)], waits=True).put(monkeypatch)
    opener, fit = Opener(pack, "cpu", 1), Refining(subject(mine, pack))
    place = fit.subject.place
    assert colour(opener, str(mine)) == (100, 100, 100) and progress_at(place) is None
    fit.start()
    for steps, shown in ((25, (255, 0, 0)), (50, (0, 255, 0))):
        go(place, steps)
        until(fit.better)
        assert colour(opener, str(mine)) == shown
        until(lambda steps=steps: fit.progress.done == steps)  # type: ignore[misc]
    assert fit.progress.minutes == 4.0 and fit.progress.part == pytest.approx(1 / 6)
    go(place, 300)
    assert ended(fit) is Phase.DONE
    assert not fit.better() and colour(opener, str(mine)) == (0, 255, 0), "what is worse is not taken"
    assert not (place / CHECKPOINT).exists() and (place / BEST).exists()
    again = Refining(subject(mine, pack))
    assert progress_at(place) == again.progress.__class__(Phase.DONE, 300)


def test_a_stopped_fit_goes_on(mine: Path, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = FakeTrainer(tmp_path, [(25, 3.0, RED), (300, 2.0, GREEN)], waits=True).put(monkeypatch)
    fit = Refining(subject(mine, pack))
    go(fit.subject.place, 25)
    fit.start()
    until(fit.better)
    fit.stop()
    assert ended(fit) is Phase.PAUSED and fit.progress.done == 25
    again = Refining(subject(mine, pack))
    assert again.progress.done == 25
    go(fit.subject.place, 300)
    again.start()
    assert ended(again) is Phase.DONE and again.better()
    first, second = trainer.runs()
    assert (first["begun"], second["begun"]) == (0, 25) and first["painting"]
    if hasattr(os, "setpriority"):
        assert int(str(second["nice"])) >= 10 or os.getpriority(os.PRIO_PROCESS, 0) > 0
    assert "--threads" in str(first["words"]) and "--no-install" in str(first["words"])


def test_a_fit_that_can_not_go_on_begins_anew(
    mine: Path, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = FakeTrainer(tmp_path, [(300, 2.0, GREEN)], refuses=True).put(monkeypatch)
    fit = Refining(subject(mine, pack))
    fit.subject.place.mkdir(parents=True)
    (fit.subject.place / CHECKPOINT).write_text("200")
    fit.start()
    assert ended(fit) is Phase.DONE and [run["begun"] for run in trainer.runs()] == [200, 0]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("livebrush: The picture is a trap: choose another one.", "The picture is a trap: choose another one."),
        ("MemoryError", "The refinement broke off (MemoryError): try it again."),
    ],
)
def test_what_goes_wrong_is_said(
    end: str, words: str, mine: Path, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeTrainer(tmp_path, [(25, 3.0, RED)], end=end).put(monkeypatch)
    fit = Refining(subject(mine, pack))
    fit.start()
    assert ended(fit) is Phase.FAILED and fit.progress.words == words
    assert colour(Opener(pack, "cpu", 1), str(mine)) == (255, 0, 0), "what it has reached stays"


def test_two_do_not_fit_one_picture_at_once(
    mine: Path, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "_LOCK_SECONDS", 0.05)
    trainer, fit = FakeTrainer(tmp_path, []).put(monkeypatch), Refining(subject(mine, pack))
    fit.subject.place.mkdir(parents=True)
    with FileLock(fit.subject.place / ".lock"):
        fit.start()
        assert ended(fit) is Phase.FAILED
    assert "Another window" in fit.progress.words and not trainer.runs()


def test_a_picture_that_is_gone_is_said(mine: Path, pack: Path) -> None:
    fit = Refining(subject(mine, pack))
    mine.unlink()
    fit.start()
    assert ended(fit) is Phase.FAILED and "Mine.png" in fit.progress.words


def test_a_damaged_vector_leaves_the_prediction(mine: Path, pack: Path) -> None:
    place = origin_of_picture(mine).place
    place.mkdir(parents=True)
    for file in (BEST, FITTED):
        (place / file).write_bytes(b"nothing")
    assert colour(Opener(pack, "cpu", 1), str(mine)) == (100, 100, 100) and progress_at(place) is None


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((1, 1), (16, 16)), ((3, 4000), (16, 32)), ((1500, 1200), (1280, 1024)), ((40, 60), (40, 60))],
)
def test_a_painting_is_put_where_every_trainer_can_read_it(
    size: tuple[int, int], fitted: tuple[int, int], tmp_path: Path
) -> None:
    odd = colour_picture(tmp_path / "odd.png", 10, 20, 30, size)
    there = read_painting(put_painting(odd, tmp_path / "place"))
    assert there.shape[:2] == fitted and (there == (10, 20, 30)).all()


def test_without_the_training_side_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_refine()
    can_refine.cache_clear()
    monkeypatch.setattr(refining, "NEEDS", ("torch", "nothing_of_this_name"))
    assert not can_refine()
    can_refine.cache_clear()


@pytest.mark.slow
def test_the_real_trainer_is_stopped_and_goes_on(
    own_styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("STEPS", 3), ("_LINE_SECONDS", 0.0), ("_NICE", 0)):
        monkeypatch.setattr(refining, name, value)
    mine = tmp_path / "mine.png"
    colour_picture(mine, 200, 60, 20, (120, 160))
    opener = Opener((own_styles, WEIGHTS), "cpu", 1)
    kept = keep_style(str(mine), "My Own", opener)
    origin = Origin(digest_of(mine), kept.card.trunk_hash)
    asked = Subject(origin.place, WEIGHTS / "pack.safetensors", WEIGHTS / "predictor.safetensors", mine)
    predicted = opener(str(mine)).vector
    fit = Refining(asked)
    fit.start()
    until(lambda: fit.progress.done >= 1, 240)
    fit.stop()
    fit.join(120)
    assert fit.progress.phase is Phase.PAUSED and (origin.place / CHECKPOINT).is_file()
    again = Refining(asked)
    again.start()
    again.join(240)
    assert again.progress.phase is Phase.DONE, again.progress
    fitted = opener(str(mine)).vector
    assert fitted is not None and predicted is not None and not np.allclose(fitted, predicted)
    remove_style("my-own")
