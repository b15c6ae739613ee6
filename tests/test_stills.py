"""Stills keep their way up, their transparency and their originals."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime.layout import Layout
from realtime.stills import StillPicture, paint_still, read_still, write_still
from tests.conftest import picture
from tests.read_back import read_picture
from weights.errors import InputError

EXIF_TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


def exif(orientation: int) -> bytes:
    """A TIFF block with the one tag Orientation."""
    return (
        b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"
        + bytes([orientation])
        + b"\x00\x00\x00\x00\x00\x00"
    )


def jpeg_with_exif(image: np.ndarray, orientation: int) -> bytes:
    data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    block = b"Exif\x00\x00" + exif(orientation)
    return data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:]


def save(path: Path, image: np.ndarray) -> Path:
    """Write an array in cv2's own channel order."""
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path: Path, orientation: int) -> None:
    image = picture(48, 80)
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg_with_exif(image, orientation))
    expected = EXIF_TURNS[orientation](image)
    got = read_still(path).image
    assert got.shape == expected.shape
    assert np.abs(got.astype(int) - expected).mean() < 3


@pytest.mark.parametrize(("lines", "sides"), [(0, (320, 200)), (150, (320, 200)), (60, (160, 100)), (25, (40, 25))])
def test_a_large_jpeg_comes_smaller_where_that_does(tmp_path: Path, lines: int, sides: tuple[int, int]) -> None:
    path = tmp_path / "large.jpg"
    image = cv2.GaussianBlur(picture(200, 320), (0, 0), 12)
    path.write_bytes(jpeg_with_exif(image, 6))  # a quarter to the right
    smaller = read_still(path, lines).image
    assert smaller.shape == (*sides, 3)
    whole = cv2.resize(read_still(path).image, smaller.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert abs(smaller.astype(int) - whole).mean() < 2


def test_alpha_is_kept_and_colours_are_right(tmp_path: Path) -> None:
    image = picture(40, 60)
    alpha = np.linspace(0, 255, 40 * 60).reshape(40, 60).astype(np.uint8)
    source = save(tmp_path / "in.png", np.dstack((image[..., ::-1], alpha)))
    paint_still(source, tmp_path / "out.png", lambda x: 255 - x)
    written = read_picture(tmp_path / "out.png")
    np.testing.assert_array_equal(written[..., 3], alpha)
    np.testing.assert_array_equal(written[..., :3], 255 - image)


def test_alpha_is_scaled_with_the_picture(tmp_path: Path) -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 30:] = 255
    source = save(tmp_path / "in.png", np.dstack((picture(40, 60), alpha)))
    paint_still(source, tmp_path / "out.png", lambda x: x, Layout(out_height=20))
    written = read_picture(tmp_path / "out.png")
    assert written.shape == (20, 30, 4)
    assert (written[:, :14, 3] == 0).all()
    assert (written[:, 16:, 3] == 255).all()


def test_without_room_for_alpha_it_goes_over_white(tmp_path: Path) -> None:
    image, alpha = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32), 0, np.uint8)
    write_still(StillPicture(image, alpha), tmp_path / "out.jpg")
    assert read_still(tmp_path / "out.jpg").image.min() >= 254


@pytest.mark.parametrize("kind", ["grey", "grey16", "rgb16", "rgba16"])
def test_other_depths_become_8_bit_rgb(tmp_path: Path, kind: str) -> None:
    image = picture(32, 48)
    grey = image[..., 1]
    arrays = {
        "grey": grey,
        "grey16": grey.astype(np.uint16) * 257,
        "rgb16": image[..., ::-1].astype(np.uint16) * 257,
        "rgba16": np.dstack((image[..., ::-1], grey)).astype(np.uint16) * 257,
    }
    still = read_still(save(tmp_path / "in.png", arrays[kind]))
    expected = np.dstack((grey,) * 3) if kind.startswith("grey") else image
    assert still.image.dtype == np.uint8
    assert np.abs(still.image.astype(int) - expected).max() <= 1
    assert (still.alpha is not None) == (kind == "rgba16")
    if still.alpha is not None:
        np.testing.assert_array_equal(still.alpha, grey)


def test_names_in_any_script(tmp_path: Path) -> None:
    source = save(tmp_path / "жар-птица 鳥.png", picture(32, 32))
    target = tmp_path / "живопись" / "絵.png"
    paint_still(source, target, lambda x: x)
    np.testing.assert_array_equal(read_still(target).image, read_still(source).image)


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", picture(32, 32))
    before = source.read_bytes()
    with pytest.raises(InputError, match="never overwritten"):
        paint_still(source, tmp_path / "." / "in.png", lambda x: 255 - x)
    assert source.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no picture at all"])
def test_a_damaged_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.jpg is no picture"):
        read_still(path)


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", picture(32, 32))

    def fails(image: np.ndarray) -> np.ndarray:
        raise InputError("no")

    with pytest.raises(InputError):
        paint_still(source, tmp_path / "out.png", fails)
    assert [p.name for p in tmp_path.iterdir()] == ["in.png"]


def test_a_format_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"can't be written as out\.heic"):
        write_still(StillPicture(picture(32, 32)), tmp_path / "out.heic")


def test_too_large_for_the_memory_is_said(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", picture(32, 32))

    def fails(image: np.ndarray) -> np.ndarray:
        raise MemoryError

    with pytest.raises(InputError, match=r"in\.png is too large for the memory"):
        paint_still(source, tmp_path / "out.png", fails)
