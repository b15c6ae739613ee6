"""Two pictures on their way at a time, where the engine has room for them: the same file comes out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime.codecs import Encoding
from realtime.frames import Image
from realtime.render.clip import paint_clip
from realtime.render.estimate import pace
from realtime.render.in_order import in_order
from realtime.render.painter import Painter
from realtime.render.picture import Picture
from realtime.render.pipeline import Progress, Summary, painting
from realtime.render.resume import Resume
from realtime.styles.engines import Feeds
from realtime.styles.stylizer import Stylizer
from realtime.styles.vectors import Vector
from tests.conftest import MakeClip
from tests.read_back import audio, images, times
from weights.errors import InputError

SECONDS = 10.0
"""To wait for another thread at most."""


class TwoAtOnce:
    """A stylizer of an engine with room for two frames: it paints none before two are there, the later one first."""

    vector: Vector | None = None

    def __init__(self, at_once: int = 2, fails_at: int = 0) -> None:
        self.at_once, self.fails_at = at_once, fails_at
        self.most = self.inside = self.count = 0
        self.threads: set[threading.Thread] = set()
        self._turn = threading.Condition()

    @property
    def network(self) -> object:
        return self

    def with_vector(self, vector: Vector) -> TwoAtOnce:
        raise AssertionError("it has none")

    def prepare(self, height: int, width: int) -> None:
        pass

    def __call__(self, image: Image, strength: float = 1, keep_colors: float = 0, stroke: float = 1) -> Image:
        with self._turn:
            self.threads.add(threading.current_thread())
            self.count += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
            number = self.count
            self._turn.notify_all()
            if number == 1 and self.at_once > 1:
                assert self._turn.wait_for(lambda: self.count > 1, SECONDS), "the second picture never came"
        if number == 1:
            time.sleep(0.02)  # the second is done first
        with self._turn:
            self.inside -= 1
        if number == self.fails_at:
            raise InputError("the GPU has gone")
        return 255 - image


def same_files(one: Path, other: Path) -> bool:
    alike = all(np.array_equal(a, b) for a, b in zip(images(one), images(other), strict=True))
    return alike and times(one) == times(other)


def paint(source: Path, target: Path, engine: TwoAtOnce, **how: Any) -> Summary:
    painter = Painter([(Fraction(0), engine)])
    return paint_clip(source, target, painter, encoding=Encoding("ffv1"), **how)


@pytest.mark.parametrize("steady", [False, True])
def test_the_file_is_that_of_one_at_a_time(make_clip: MakeClip, tmp_path: Path, steady: bool) -> None:
    source = make_clip(audio="aac")
    seen: dict[int, list[Progress]] = {1: [], 2: []}
    for at_once in (1, 2):
        engine = TwoAtOnce(at_once)
        target = tmp_path / f"{at_once}.mkv"
        paint(source, target, engine, on_progress=seen[at_once].append, steady=steady)
        assert engine.most == at_once
        assert (engine.threads == {threading.current_thread()}) == (at_once == 1)
    assert same_files(tmp_path / "1.mkv", tmp_path / "2.mkv")
    assert audio(tmp_path / "1.mkv") == audio(tmp_path / "2.mkv") and len(audio(source)) > 10
    assert seen[1] == seen[2]


@pytest.mark.parametrize("steady", [False, True])
def test_a_clip_in_parts_goes_on_where_it_was_stopped(make_clip: MakeClip, tmp_path: Path, steady: bool) -> None:
    source = make_clip(pts=[512 * i for i in range(60)])
    how: dict[str, Any] = {"resume": Resume(part_seconds=0.8), "steady": steady}
    whole, stopped = tmp_path / "whole.mkv", tmp_path / "stopped.mkv"
    paint(source, whole, TwoAtOnce(1), **how)
    with pytest.raises(InputError, match="the GPU has gone"):
        paint(source, stopped, TwoAtOnce(fails_at=50), **how)
    assert not stopped.exists()
    again = TwoAtOnce()
    assert paint(source, stopped, again, **how).before > 0
    assert again.count < 60, "what was painted is not painted again"
    assert same_files(whole, stopped)


def test_what_goes_wrong_is_said_and_nothing_is_left(make_clip: MakeClip, tmp_path: Path) -> None:
    source, before = make_clip(), threading.active_count()
    with pytest.raises(InputError, match="the GPU has gone"):
        paint(source, tmp_path / "out.mkv", TwoAtOnce(fails_at=2))
    assert not (tmp_path / "out.mkv").exists()
    assert threading.active_count() == before


def test_the_slower_of_two_styles_says_how_many() -> None:
    steps = [(Fraction(0), TwoAtOnce(2)), (Fraction(1), TwoAtOnce(1))]
    assert (Painter(steps).at_once, Painter(steps[:1]).at_once) == (1, 2)


def test_a_processor_paints_one_after_the_other_in_the_callers_thread(
    styles: Path, make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stylizer = Stylizer(styles / "negative.onnx", device="cpu", threads=1)
    threads: set[threading.Thread] = set()
    run = stylizer._engine.run

    def watched(feeds: Feeds) -> Image:
        threads.add(threading.current_thread())
        return run(feeds)

    monkeypatch.setattr(stylizer._engine, "run", watched)
    source = make_clip()  # once: x264 doesn't code a small clip the same twice, now and then
    for name, painter in (("painter", Painter([(Fraction(0), stylizer)])), ("stylizer", stylizer)):
        paint_clip(source, tmp_path / f"{name}.mkv", painter, encoding=Encoding("ffv1"))
    assert stylizer.at_once == 1 and threads == {threading.current_thread()}
    assert same_files(tmp_path / "painter.mkv", tmp_path / "stylizer.mkv")


# --- what the pipeline counts on ---


def picture(number: int) -> Picture:
    return Picture(np.full((16, 16, 3), number, np.uint8), number, 1)


def test_whatever_comes_between_pictures_keeps_its_place() -> None:
    items = ["a", picture(1), "b", "c", picture(2), picture(3), "d"]

    def slow_first(item: Picture) -> int:
        time.sleep(0.03 if item.pts == 1 else 0)
        return item.pts

    for at_once in (1, 2, 3):
        assert list(in_order(slow_first, items, at_once)) == ["a", 1, "b", "c", 2, 3, "d"]


def test_packets_take_no_pictures_room() -> None:
    """However many lie between two pictures, both are on their way at once."""
    both = threading.Barrier(2, timeout=SECONDS)
    items = [picture(1), *["packet"] * 50, picture(2)]
    assert len(list(in_order(lambda _: both.wait(), items, 2))) == 52


def test_no_more_are_taken_than_are_painted() -> None:
    taken: list[int] = []

    def items() -> Iterator[Picture]:
        for number in range(9):
            taken.append(number)
            yield picture(number)

    with closing(in_order(lambda item: item.pts, items(), 2)) as done:
        assert next(done) == 0
        assert taken == [0, 1]


def test_a_pace_is_measured_as_it_will_be() -> None:
    class Nowhere:
        def write(self, item: object) -> None:
            pass

        finish = close = lambda _: None

    engine = TwoAtOnce()
    assert pace(iter([picture(n) for n in range(6)]), painting(engine), Nowhere(), False, at_once=2) > 0
    assert engine.most == 2
