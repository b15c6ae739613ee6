"""The sheet: a row of photos and a row for each style."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime import sheet
from realtime.stills import read_still
from tests.conftest import picture
from weights.errors import exit_code


def test_a_sheet_has_a_row_for_each_style(styles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(cv2.imencode(".png", picture(40, 60)[:, :, ::-1])[1].tobytes())
    out = tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", ["sheet", str(photo), "-o", str(out), "--height", "40", "--weights", str(styles)])
    assert exit_code(sheet.main) == 0
    made = read_still(out).image
    row = sheet.CAPTION + 40 + sheet.GAP
    assert made.shape == (3 * row, 60, 3)
    shown = [made[i * row + sheet.CAPTION : i * row + sheet.CAPTION + 40] for i in range(3)]
    original = picture(40, 60)
    assert np.array_equal(shown[0], original)
    assert np.array_equal(shown[1], 255 - original)  # negative
    assert np.array_equal(shown[2], original)  # same
    assert (made[: sheet.CAPTION] < 255).any()  # the caption


def test_a_caption_that_is_too_long_is_shortened() -> None:
    narrow = [np.zeros((20, 60, 3), np.uint8)]
    assert np.array_equal(sheet.captioned(narrow, "udnie: Udnie, Francis Picabia"), sheet.captioned(narrow, "udnie"))
    wide = [np.zeros((20, 600, 3), np.uint8)]
    assert not np.array_equal(sheet.captioned(wide, "udnie: Udnie"), sheet.captioned(wide, "udnie"))


def test_styles_can_stand_in_columns() -> None:
    rows = [np.full((30, 20, 3), 50 * i, np.uint8) for i in range(3)]
    page = sheet.in_columns(rows, 2)
    assert page.shape == (60, 40 + 2 * sheet.GAP, 3)
    assert np.array_equal(page[:30, -20:], rows[1]) and np.array_equal(page[30:, :20], rows[2])
    assert (page[30:, 20:] == 255).all()
    assert np.array_equal(sheet.in_columns(rows, 1), np.concatenate(rows))


def test_an_unknown_style_is_said(styles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(cv2.imencode(".png", picture(40, 60))[1].tobytes())
    options = sheet.SheetOptions((photo,), styles=("nobody",), weights=styles)
    assert exit_code(lambda: sheet.make_sheet(options) is None) == 2
    assert "nobody" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "words"), [("photo.png", "is the original"), ("sheet.xyz", "can't be written")])
def test_an_output_that_can_not_be_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(cv2.imencode(".png", picture(40, 60))[1].tobytes())
    before = photo.read_bytes()
    monkeypatch.setattr(sys, "argv", ["sheet", str(photo), "-o", str(tmp_path / name)])
    monkeypatch.setattr(sheet, "make_sheet", lambda _: picture(40, 60))
    assert exit_code(sheet.main) == 2
    assert words in capsys.readouterr().err and photo.read_bytes() == before
