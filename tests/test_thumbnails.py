"""Thumbnails: made with a style wherever it is installed, of the right painting, and gone with what they showed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from export import thumbnails
from export.__main__ import export
from export.thumbnails import SIZE, paint_thumbnail, refresh
from realtime.stills import read_still
from tests.conftest import tiny_style, tiny_trunk
from training.checkpoint import save_generator, save_vector, trunk_hash
from training.generators import Lite, LiteTrunk
from weights.card import Card
from weights.catalog import Style, installed_styles, write_catalog
from weights.folders import WEIGHTS, thumbnail_path
from weights.install import install, staging

SHIPPED = installed_styles([WEIGHTS])


def mean_colour(thumbnail: Path) -> list[int]:
    colour: list[int] = read_still(thumbnail).image.mean((0, 1)).round().astype(int).tolist()
    return colour


@pytest.mark.parametrize("style", SHIPPED, ids=[style.card.name for style in SHIPPED])
def test_each_shipped_style_has_a_thumbnail_of_itself(style: Style, tmp_path: Path) -> None:
    """See `python -m export.thumbnails`."""
    kept = read_still(style.thumbnail).image
    assert kept.shape == (SIZE[1], SIZE[0], 3)
    assert style.thumbnail.stat().st_size < 40_000
    assert style.model is not None
    paint_thumbnail(style.model, style.vector, tmp_path / "new.webp")
    assert np.abs(kept.astype(int) - read_still(tmp_path / "new.webp").image).mean() < 4


def test_there_is_no_thumbnail_without_a_style() -> None:
    names = {path.stem for path in (WEIGHTS / "thumbnails").iterdir()}
    assert names == {style.card.name for style in SHIPPED}


def test_export_makes_the_thumbnail(tmp_path: Path) -> None:
    torch.manual_seed(0)
    card = Card("tiny", "Tiny", "johnson", "lite", {"width": 16, "blocks": 1})
    save_generator(tmp_path / "run" / "tiny.safetensors", Lite(16, 1), card)
    export(tmp_path / "run", tmp_path / "styles" / "tiny.onnx")
    (style,) = installed_styles([tmp_path / "styles"])
    with Image.open(style.thumbnail) as picture:
        assert picture.size == SIZE


def test_export_makes_those_of_a_trunk_and_of_a_vector_that_follows_it(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trunk = LiteTrunk(16, 1)
    numbers = trunk_hash(trunk)
    card = Card("pack", "Pack", "multistyle", "lite-trunk", {"width": 16, "blocks": 1}, trunk_hash=numbers)
    save_generator(tmp_path / "run" / "pack.safetensors", trunk, card)
    for name, folder, factor in (("plain", "styles", 1.0), ("other", "later", 2.0)):
        own = Card(name, name.title(), "multistyle", "lite-trunk", dict(card.arguments), 4, "pack", numbers)
        save_vector(tmp_path / "run" / folder / f"{name}.safetensors", trunk.plain_style() * factor, own)
    export(tmp_path / "run" / "pack.safetensors", tmp_path / "out" / "pack.onnx")
    export(tmp_path / "run" / "later" / "other.safetensors", tmp_path / "out" / "pack.onnx")
    styles = installed_styles([tmp_path / "out"])
    assert {style.card.name for style in styles} == {"plain", "other"}
    assert all(style.thumbnail.is_file() for style in styles)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a network of its own and a trunk of two styles, without thumbnails."""
    entries = tiny_trunk(tmp_path, "pack", {"red": (1, 0, 0), "blue": (0, 0, 1)})
    write_catalog([tiny_style(tmp_path, "negative", "inverse"), *entries], tmp_path)
    return tmp_path


def test_all_of_a_folder_are_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(refresh(folder)) == 3
    red, blue = (mean_colour(thumbnail_path(folder, name)) for name in ("red", "blue"))
    assert red[0] > 240 and max(red[1:]) < 15
    assert blue[2] > 240 and max(blue[:2]) < 15
    thumbnail_path(folder, "red").unlink()
    monkeypatch.setattr(sys, "argv", ["thumbnails", str(folder)])
    assert thumbnails.main() == 0
    assert thumbnail_path(folder, "red").is_file()
    assert capsys.readouterr().out.startswith("3 thumbnails")


def test_a_style_installed_over_another_takes_its_thumbnail_away(folder: Path) -> None:
    refresh(folder)
    with staging(folder) as staged:
        install(folder, staged, [tiny_style(staged, "negative", "same")])
    assert not thumbnail_path(folder, "negative").exists()
    assert thumbnail_path(folder, "red").exists()
