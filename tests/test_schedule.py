"""Styles that change with the clip's time: read, faded, gone on with where it was stopped."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from realtime.options import parse
from realtime.render.asked import open_painter, resume_of, steps_of
from realtime.render.painter import Painter
from realtime.timeline import Schedule, read_schedule, shown_schedule
from tests.conftest import MakeClip
from tests.read_back import images
from tests.test_main import run
from weights.errors import InputError

GREY = np.full((16, 16, 3), 100, np.uint8)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 a, 5.0 b", ((0, "a"), (5, "b"))),
        ("0 a:0.6,b:0.4,1:05 my picture.jpg", ((0, "a:0.6,b:0.4"), (65, "my picture.jpg"))),
        ("2 a", ((2, "a"),)),
    ],
)
def test_a_schedule_is_read(text: str, wanted: Schedule) -> None:
    schedule = parse(["a.mp4", "--style-schedule", text]).style_schedule
    assert schedule == wanted == read_schedule(shown_schedule(schedule))


@pytest.mark.parametrize("text", ["", "a", "0", "5.0 ", "a, 5 b"])
def test_what_is_none_is_said(text: str) -> None:
    with pytest.raises(InputError, match="can't be read: give seconds and styles"):
        read_schedule(text)


@pytest.mark.parametrize("text", ["5 a, 5 b", "5 a, 1 b"])
def test_times_that_go_back_are_said(text: str) -> None:
    with pytest.raises(InputError, match=r"has b at .* after a style at 5: let each second be later"):
        read_schedule(text)


def painter(pack: Path, schedule: str, *words: str, style: str = "blue") -> Painter:
    options = parse(["a.mp4", "--weights", str(pack), "--style-schedule", schedule, *words])
    return open_painter(options, steps_of(options, style))[0]


def colour(paint: Painter, seconds: str) -> list[int]:
    image = paint(GREY, Fraction(seconds))
    assert (image == image[0, 0]).all()
    return [int(channel) for channel in image[0, 0]]


@pytest.mark.parametrize("fade", [1, 2])
def test_within_a_trunk_the_vector_fades(pack: Path, fade: int) -> None:
    paint = painter(pack, "1 red, 5 green", "--fade", str(fade))
    assert colour(paint, "0") == [0, 0, 255]
    assert colour(paint, str(1 + 0.25 * fade)) == [64, 0, 191]
    assert colour(paint, "4.9") == [255, 0, 0]
    assert colour(paint, str(5 + 0.5 * fade)) == [128, 128, 0]
    assert colour(paint, "99") == [0, 255, 0]


def test_two_networks_fade_their_pictures(pack: Path) -> None:
    paint = painter(pack, "0 red, 5 negative, 5.5 white")
    assert colour(paint, "4") == [255, 0, 0]
    assert colour(paint, "5.25") == pytest.approx([255 * 0.75 + 155 * 0.25, 155 * 0.25, 155 * 0.25], abs=1)
    # half of the way to the next one but one: 0.5 white, 0.5 of what 5.0 to 6.0 has come to
    assert colour(paint, "6") == pytest.approx([205, 205, 205], abs=1)
    assert colour(paint, "5.75") == pytest.approx([0.25 * 255 + 0.75 * (0.75 * 155 + 0.25 * 255),
        *[0.25 * 255 + 0.75 * 0.75 * 155] * 2], abs=1)  # fmt: skip


def test_without_a_fade_a_style_comes_at_once_and_begins_a_scene(pack: Path) -> None:
    from realtime.render.picture import Picture

    for fade, scenes in (("0", [0, 1, 1]), ("1", [0, 0, 0])):
        paint = painter(pack, "0 red, 5 green", "--fade", fade)
        shown = [paint.picture(Picture(GREY, 0, 0, seconds=Fraction(time))) for time in ("4.99", "5", "6")]
        assert [picture.scene for picture in shown] == scenes
    assert colour(painter(pack, "0 red, 5 green", "--fade", "0"), "5") == [0, 255, 0]


def test_a_clip_is_painted_by_its_own_time(pack: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(pts=[512 * i for i in range(75)])
    line = (source, "--weights", pack, "--style-schedule", "0 red, 1 green, 2 white", "--fade", 0, "--codec", "ffv1")
    for words, at in (("", 0), ("--trim 0.6-2.6 --part-seconds 0.5", 15)):
        assert run(*line, "-o", tmp_path / "out.mkv", *words.split()) == 0
        shown = [[int(c) for c in image[8, 8]] for image in images(tmp_path / "out.mkv")]
        wanted = [[255, 0, 0]] * 25 + [[0, 255, 0]] * 25 + [[255, 255, 255]] * 25
        assert shown == wanted[at : at + len(shown)], "steadiness does not lead one style into the next"


def test_another_schedule_is_another_painting(pack: Path) -> None:
    def settings(*words: str) -> dict[str, object]:
        options = parse(["a.mp4", "--weights", str(pack), *words])
        return dict(resume_of(options, steps_of(options, "red")).settings)

    begun = settings("--style-schedule", "0 red, 1 green")
    assert begun == settings("--style-schedule", "0 red,1.0 green")
    for words in (["0 red, 2 green"], ["0 red, 1 blue"], ["0 red, 1 green", "--fade", "2"]):
        assert settings("--style-schedule", *words) != begun
    assert settings() == settings("--fade", "2"), "which nothing shows"


def test_the_styles_are_looked_for_first_and_named(
    pack: Path, make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip()
    assert run("clip.mp4", "--weights", pack, "--style-schedule", "0 red, 1 gren") == 2
    assert "no style called 'gren'; perhaps you meant green: choose one of" in capsys.readouterr().err
    assert run("clip.mp4", "--weights", pack, "--style-schedule", "0 red, 1 green:0.5,blue:0.5") == 0
    assert capsys.readouterr().out == "clip-red-to-green-50-blue-50.mp4\n"
