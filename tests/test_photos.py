"""Photos as phones and editors write them: profiles, EXIF, HEIC, damage, and sizes that no memory holds."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from realtime import stills
from realtime.color_profile import to_srgb
from realtime.layout import Layout
from realtime.stills import paint_still, read_still
from tests.conftest import picture, same
from weights.errors import InputError

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def reopened(path: Path) -> Any:
    """What Pillow makes of the file, which is closed."""
    return Pillow.open(io.BytesIO(path.read_bytes()))


def s15(*numbers: float) -> bytes:
    return b"".join(round(n * 65536).to_bytes(4, "big", signed=True) for n in numbers)


def profile(columns: list[tuple[float, float, float]], curve: bytes, space: bytes = b"RGB ") -> bytes:
    """An ICC profile of primaries and one curve."""
    tags = {name: b"XYZ \0\0\0\0" + s15(*xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    tags |= {b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249)}
    tags |= {name: curve + bytes(-len(curve) % 4) for name in (b"rTRC", b"gTRC", b"bTRC")}
    words = b"desc\0\0\0\0\0\0\0\x02x\0" + bytes(83)
    tags |= {b"desc": words, b"cprt": b"text\0\0\0\0none"}
    table, body, start = len(tags).to_bytes(4, "big"), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + (start + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data + bytes(-len(data) % 4)
    size = 128 + len(table) + len(body)
    head = size.to_bytes(4, "big") + bytes(4) + b"\x02\x10\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28)
    return head + s15(0.9642, 1, 0.8249) + bytes(128 - len(head) - 12) + table + body


P3 = [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)]
SRGB_CURVE = b"para\0\0\0\0\0\x03\0\0" + s15(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
ADOBE = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
POWER = b"curv\0\0\0\0\0\0\0\x01\x02\x33"
TABLE = b"curv\0\0\0\0\0\0\x04\0" + (np.linspace(0, 1, 1024) ** 2 * 65535).astype(">u2").tobytes()
KINDS = {"p3": profile(P3, SRGB_CURVE), "adobe": profile(ADOBE, POWER), "table": profile(P3, TABLE)}


@pytest.mark.parametrize("kind", KINDS)
def test_profiles_are_turned_into_srgb_as_a_colour_engine_does(kind: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    image[..., 1:] = image[..., 1:] // 2 + 64
    found = to_srgb(image, KINDS[kind])
    source = ImageCms.ImageCmsProfile(io.BytesIO(KINDS[kind]))
    wanted = ImageCms.profileToProfile(
        Pillow.fromarray(image), source, ImageCms.createProfile("sRGB"), renderingIntent=ImageCms.Intent(1)
    )
    assert found is not None
    difference = np.abs(found.astype(int) - np.asarray(wanted))
    assert difference.max() <= 3
    assert difference.mean() < 0.5
    assert np.abs(image.astype(int) - found).mean() > 3


def test_srgb_itself_is_left_alone() -> None:
    image = picture(32, 32)
    assert to_srgb(image, SRGB) is image
    assert to_srgb(image, b"damaged") is None
    assert to_srgb(image, SRGB[:140]) is None


@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.webp", "in.tif"])
def test_a_photo_of_a_wide_gamut_keeps_its_look(tmp_path: Path, name: str) -> None:
    image = np.full((32, 48, 3), (200, 80, 60), np.uint8)
    Pillow.fromarray(image).save(tmp_path / name, icc_profile=KINDS["p3"], quality=100)
    paint_still(tmp_path / name, tmp_path / "out.png", same)
    found = read_still(tmp_path / "out.png").image.mean((0, 1))
    assert np.abs(found - (216, 69, 51)).max() < 4
    assert not reopened(tmp_path / "out.png").info.get("icc_profile")


def test_a_profile_that_can_not_be_turned_goes_along(tmp_path: Path) -> None:
    odd = profile(P3, b"what\0\0\0\0")
    Pillow.fromarray(picture(32, 48)).save(tmp_path / "in.png", icc_profile=odd)
    paint_still(tmp_path / "in.png", tmp_path / "out.png", same)
    assert reopened(tmp_path / "out.png").info["icc_profile"] == odd
    np.testing.assert_array_equal(read_still(tmp_path / "out.png").image, picture(32, 48))


@pytest.mark.parametrize(("source", "target"), [
    ("in.jpg", "out.jpg"), ("in.jpg", "out.png"), ("in.jpg", "out.webp"), ("in.tif", "out.jpg")
])  # fmt: skip
def test_date_and_camera_are_kept_and_the_turn_is_done(tmp_path: Path, source: str, target: str) -> None:
    words: Any = Pillow.Exif()
    words[274], words[315], words[306] = 6, "Someone", "2024:05:06 07:08:09"
    words[0x8769] = {33437: 2.8, 36867: "2024:05:06 07:08:08", 34855: 100}
    Pillow.fromarray(picture(32, 48)).save(tmp_path / source, exif=words.tobytes())
    paint_still(tmp_path / source, tmp_path / target, same)
    painted = reopened(tmp_path / target)
    kept = painted.getexif()
    assert (kept[315], kept[306], kept.get(274, 1)) == ("Someone", "2024:05:06 07:08:09", 1)
    exposure = kept.get_ifd(0x8769)
    assert (exposure[33437], exposure[36867], exposure[34855]) == (2.8, "2024:05:06 07:08:08", 100)
    assert painted.size == (32, 48)


@pytest.mark.parametrize("name", ["in.png", "in.tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_transparency_lies_as_its_picture(tmp_path: Path, orientation: int, name: str) -> None:
    """Even where all is of one colour, so that the picture itself doesn't tell which way up it is."""
    alpha = np.zeros((32, 48), np.uint8)
    alpha[:8, :8] = 255
    words: Any = Pillow.Exif()
    words[274] = orientation
    flat = np.full((32, 48, 3), 90, np.uint8)
    Pillow.fromarray(np.dstack((flat, alpha)), "RGBA").save(tmp_path / name, exif=words)
    still = read_still(tmp_path / name)
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert still.alpha is not None
    assert still.alpha.shape == ((32, 48) if orientation < 5 else (48, 32))
    assert still.alpha[corner[orientation]] == 255
    assert int(still.alpha.sum()) == 64 * 255


def test_a_photo_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    decode = cv2.imdecodeWithMetadata

    def count(*arguments: Any) -> Any:
        calls.append(1)
        return decode(*arguments)

    monkeypatch.setattr(cv2, "imdecodeWithMetadata", count)
    (tmp_path / "in.jpg").write_bytes(cv2.imencode(".jpg", picture(32, 48))[1].tobytes())
    read_still(tmp_path / "in.jpg")
    assert len(calls) == 1


@pytest.mark.parametrize("damage", ["cut", "crc"])
def test_a_damaged_png_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: str) -> None:
    data = bytearray(
        cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))[1].tobytes()
    )
    path = tmp_path / "bad.png"
    path.write_bytes(data[:30] if damage == "cut" else data[:20] + b"\xff\xff" + data[22:])
    with pytest.raises(InputError, match=r"bad\.png is no picture"):
        read_still(path)
    assert capfd.readouterr().err == ""


def test_a_photo_of_an_iphone(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    image = picture(64, 96)
    heif.from_bytes(mode="RGB", size=(96, 64), data=image.tobytes()).save(tmp_path / "photo.HEIC", quality=95)
    paint_still(tmp_path / "photo.HEIC", tmp_path / "out.png", same)
    assert np.abs(read_still(tmp_path / "out.png").image.astype(int) - image).mean() < 4
    (tmp_path / "bad.heic").write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"bad\.heic is no picture"):
        read_still(tmp_path / "bad.heic")


def test_without_the_library_a_heic_photo_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "photo.heic").write_bytes(b"photo")
    with pytest.raises(InputError, match=r"photo\.heic is a HEIC photo: .*pip install pillow-heif"):
        read_still(tmp_path / "photo.heic")


def test_a_picture_for_which_the_memory_is_too_small_is_said_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.png").write_bytes(cv2.imencode(".png", np.zeros((1000, 2000, 3), np.uint8))[1].tobytes())
    free = type("Memory", (), {"available": 100_000_000})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(stills, "read_still", lambda _: pytest.fail("it is too large"))
    with pytest.raises(InputError, match=r"in\.png has 2000x1000 pixels, .* with --height 600"):
        paint_still(tmp_path / "in.png", tmp_path / "out.png", same)
    monkeypatch.undo()
    assert paint_still(tmp_path / "in.png", tmp_path / "out.png", same, Layout(600)) == []


def test_pages_that_are_not_painted_are_said(tmp_path: Path) -> None:
    pages = [Pillow.fromarray(picture(32, 48, seed=i)) for i in range(3)]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:])
    assert paint_still(tmp_path / "in.tif", tmp_path / "out.png", same) == [
        "Only the first of the 3 pictures in in.tif was painted."
    ]
