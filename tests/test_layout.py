"""Painted at some lines, delivered at others, beside the source or alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from realtime.frames import Image
from realtime.layout import OWN_SIZE, Layout, delivered
from realtime.options import parse
from realtime.render.clip import paint_clip
from realtime.stills import paint_still
from tests.conftest import MakeClip, picture, same
from tests.read_back import images, read_picture
from tests.test_main import run
from tests.test_resume import LOSSLESS, PARTS
from tests.test_transparency import clip as transparent_clip
from weights.errors import InputError


def negative(image: Image) -> Image:
    return 255 - image


@pytest.mark.parametrize(
    ("layout", "painted", "written"),
    [
        (OWN_SIZE, (96, 172), (96, 172)),
        (Layout(48), (48, 86), (96, 172)),
        (Layout(192), (192, 344), (96, 172)),
        (Layout(None, 48), (48, 86), (48, 86)),
        (Layout(48, 192), (48, 86), (192, 344)),
        (Layout(48, beside=True), (48, 86), (96, 344)),
        (Layout(beside=True), (96, 172), (96, 344)),
    ],
)
@pytest.mark.parametrize("resume", [None, PARTS])
def test_sizes(make_clip: MakeClip, tmp_path: Path, layout: Layout, painted: Any, written: Any, resume: Any) -> None:
    seen = set()

    def look(image: Image) -> Image:
        seen.add(image.shape[:2])
        return negative(image)

    source = make_clip(size=(96, 172), pts=[2560 * i for i in range(12)])
    paint_clip(source, tmp_path / "out.mkv", look, layout, resume=resume, **LOSSLESS)
    assert seen == {painted}
    got = images(tmp_path / "out.mkv")
    assert len(got) == 12 and got[0].shape == (*written, 3)
    width = written[1] // (1 + layout.beside)
    wanted = cv2.resize(images(source)[0], (width, written[0]), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(got[0][:, -width:] - (255 - wanted)).mean() < 3
    if layout.beside:
        assert np.abs(got[0][:, :width] - wanted).max() <= 1


def test_a_still_is_laid_out_alike(tmp_path: Path) -> None:
    rgba = np.dstack((picture(40, 61), np.full((40, 61), 128, np.uint8)))
    (tmp_path / "in.png").write_bytes(cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))[1].tobytes())
    paint_still(tmp_path / "in.png", tmp_path / "out.png", negative, Layout(20, beside=True))
    got = read_picture(tmp_path / "out.png")
    assert got.shape == (40, 122, 4)
    np.testing.assert_array_equal(got[:, :61], rgba)
    assert np.abs(got[:, 61:, :3].astype(int) - (255 - rgba[:, :, :3])).mean() < 4


def test_transparency_stands_on_both_sides(tmp_path: Path) -> None:
    source = transparent_clip(tmp_path / "in.mov", "prores_ks", "yuva444p10le", alpha=0)
    paint_clip(source, tmp_path / "out.webp", same, Layout(beside=True))
    whole = cv2.imdecodeanimation(np.frombuffer((tmp_path / "out.webp").read_bytes(), np.uint8))[1].frames[0]
    half = whole.shape[1] // 2
    np.testing.assert_array_equal(whole[:, :half, 3], whole[:, half:, 3])


def test_what_is_scaled_up_keeps_its_edges() -> None:
    edge = np.zeros((16, 16, 3), np.uint8)
    edge[:, 8:] = 200
    sharp = delivered(edge, (64, 64)).astype(int)
    soft = cv2.resize(edge, (64, 64), interpolation=cv2.INTER_LINEAR).astype(int)
    assert np.abs(np.diff(sharp[32, :, 0])).max() > np.abs(np.diff(soft[32, :, 0])).max()


def test_the_command_line_says_it(styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.png").write_bytes(cv2.imencode(".png", picture(40, 60))[1].tobytes())
    line = ("in.png", "-o", "out.png", "--weights", styles)
    for words, size in (("", (40, 60)), ("--height 20", (40, 60)), ("--out-height 20 --side-by-side", (20, 60))):
        assert run(*line, *words.split()) == 0
        assert read_picture("out.png").shape[:2] == size
    with pytest.raises(InputError, match="--out-height 9 is out of range: give 16 to 8640 lines"):
        parse(["a.mp4", "--out-height", "9"])
