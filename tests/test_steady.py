"""Steadied paintings: less flicker where nothing new is seen, no ghosts where something is, nothing over a cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.bench.steadiness import Steadiness
from realtime.frames import Image
from realtime.options import parse
from realtime.render.clip import paint_clip
from realtime.render.steady import Steady
from tests.conftest import MakeClip, picture, same
from tests.read_back import images, times


def textured(seed: int) -> Image:
    """Blobs some 8 pixels large, which optical flow can follow."""
    small = np.random.default_rng(seed).integers(30, 220, (20, 30, 3)).astype(np.uint8)
    return np.asarray(small.repeat(8, 0).repeat(8, 1), np.uint8)


def flickering(frame: Image, number: int) -> Image:
    noise = np.random.default_rng(100 + number).integers(-12, 13, frame.shape)
    return (frame.astype(int) + noise).clip(0, 255).astype(np.uint8)


def test_flicker_is_taken_out_and_sharpness_kept() -> None:
    steady, plain, held = Steady(), Steadiness(), Steadiness()
    wide = np.hstack((textured(1), textured(2)))
    for number in range(12):
        frame = np.ascontiguousarray(wide[:, 2 * number : 2 * number + 240])
        painted = flickering(frame, number)
        plain.add(frame, painted)
        held.add(frame, steady(frame, painted))
    assert held.short < 0.6 * plain.short
    assert held.long < 0.75 * plain.long
    assert held.sharpness > 0.9 * plain.sharpness


def test_nothing_is_carried_over_a_cut() -> None:
    steady = Steady()
    steady(textured(1), textured(1))
    after = flickering(textured(2), 0)
    np.testing.assert_array_equal(steady(textured(2), after), after)
    assert steady.cuts == 1


def test_what_was_hidden_leaves_no_ghost() -> None:
    """Where a bright square stood a frame ago, the painting is this frame's."""
    behind, steady = textured(1) // 2, Steady()
    before = behind.copy()
    before[40:90, 40:90] = 250
    steady(before, before)
    after = behind.copy()
    after[40:90, 150:200] = 250
    shown = steady(after, after).astype(int)
    ghost = np.abs(shown - after)[44:86, 44:86]
    assert ghost.mean() < 3
    assert np.abs(shown - after)[44:86, 154:196].mean() < 3


def test_the_first_painting_and_another_size_are_shown_as_they_are() -> None:
    steady = Steady()
    for size in ((40, 60), (48, 64)):
        frame = picture(*size)
        np.testing.assert_array_equal(steady(frame, frame), frame)


def test_a_steadied_clip_has_every_frame_at_its_time(make_clip: MakeClip, tmp_path: Path) -> None:
    source, number = make_clip(audio="aac"), iter(range(100))
    for name, held in (("plain.mkv", False), ("steady.mkv", True)):
        paint_clip(source, tmp_path / name, lambda image: flickering(image, next(number)), steady=held)
        assert times(tmp_path / name) == times(source)
    assert len(images(tmp_path / "steady.mkv")) == 12
    paint_clip(source, tmp_path / "same.mkv", same, steady=True)
    assert times(tmp_path / "same.mkv") == times(source)


@pytest.mark.parametrize(("words", "steady"), [([], True), (["--no-steady"], False), (["--steady"], True)])
def test_files_are_steadied_unless_told_otherwise(words: list[str], steady: bool) -> None:
    assert parse(["a.mp4", *words]).steady == steady
