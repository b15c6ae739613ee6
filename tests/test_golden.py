"""A small painting of each shipped style, kept: another engine, or another version of one, must paint the same.

    python -m pytest tests/test_golden.py --update-golden

writes them anew, where the weights themselves have changed.
"""

from collections import deque
from pathlib import Path

import numpy as np
import pytest

from realtime.__main__ import SAMPLE
from realtime.frames import Image, resize
from realtime.live.clips import Clip
from realtime.stills import StillPicture, read_still, write_still
from realtime.styles import Opener, open_style
from weights.catalog import read_catalog
from weights.folders import WEIGHTS

GOLDEN = Path(__file__).with_name("golden")
PHOTO = GOLDEN / "photo.png"
"""64x48 of realtime/samples/astronaut.jpg (NASA, public domain)."""

STYLES = [entry.card.name for entry in read_catalog()]

MAX, MEAN = 4, 0.6
"""The largest and the mean difference in 1/255 that pass.

ONNX Runtime without its optimisations and OpenVINO in float32 differ by 1 and 0.0002 at most, OpenVINO in bfloat16 by
2 and 0.4. Two of the styles are at least 13 apart in the mean.
"""


COARSE_MAX, COARSE_MEAN = 3, 0.5
"""What the precision that a processor is fastest in may change, in 1/255."""


def paint(name: str, precision: str = "auto") -> Image:
    stylizer = open_style(name, WEIGHTS, "cpu", 1, precision=precision)
    stylizer.prepare(*read_still(PHOTO).image.shape[:2])
    return stylizer(read_still(PHOTO).image)


@pytest.mark.parametrize("name", STYLES)
def test_a_shipped_style_paints_what_it_painted(name: str, update_golden: bool) -> None:
    painted, kept = paint(name), GOLDEN / f"{name}.png"
    if update_golden:
        write_still(StillPicture(paint(name, "f32")), kept)
    difference = np.abs(painted.astype(int) - read_still(kept).image)
    assert difference.max() <= MAX and difference.mean() <= MEAN, "see --update-golden"


@pytest.mark.parametrize("name", STYLES)
def test_a_coarse_precision_is_used_only_where_it_does_not_show(name: str) -> None:
    if open_style(name, WEIGHTS, "cpu", 1).precision == "f32":
        pytest.skip("this processor computes in float32 only")
    difference = np.abs(paint(name).astype(int) - paint(name, "f32"))
    assert difference.max() <= COARSE_MAX and difference.mean() <= COARSE_MEAN


@pytest.fixture(scope="module")
def precisions() -> tuple[Opener, Opener]:
    """Opens styles in the precision that the processor is fastest in, and in float32."""
    return Opener(WEIGHTS, "cpu", 2), Opener(WEIGHTS, "cpu", 2, precision="f32")


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    """The sample photo and a frame of the sample clip, at 640x360."""
    photo = read_still(SAMPLE.with_name("astronaut.jpg")).image[64:352]
    with Clip(SAMPLE, paced=False) as clip:
        (last,) = deque(clip, maxlen=1)
    return [np.ascontiguousarray(resize(image, (360, 640))) for image in (photo, last)]


@pytest.mark.parametrize("name", STYLES)
def test_a_coarse_precision_does_not_show_in_whole_frames(
    name: str, precisions: tuple[Opener, Opener], frames: list[Image]
) -> None:
    coarse, fine = (opener(name) for opener in precisions)
    if coarse.precision == "f32":
        pytest.skip("this processor computes in float32 only")
    for frame in frames:
        for stylizer in (coarse, fine):
            stylizer.prepare(*frame.shape[:2])
        for stroke in (0.0, 1.0):
            difference = np.abs(coarse(frame, stroke=stroke).astype(int) - fine(frame, stroke=stroke))
            assert (difference > COARSE_MAX).mean() < 1e-5 and difference.mean() <= COARSE_MEAN / 2
            assert difference.max() <= COARSE_MAX + 1


def test_there_is_one_painting_for_each_style() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == {*STYLES, PHOTO.stem}


def test_another_picture_does_not_pass() -> None:
    """The bounds tell a style from its neighbour, and from itself painted a tenth less."""
    one, other = (read_still(GOLDEN / f"{name}.png").image.astype(int) for name in STYLES[:2])
    assert np.abs(one - other).mean() > 10 * MEAN
    weaker = open_style(STYLES[0], WEIGHTS, "cpu", 1)(read_still(PHOTO).image, strength=0.9)
    assert np.abs(weaker - one).mean() > MEAN
