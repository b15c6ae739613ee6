"""HDR toned down: what a screen shows as well stays as it is, and FFmpeg paints by the table as the formulas say."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from realtime.av_filters import ToneMap
from realtime.tone_curve import HLG, PQ, Colors, toned

_TO_2020 = np.array(((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956)))


def pq(light: Colors) -> Colors:
    """PQ numbers of `light` in cd/m2."""
    y = (light / 10000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375)


def test_colours_of_a_screen_stay_as_they_are() -> None:
    colors = np.array(((0.6, 0.1, 0.1), (0.1, 0.6, 0.2), (0.2, 0.1, 0.65), (0.5, 0.5, 0.5), (0, 0, 0)))
    hdr = pq(colors**2.4 @ _TO_2020.T * 203)
    assert np.abs(toned(hdr, PQ) - colors).max() < 0.01


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_brighter_is_never_darker_and_a_grey_stays_one(transfer: int) -> None:
    greys = toned(np.linspace(0, 1, 200)[:, None].repeat(3, 1), transfer)
    assert np.ptp(greys, axis=1).max() < 0.002
    assert (np.diff(greys[:, 1]) >= 0).all()
    assert (greys[0, 1], round(float(greys[-1, 1]), 3)) == (0, 1)


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("matrix", [9, 2], ids=["said", "left out"])
def test_frames_are_painted_by_the_formulas(transfer: int, matrix: int) -> None:
    """Frames of one colour each; beyond a screen's colours, where channels are cut off, a table is less exact."""
    random = np.random.default_rng(0)
    tone = ToneMap()
    for color in random.uniform(0.25, 0.6, (20, 1)) + random.uniform(-0.03, 0.03, (20, 3)):
        luma = float(color @ (0.2627, 0.6780, 0.0593))
        numbers = (64 + 876 * luma, 512 + 896 * (color[2] - luma) / 1.8814, 512 + 896 * (color[0] - luma) / 1.4746)
        frame: Any = av.VideoFrame(64, 48, "yuv420p10le")
        for plane, number in zip(frame.planes, numbers, strict=True):
            plane.update(np.full((plane.height, plane.line_size // 2), round(number), np.uint16).tobytes())
        frame.time_base = Fraction(1, 25)
        frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range = matrix, 9, transfer, 1
        painted = tone(frame).to_ndarray(format="rgb24")[24, 32]
        assert np.abs(painted - 255 * toned(color, transfer)).max() < 3
