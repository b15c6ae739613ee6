"""The one door between uint8 pictures and tensors, and the photos to train on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training.images import (
    PhotoCrops,
    central_crop,
    load_image,
    open_picture,
    pictures_in,
    save_image,
    sheet,
    to_tensor,
    to_uint8,
)
from weights.errors import InputError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i, size in enumerate([(80, 64), (50, 90), (30, 40)]):
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(tmp_path / f"{i}.png")
    return tmp_path


def test_every_grey_survives_the_door() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert np.array_equal(to_uint8(to_tensor(ramp)), ramp)


def test_values_are_rounded_and_clamped() -> None:
    x = torch.tensor([-0.2, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.2]).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_uint8(x)[0, :, 0].tolist() == [0, 0, 1, 255, 255]


def test_exif_orientation_is_honoured(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20), "white")
    picture.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to show
    picture.save(tmp_path / "turned.png", exif=exif)
    x = load_image(tmp_path / "turned.png")
    assert x.shape == (1, 3, 40, 20)
    assert x[0, :, 0, -1].tolist() == [1, 0, 0]


def test_grey_of_16_bits_is_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 30), 257 * 100, np.uint16)).save(tmp_path / "grey.png")
    assert (np.asarray(open_picture(tmp_path / "grey.png")) == 100).all()


def test_the_short_side_is_set(photos: Path) -> None:
    assert load_image(photos / "0.png", short_side=32).shape == (1, 3, 40, 32)


def test_bad_pictures_are_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"bad\.jpg can't be read"):
        load_image(tmp_path / "bad.jpg")
    with pytest.raises(InputError, match=r"no picture .*none\.jpg"):
        load_image(tmp_path / "none.jpg")
    with pytest.raises(InputError, match="no folder"):
        pictures_in(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        pictures_in(tmp_path / "empty")


def test_a_crop_depends_on_seed_and_number_alone(photos: Path) -> None:
    paths = pictures_in(photos)
    one, two, other = (PhotoCrops(paths, 32, seed, 100) for seed in (0, 0, 1))
    forwards = [one[i] for i in range(6)]
    backwards = [two[i] for i in reversed(range(6))]
    assert all(torch.equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))
    assert not all(torch.equal(a, other[i]) for i, a in enumerate(forwards))
    assert {tuple(x.shape) for x in forwards} == {(3, 32, 32)}
    assert not torch.equal(forwards[0], forwards[3])  # the second pass crops anew


def test_a_jpeg_is_decoded_no_larger_than_needed(tmp_path: Path) -> None:
    Image.new("RGB", (1600, 1200), "red").save(tmp_path / "large.jpg")
    assert open_picture(tmp_path / "large.jpg").size == (1600, 1200)
    assert open_picture(tmp_path / "large.jpg", short_side=200).size == (400, 300)
    assert open_picture(tmp_path / "large.jpg", short_side=140).size == (200, 150)


def test_a_companion_is_cropped_as_its_photo(photos: Path, tmp_path: Path) -> None:
    paths = pictures_in(photos)
    companions = {}
    for path in paths:
        companions[path] = tmp_path / f"{path.stem}-dark.png"
        Image.open(path).point(lambda v: v // 2).save(companions[path])
    crops = PhotoCrops(paths, 32, 0, 10, companions)
    alone = PhotoCrops(paths, 32, 0, 10)
    for i in range(6):
        photo, companion = crops[i].tensor_split([3])
        assert torch.equal(photo, alone[i])
        assert (companion - photo / 2).abs().mean() < 0.01  # but for what Lanczos' overshoot clips


def test_zoom_bounds_what_a_photo_is_scaled_to(photos: Path) -> None:
    rng = np.random.default_rng(0)
    for zoom, photo, largest in ((1.5, 400, 48), (2.5, 400, 80), (2.5, 40, 60), (2.5, 16, 32)):
        crops = PhotoCrops(pictures_in(photos), 32, 0, 1, zoom=zoom)
        drawn = {crops.short_side(photo, rng) for _ in range(1000)}
        assert (min(drawn), max(drawn)) == (32, largest)


def test_every_photo_comes_once_a_pass(tmp_path: Path) -> None:
    for grey in range(5):
        Image.new("RGB", (20, 20), (grey * 50,) * 3).save(tmp_path / f"{grey}.png")
    crops = PhotoCrops(pictures_in(tmp_path), 16, 0, 10)
    for first in (0, 5):
        assert sorted(round(crops[first + i].mean().item() * 255) for i in range(5)) == [0, 50, 100, 150, 200]


def test_a_central_crop_is_the_middle(tmp_path: Path) -> None:
    picture = np.zeros((20, 60, 3), np.uint8)
    picture[:, 20:40] = 255
    Image.fromarray(picture).save(tmp_path / "p.png")
    assert central_crop(tmp_path / "p.png", 20).min() == 1


def test_a_sheet_holds_its_pictures(tmp_path: Path) -> None:
    made = sheet([[torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)], [torch.zeros(1, 3, 8, 8)]], gap=2)
    assert made.shape == (1, 3, 20, 20)
    save_image(made, tmp_path / "deep" / "sheet.png")
    assert torch.equal(load_image(tmp_path / "deep" / "sheet.png"), made)
