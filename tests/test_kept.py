"""The user's own styles: kept, there at the next start, renamed, removed; those of others are left alone."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

import realtime.__main__ as program
from realtime.stills import read_still
from realtime.styles import Opener
from realtime.styles.kept import is_own, keep_style, remove_style, rename_style
from tests.conftest import picture, tiny_trunk
from tests.predictor_fakes import colour_picture, predictor_card, tiny_predictor
from weights.catalog import find_style, installed_styles, read_catalog, write_catalog
from weights.errors import InputError

IMAGE = picture(24, 32)


@pytest.fixture
def opener(pack: Path, own_styles: Path) -> Opener:
    """Opens the user's own styles and those of `pack`, which has a predictor."""
    tiny_predictor(pack)
    return Opener((own_styles, pack), "cpu", 1)


@pytest.fixture
def mine(tmp_path: Path) -> str:
    return str(colour_picture(tmp_path / "mine.png", 200, 100, 50))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")}


def test_a_kept_style_is_there_by_its_name(opener: Opener, mine: str, own_styles: Path) -> None:
    kept = keep_style(mine, "My Garden", opener)
    assert (kept.card.name, kept.card.title, kept.card.method) == ("my-garden", "My Garden", "predicted")
    assert kept.card.training["predicted from"] == "mine.png" and is_own(kept)
    assert names(own_styles) == {"catalog.json", "my-garden.safetensors", "my-garden.webp"}
    Path(mine).unlink()
    again = Opener(opener.folders, "cpu", 1)("my-garden")
    assert (again(IMAGE) == (200, 100, 50)).all() and (again(IMAGE, stroke=0.0) == (100, 50, 25)).all()
    thumbnail = read_still(kept.thumbnail).image
    assert thumbnail.shape == (240, 320, 3) and abs(thumbnail.mean((0, 1)) - (200, 100, 50)).max() < 3
    assert [s.card.name for s in installed_styles(opener.folders)].count("my-garden") == 1


def test_a_blend_is_kept_too(opener: Opener, mine: str) -> None:
    keep_style(f"{mine}:0.5,red:0.5", "half", opener)
    assert (opener("half")(IMAGE) == (228, 50, 25)).all()
    assert opener("half").card.method == "blend"


def test_a_folder_that_can_not_be_written_is_named(
    opener: Opener, mine: str, own_styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as closed, pytest.raises(InputError) as refused:
        closed.setattr(Path, "mkdir", refuse)
        keep_style(mine, "garden", opener)
    words = str(refused.value)
    assert words.startswith(f"Can't install into {own_styles} (Permission denied)")
    assert "environment variable LIVEBRUSH_HOME" in words and "-o" not in words.split()


def test_a_name_is_taken_once(opener: Opener, mine: str, tmp_path: Path) -> None:
    first = keep_style(mine, "garden", opener)
    assert keep_style(mine, "garden", opener) == first, "the same again is no trouble"
    other = str(colour_picture(tmp_path / "other.png", 1, 2, 3))
    for name in ("Garden", "red"):
        with pytest.raises(InputError, match="already: keep this one under another name"):
            keep_style(other, name, opener)
    for style in ("red", "negative"):
        with pytest.raises(InputError, match=f"{style} is installed already"):
            keep_style(style, "mine", opener)
    with pytest.raises(InputError, match="no picture"):
        keep_style("none.jpg", "mine", opener)


def test_one_whose_trunk_is_gone_is_kept_anew(opener: Opener, mine: str, pack: Path) -> None:
    keep_style(mine, "garden", opener)
    again = tiny_trunk(pack, "pack", {"red": (1, 0, 0)}, numbers="trained anew")
    write_catalog(again, pack)
    tiny_predictor(pack, predictor_card("trained anew"))
    with pytest.raises(InputError, match="which is in none of"):
        opener("garden")
    keep_style(mine, "garden", opener)
    assert (opener("garden")(IMAGE) == (200, 100, 50)).all()


def test_own_styles_are_renamed_and_removed(opener: Opener, mine: str, own_styles: Path) -> None:
    keep_style(mine, "garden", opener)
    keep_style(f"{mine}:0.5,red:0.5", "half", opener)
    assert rename_style("garden", "Our Garden!") == "our-garden"
    assert names(own_styles) == {
        "catalog.json",
        "our-garden.safetensors",
        "our-garden.webp",
        "half.safetensors",
        "half.webp",
    }
    style = find_style("our-garden", opener.folders)
    assert style.card.title == "Our Garden!" and (opener("our-garden")(IMAGE) == (200, 100, 50)).all()
    assert rename_style("our-garden", "OUR garden") == "our-garden", "the title alone"
    assert find_style("our-garden", opener.folders).card.title == "OUR garden"
    with pytest.raises(InputError, match="called half already"):
        rename_style("our-garden", "half")
    remove_style("our-garden")
    assert names(own_styles) == {"catalog.json", "half.safetensors", "half.webp"}
    assert [entry.card.name for entry in read_catalog(own_styles)] == ["half"]


def test_what_came_with_the_program_stays(opener: Opener, mine: str, pack: Path) -> None:
    before = names(pack)
    for _ in range(2):  # without a folder of one's own, and with one
        with pytest.raises(InputError, match="red is none of your own styles"):
            remove_style("red")
        with pytest.raises(InputError, match="red is none of your own styles"):
            rename_style("red", "mine")
        keep_style(mine, "garden", opener)
    assert names(pack) == before


def test_the_command_line_keeps_and_lists(
    opener: Opener, mine: str, own_styles: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--weights", str(own_styles), "--weights", str(pack)]
    assert program.main(["--style", mine, "--keep-style", "garden", "--list", *folders]) == 0
    said = capsys.readouterr()
    assert "kept as garden" in said.err and "garden " in said.out
    out = own_styles.parent / "out.png"
    assert program.main([mine, "--style", "garden", "-o", str(out), *folders]) == 0
    assert (read_still(out).image == (200, 100, 50)).all()
    with pytest.raises(InputError, match="give --style PICTURE"):
        program.main(["--keep-style", "garden"])
