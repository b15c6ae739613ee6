"""A clip that was stopped goes on where it was, and ends as one that wasn't: the same frames, times and sound."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime.codecs import Encoding
from realtime.frames import Image
from realtime.render import reader as clip_reader
from realtime.render.clip import paint_clip
from realtime.render.join import decoding_times
from realtime.render.pipeline import Summary
from realtime.render.resume import Resume, Stopped
from tests.conftest import MakeClip
from tests.read_back import audio, images, times
from tests.test_job import livebrush
from tests.test_main import run
from weights.errors import InputError

PARTS = Resume(part_seconds=1.0)

LOSSLESS: dict[str, Any] = {"encoding": Encoding("ffv1")}
"""For clips that are compared: x264 itself doesn't always make the same of the same pictures."""


def grainy(image: Image) -> Image:
    """A painting that depends on nothing but its frame, and flickers as the frames differ."""
    noise = np.random.default_rng(int(image.sum())).integers(-9, 10, image.shape)
    return (image.astype(int) + noise).clip(0, 255).astype(np.uint8)


def stops_after(count: int, error: type[BaseException] = KeyboardInterrupt) -> Callable[[Image], Image]:
    left = iter(range(count))

    def paint(image: Image) -> Image:
        if next(left, None) is None:
            raise error("stop")
        return grainy(image)

    return paint


def long_clip(make_clip: MakeClip, name: str = "in.mp4", seconds: float = 5, **how: Any) -> Path:
    return make_clip(name, pts=[512 * i for i in range(int(25 * seconds))], audio="aac", **how)


def paint(source: Path, target: Path, painter: Any = grainy, resume: Resume = PARTS, **how: Any) -> Summary:
    return paint_clip(source, target, painter, steady=True, resume=resume, **how)


def assert_same(a: Path, b: Path) -> None:
    assert times(a) == times(b)
    assert audio(a) == audio(b)
    for one, other in zip(images(a), images(b), strict=True):
        np.testing.assert_array_equal(one, other)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_parts_make_the_clip_that_one_go_makes(make_clip: MakeClip, tmp_path: Path) -> None:
    source = long_clip(make_clip)
    summary = paint(source, tmp_path / "out" / "parts.mp4")
    assert (summary.frames, summary.notes) == (125, [])
    assert left(tmp_path / "out") == ["parts.mp4"]
    paint_clip(source, tmp_path / "whole.mp4", grainy)
    assert times(tmp_path / "out" / "parts.mp4") == times(tmp_path / "whole.mp4") == times(source)
    assert audio(tmp_path / "out" / "parts.mp4") == audio(source)


@pytest.mark.parametrize("searched", [False, True])
@pytest.mark.parametrize("count", [45, 70, 124])
def test_a_stopped_clip_goes_on(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, searched: bool
) -> None:
    monkeypatch.setattr(clip_reader, "_WORTH_SEARCHING", 0 if searched else 1000)
    source = long_clip(make_clip, options={"movflags": "faststart"})
    paint(source, tmp_path / "whole.mkv", **LOSSLESS)
    with pytest.raises(Stopped, match="the same line again goes on"):
        paint(source, tmp_path / "out.mkv", stops_after(count), **LOSSLESS)
    painted: list[Image] = []

    def watched(image: Image) -> Image:
        painted.append(image)
        return grainy(image)

    assert paint(source, tmp_path / "out.mkv", watched, **LOSSLESS).frames == 125
    assert len(painted) < 125 - (count - 25) + 8 + 4, "what was done is not painted again"
    assert_same(tmp_path / "out.mkv", tmp_path / "whole.mkv")


@pytest.mark.parametrize(("suffix", "codec"), [(".mov", "hevc"), (".webm", "vp9"), (".mkv", "ffv1"), (".mp4", "av1")])
def test_each_codec_can_be_joined(make_clip: MakeClip, tmp_path: Path, suffix: str, codec: str) -> None:
    source = make_clip("in.mkv", pts=[100 + 40 * i + i % 3 for i in range(60)], time_base=Fraction(1, 1000),
        aspect=Fraction(16, 15), size=(64, 96))  # fmt: skip
    one, parts = tmp_path / f"one{suffix}", tmp_path / f"parts{suffix}"
    paint_clip(source, one, grainy, encoding=Encoding(codec))
    paint_clip(source, parts, grainy, encoding=Encoding(codec), resume=PARTS)
    assert times(parts) == times(one)
    import av

    with av.open(str(one)) as a, av.open(str(parts)) as b:
        told = [
            (s.sample_aspect_ratio, s.codec_context.codec_tag, s.codec_context.color_primaries, s.time_base)
            for s in (a.streams.video[0], b.streams.video[0])
        ]
    assert told[0] == told[1]


def test_nothing_shown_for_long_leaves_an_empty_part(make_clip: MakeClip, tmp_path: Path) -> None:
    pts = [0, 40, 80, 4000, 4040, 5990]
    source = make_clip("in.mkv", pts=pts, time_base=Fraction(1, 1000))
    paint(source, tmp_path / "out.mkv")
    assert times(tmp_path / "out.mkv") == times(source)


def test_other_settings_are_refused_until_it_begins_anew(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = long_clip(make_clip), tmp_path / "out.mp4"
    begun = Resume({"--strength": 0.5, "files of the style": ["a"]}, part_seconds=1.0)
    with pytest.raises(Stopped):
        paint(source, target, stops_after(60), begun)
    for settings, words in (
        ({"--strength": 1.0, "files of the style": ["a"]}, "with --strength 0.5, not 1: .* --restart"),
        ({"--strength": 0.5, "files of the style": ["b"]}, "with this style as it was before it changed"),
    ):
        with pytest.raises(InputError, match=words):
            paint(source, target, resume=Resume(settings, part_seconds=1.0))
    again = Resume({"--strength": 1.0}, restart=True, part_seconds=1.0)
    assert paint(source, target, resume=again).frames == 125
    with pytest.raises(Stopped):
        paint(source, target, stops_after(60), begun)
    os.utime(source, (1, 1))
    with pytest.raises(InputError, match="another clip"):
        paint(source, target, resume=begun)


def test_a_stop_leaves_what_plays_where_that_is_asked_for(make_clip: MakeClip, tmp_path: Path) -> None:
    source = long_clip(make_clip)
    asked = Resume(keep_partial=True, part_seconds=1.0)
    with pytest.raises(Stopped, match=r"out\.partial\.mp4 plays what there is"):
        paint(source, tmp_path / "out.mp4", stops_after(70), asked)
    partial = tmp_path / "out.partial.mp4"
    assert times(partial) in (times(source)[:25], times(source)[:50])
    assert 0 < len(audio(partial)) < len(audio(source))


def test_a_stop_before_the_first_part_leaves_nothing(make_clip: MakeClip, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as stop:
        paint(long_clip(make_clip), tmp_path / "out" / "out.mp4", stops_after(2))
    assert not isinstance(stop.value, Stopped)
    assert left(tmp_path / "out") == []


def test_a_full_disk_is_said_and_costs_a_part(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = long_clip(make_clip), tmp_path / "out.mkv"
    paint(source, tmp_path / "whole.mkv", **LOSSLESS)

    def full(_: int) -> None:
        if (target.parent / ".x").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        (target.parent / ".x").touch()  # the first part still fits

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match=r"No space left on device.*the disk is full, so make room"):
            paint(source, target, **LOSSLESS)
    painted: list[Image] = []
    paint(source, target, lambda image: painted.append(image) or grainy(image), **LOSSLESS)  # type: ignore[func-returns-value]
    assert len(painted) == 100 + 8
    assert_same(target, tmp_path / "whole.mkv")


@pytest.mark.parametrize("shown", [[0, 3, 1, 2, 6, 4, 5], [0, 1, 2], [5], [0, 4, 2, 1, 3, 8, 6, 5, 7]])
def test_packets_are_decoded_ever_later_and_never_too_late(shown: list[int]) -> None:
    decoded = decoding_times(shown)
    assert all(a < b for a, b in pairwise(decoded))
    assert all(a <= b for a, b in zip(decoded, shown, strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_signal_says_how_to_go_on(styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("in.mkv", pts=[40 * i for i in range(2000)], time_base=Fraction(1, 1000), size=(32, 48))
    line = (source, "-o", tmp_path / "out.mkv", "--weights", styles, "--style", "same", "--part-seconds", 4)
    process = livebrush(*line)
    while not list(tmp_path.glob(".out*/*.json")):
        assert process.poll() is None
        time.sleep(0.02)
    while len(list(tmp_path.glob(".out*/0*.json"))) < 1:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "of 20 parts of" in said and "the same line again goes on" in said
    assert run(*line, "--strength", 0.5) == 2
    assert run(*line) == 0
    assert len(times(tmp_path / "out.mkv")) == 2000


def killed(line: tuple[object, ...], after: float) -> None:
    process = livebrush(*line)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [pytest.param(6, marks=pytest.mark.slow), pytest.param(20, marks=pytest.mark.soak)])
def test_killed_at_random_moments_it_ends_as_an_unbroken_run(
    styles: Path, make_clip: MakeClip, tmp_path: Path, count: int
) -> None:
    source, chance = long_clip(make_clip, seconds=5, size=(96, 128)), random.Random(15)

    def line(target: Path) -> tuple[object, ...]:
        return source, "-o", target, "--weights", styles, "--part-seconds", 0.3, "--codec", "ffv1"

    began = time.monotonic()
    assert run(*line(tmp_path / "whole.mkv")) == 0
    seconds = time.monotonic() - began + 1.5
    for number in range(count):
        target = tmp_path / f"{number}.mkv"
        killed(line(target), chance.uniform(0.3, seconds))
        assert run(*line(target)) == 0
        assert_same(target, tmp_path / "whole.mkv")
        target.unlink()
    assert not list(tmp_path.glob(".*"))
