"""Sizes and channel orders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.frames import bgr_from_rgb, check_image, fit, pad_to_even, resize, rgb_from_bgr, working_size
from tests.conftest import picture


@pytest.mark.parametrize(
    ("size", "height", "even", "expected"),
    [
        ((480, 640), None, False, (480, 640)),
        ((480, 640), 480, True, (480, 640)),
        ((1080, 1920), 480, False, (480, 853)),
        ((1080, 1920), 480, True, (480, 854)),
        ((481, 641), None, True, (481, 641)),
        ((100, 3000), 16, True, (16, 480)),
        ((3000, 10), 16, True, (16, 2)),
    ],
)
def test_working_size(size: tuple[int, int], height: int | None, even: bool, expected: tuple[int, int]) -> None:
    assert working_size(size, height, even) == expected


def test_pixels_that_are_not_square_are_made_so() -> None:
    assert working_size((120, 160), None, pixel_aspect=4 / 3) == (120, 213)
    assert working_size((576, 720), 288, even=True, pixel_aspect=16 / 15) == (288, 384)
    assert working_size((120, 160), 120, pixel_aspect=1) == (120, 160)
    assert fit(picture(120, 160), None, pixel_aspect=4 / 3).shape == (120, 213, 3)


def test_resize_keeps_a_flat_colour_and_the_kind() -> None:
    image = np.full((90, 160, 3), (200, 60, 30), np.uint8)
    for height in (45, 135):
        scaled = fit(image, height)
        assert scaled.dtype == np.uint8
        assert scaled.shape[0] == height
        assert (scaled == (200, 60, 30)).all()


def test_shrinking_averages_instead_of_skipping() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, ::2] = 255
    assert np.abs(resize(image, (16, 16)).astype(int) - 128).max() <= 1


def test_padding_repeats_the_edge() -> None:
    image = picture(33, 17)
    padded = pad_to_even(image)
    assert padded.shape == (34, 18, 3)
    np.testing.assert_array_equal(padded[:33, :17], image)
    np.testing.assert_array_equal(padded[33, :17], image[32])
    assert pad_to_even(padded) is padded


def test_channel_orders() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 0] = 9
    assert (bgr_from_rgb(image)[..., 2] == 9).all()
    np.testing.assert_array_equal(rgb_from_bgr(bgr_from_rgb(image)), image)


def test_check_image_names_what_it_got() -> None:
    with pytest.raises(ValueError, match=r"got float64 \(3, 3\) != expected uint8"):
        check_image(np.zeros((3, 3)))  # type: ignore[arg-type] # what it refuses


@given(h=st.integers(1, 9000), w=st.integers(1, 9000), height=st.none() | st.integers(16, 8640), even=st.booleans())
def test_sizes_keep_their_aspect(h: int, w: int, height: int | None, even: bool) -> None:
    new_h, new_w = working_size((h, w), height, even)
    assert min(new_h, new_w) >= 1
    if height is None or height == h:
        assert (new_h, new_w) == (h, w)
        return
    step = 2 if even else 1
    assert abs(new_h - height) < step
    assert abs(new_w - w * height / h) <= step
    assert new_h % step == new_w % step == 0
