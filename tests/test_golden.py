"""A small painting of each shipped style, kept: another engine, or another version of one, must paint the same.

    python -m pytest tests/test_golden.py --update-golden

writes them anew, where the weights themselves have changed.
"""

from pathlib import Path

import numpy as np
import pytest

from realtime.frames import Image
from realtime.stills import StillPicture, read_still, write_still
from realtime.styles import open_style
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


def test_there_is_one_painting_for_each_style() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == {*STYLES, PHOTO.stem}


def test_another_picture_does_not_pass() -> None:
    """The bounds tell a style from its neighbour, and from itself painted a tenth less."""
    one, other = (read_still(GOLDEN / f"{name}.png").image.astype(int) for name in STYLES[:2])
    assert np.abs(one - other).mean() > 10 * MEAN
    weaker = open_style(STYLES[0], WEIGHTS, "cpu", 1)(read_still(PHOTO).image, strength=0.9)
    assert np.abs(weaker - one).mean() > MEAN
