"""The catalogue of a folder, the search path over several, and what no catalogue may name."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from realtime.styles import Opener, open_style
from realtime.styles.blends import find_blend
from tests.conftest import picture, tiny_card, tiny_model, tiny_style, tiny_trunk, tiny_vector
from weights import limits
from weights.card import Card
from weights.catalog import Entry, find_style, installed_styles, read_catalog, write_catalog
from weights.errors import InputError
from weights.files import sha256
from weights.folders import USER_FOLDER, WEIGHTS, search_path, user_folder

CARD = Card("great-wave", "The Great Wave", "johnson", "lite")
IMAGE = picture(24, 32)


def test_the_catalogue_is_sorted_and_found_by_name(tmp_path: Path) -> None:
    other = Card("abyss", "Zebra", "johnson", "lite")
    write_catalog([Entry(other, "b.onnx", "0"), Entry(CARD, "a.onnx", "1")], tmp_path)
    assert [e.card.title for e in read_catalog(tmp_path)] == ["The Great Wave", "Zebra"]
    assert find_style("abyss", tmp_path).model == tmp_path / "b.onnx"
    with pytest.raises(InputError, match="choose one of great-wave, abyss"):
        find_style("scream", tmp_path)


def test_a_missing_or_damaged_catalogue_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no catalogue"):
        read_catalog(tmp_path)
    (tmp_path / "catalog.json").write_text("{")
    with pytest.raises(InputError, match="can't be read"):
        read_catalog(tmp_path)


def test_a_catalogue_is_read_once_for_as_long_as_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalog([Entry(CARD, "a.onnx", "1")], tmp_path)
    read: list[str] = []
    real = json.loads

    def noting(text: str) -> object:
        read.append(text)
        return real(text)

    monkeypatch.setattr(json, "loads", noting)
    first = read_catalog(tmp_path)
    first.clear()
    assert [entry.sha256 for entry in read_catalog(tmp_path)] == ["1"]
    assert len(read) == 1
    write_catalog([Entry(CARD, "a.onnx", "2")], tmp_path)
    assert [entry.sha256 for entry in read_catalog(tmp_path)] == ["2"]


CARDS = [None, "x", {"picture": "foo"}, {"name": "../x", "title": "", "method": "", "architecture": ""}]


@pytest.mark.parametrize("row", [None, "x", [], *({"card": card, "model": "x.onnx"} for card in CARDS)])
def test_a_damaged_row_of_the_catalogue_is_said(tmp_path: Path, row: object) -> None:
    (tmp_path / "catalog.json").write_text(json.dumps({"styles": [row]}))
    with pytest.raises(InputError, match=r"catalog\.json can't be read"):
        read_catalog(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "3", '{"styles": 3}', '{"styles": null}', "{}", '"\\ud800"'])
def test_a_catalogue_that_is_no_list_of_styles_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalog.json").write_text(text)
    with pytest.raises(InputError, match=r"catalog\.json can't be read"):
        read_catalog(tmp_path)


@pytest.mark.parametrize("part", ["model", "vector"])
@pytest.mark.parametrize(
    "name",
    [
        "../x.onnx",
        "/dev/zero",
        "a/b.onnx",
        "..",
        ".",
        "a\\b.onnx",
        "C:x.onnx",
        "C:\\x.onnx",
        "a\nb.onnx",
        "a\0.onnx",
        3,
    ],
)
def test_a_catalogue_names_files_of_its_own_folder_only(tmp_path: Path, part: str, name: object) -> None:
    row = dataclasses.asdict(Entry(CARD, "a.onnx", "0", "a.safetensors", "0")) | {part: name}
    (tmp_path / "catalog.json").write_text(json.dumps({"styles": [row]}))
    with pytest.raises(InputError, match=f"catalog.json can't be read .*its {part} "):
        read_catalog(tmp_path)


def test_a_row_without_files_is_said(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text(json.dumps({"styles": [{"card": dataclasses.asdict(CARD)}]}))
    with pytest.raises(InputError, match=r"catalog\.json can't be read"):
        read_catalog(tmp_path)


def test_a_catalogue_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "catalog.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match=r"catalog\.json .* too large"):
        read_catalog(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("name", ["red.safetensors", "pack.onnx"])
def test_a_link_out_of_the_folder_is_not_followed(pack: Path, tmp_path: Path, name: str) -> None:
    (pack / name).rename(tmp_path / name)
    (pack / name).symlink_to(tmp_path / name)
    with pytest.raises(InputError, match="is a link out of its folder"):
        open_style("red", pack, "cpu")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs an endless file")
@pytest.mark.parametrize("name", ["red.safetensors", "pack.onnx", "catalog.json"])
def test_an_endless_file_is_not_read(pack: Path, name: str) -> None:
    (pack / name).unlink()
    (pack / name).symlink_to("/dev/zero")
    with pytest.raises(InputError):
        open_style("red", pack, "cpu")


@pytest.mark.parametrize("name", ["red.safetensors", "pack.onnx"])
def test_a_file_too_large_is_not_read(pack: Path, name: str) -> None:
    with (pack / name).open("wb") as file:
        file.truncate(max(limits.MAX_MODEL, limits.MAX_VECTOR) + 1)
    with pytest.raises(InputError):
        open_style("red", pack, "cpu")


def test_a_changed_vector_is_noticed(pack: Path) -> None:
    (entry,) = (entry for entry in read_catalog(pack) if entry.card.name == "red")
    tiny_vector(pack, entry.card, (0.9, 0, 0))
    with pytest.raises(InputError, match=r"red\.safetensors is not the one in the catalogue .*export red again"):
        open_style("red", pack, "cpu")
    with pytest.raises(InputError, match=r"red\.safetensors is not the one in the catalogue"):
        open_style("blue,red", pack, "cpu")


def test_the_default_search_path_is_the_users_folder_and_then_ours(own_styles: Path) -> None:
    assert search_path() == (own_styles, WEIGHTS)
    assert search_path(["a", f"b{os.pathsep}c"]) == (Path("a"), Path("b"), Path("c"))


def test_the_users_folder_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv(USER_FOLDER)
    assert user_folder("looks") == Path(platformdirs.user_data_dir("livebrush", appauthor=False)) / "looks"
    monkeypatch.setenv(USER_FOLDER, "/elsewhere")
    assert user_folder("looks") == Path("/elsewhere/looks")


@pytest.fixture
def own(pack: Path, tmp_path: Path) -> Path:
    """A folder with a style of its own, `mine`, for the trunk in `pack`; and with another `red`, which paints white."""
    folder = tmp_path / "own"
    folder.mkdir()
    mine = tiny_card("mine", "pack", "pack")
    entries = [Entry(mine, "", "", "mine.safetensors", tiny_vector(folder, mine, (1, 1, 0)))]
    write_catalog([*entries, *tiny_trunk(folder, "other", {"red": (1, 1, 1)})], folder)
    return folder


def colour(style: str, *folders: Path) -> list[int]:
    painted: list[int] = open_style(style, folders, "cpu", 1)(IMAGE)[0, 0].tolist()
    return painted


def test_the_first_folder_that_has_a_style_gives_it(pack: Path, own: Path) -> None:
    assert [s.card.name for s in installed_styles((own, pack))] == [
        "mine",
        "red",
        "black",
        "blue",
        "green",
        "negative",
        "white",
    ]
    assert colour("red", own, pack) == [255, 255, 255]
    assert colour("red", pack, own) == [255, 0, 0]


def test_a_style_finds_its_trunk_in_another_folder(pack: Path, own: Path) -> None:
    for folders in ((own, pack), (pack, own)):
        assert colour("mine", *folders) == [255, 255, 0]
        assert colour("mine:0.5,blue:0.5", *folders) == [128, 128, 128]
    opener = Opener((own, pack), "cpu", 1)
    assert opener("mine").network is opener("blue").network


def test_a_style_without_its_trunk_is_said(own: Path) -> None:
    with pytest.raises(InputError, match=r"mine is a style of the trunk pack, which is in none of .*own: export that"):
        open_style("mine", own, "cpu")
    assert "mine" in {s.card.name for s in installed_styles(own)}


def test_a_trunk_of_the_same_name_is_not_taken(pack: Path, own: Path) -> None:
    """The trunk was trained anew: what was made for the old one is refused, and not painted as noise."""
    write_catalog(tiny_trunk(pack, "pack", {"green": (0, 1, 0)}, numbers="new"), pack)
    with pytest.raises(InputError, match="mine is a style of the trunk pack, which is in none"):
        open_style("mine", (own, pack), "cpu")


def test_a_vector_beside_another_trunk_is_refused(pack: Path) -> None:
    """Whatever the catalogue says: the trunk's own card decides."""
    newer = tiny_model(pack / "pack.onnx", "flat", tiny_card("pack", numbers="new"))
    rows = [dataclasses.replace(e, sha256=newer) if e.model == "pack.onnx" else e for e in read_catalog(pack)]
    write_catalog(rows, pack)
    with pytest.raises(InputError, match=r"red\.safetensors belongs to another trunk called pack .*newstyle"):
        open_style("red", pack, "cpu")


def test_a_style_that_names_no_trunk_is_refused(pack: Path) -> None:
    rows = [dataclasses.replace(e, card=dataclasses.replace(e.card, trunk_hash="")) for e in read_catalog(pack)]
    write_catalog(rows, pack)
    with pytest.raises(InputError, match=r"red\.safetensors belongs to another trunk"):
        open_style("red", pack, "cpu")


def test_copies_of_a_trunk_blend_and_a_damaged_one_spoils_no_other(pack: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    write_catalog(tiny_trunk(copy, "again", {"yellow": (1, 1, 0)}, numbers="pack"), copy)
    assert colour("yellow:0.5,blue:0.5", copy, pack) == [128, 128, 128]
    (copy / "again.onnx").write_bytes(b"damaged")
    assert colour("blue", copy, pack) == [0, 0, 255]


def test_the_users_folder_need_not_be_there_but_others_must(styles: Path, own_styles: Path, tmp_path: Path) -> None:
    assert [s.card.name for s in installed_styles((own_styles, styles))] == ["negative", "same"]
    with pytest.raises(InputError, match=r"There is no catalogue .*typo"):
        installed_styles((tmp_path / "typo", styles))
    own_styles.mkdir(parents=True)
    write_catalog([tiny_style(own_styles, "same", "inverse")], own_styles)
    assert [s.card.name for s in installed_styles((own_styles, styles))] == ["same", "negative"]
    with pytest.raises(InputError, match="choose one of same, negative"):
        find_blend("nothing", (own_styles, styles))


def test_the_shipped_catalogue_tells_of_the_shipped_files() -> None:
    for entry in read_catalog():
        assert sha256(WEIGHTS / entry.model) == entry.sha256
        assert not entry.vector or sha256(WEIGHTS / entry.vector) == entry.vector_sha256
