"""Sizes and channel orders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.frames import (
    bgr_from_rgb,
    check_image,
    fit,
    fit_live,
    pad_to_even,
    resize,
    resize_live,
    rgb_from_bgr,
    working_size,
)
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


@pytest.mark.parametrize("size", [(45, 80), (40, 70), (48, 85), (30, 90), (90, 160), (100, 200), (16, 16), (1, 1)])
def test_live_pictures_are_scaled_as_others_but_for_a_little(size: tuple[int, int]) -> None:
    """A slope with some noise, down by whole steps and others, in one direction alone, and up."""
    h, w = 90, 160
    slope = np.add.outer(np.linspace(20, 120, h), np.linspace(0, 100, w))[..., None].repeat(3, axis=2)
    image = (slope + np.random.default_rng(0).normal(0, 2, slope.shape)).astype(np.uint8)
    scaled, slow = resize_live(image, size), resize(image, size)
    assert scaled.shape == (*size, 3) and scaled.dtype == np.uint8
    assert np.abs(scaled.astype(int) - slow).mean() < 1.5


def test_live_pictures_do_not_alias_where_they_shrink_much() -> None:
    checks = np.zeros((120, 128, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 255
    assert np.abs(resize_live(checks, (50, 53)).astype(int) - 127).max() <= 1
    assert resize_live(checks, (120, 128)) is checks


def test_a_live_picture_is_fit_as_others_are() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    for height, aspect in ((None, 1.0), (48, 1.0), (48, 1.5), (200, 0.5)):
        assert fit_live(image, height, aspect).shape == fit(image, height, pixel_aspect=aspect).shape
