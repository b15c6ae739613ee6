"""Styles by name: networks of their own, vectors for a trunk and blends of these, with one session for each network."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from realtime.styles import Opener, engine_choice, open_style, stylizer
from realtime.styles.blends import find_blend, name_of, read_blend, write_blend
from realtime.styles.engines import Engine, Wanted
from realtime.styles.onnx_file import ModelFile
from tests.conftest import picture, tiny_card, tiny_model
from weights.card import Card
from weights.catalog import read_catalog, write_catalog
from weights.errors import InputError
from weights.files import sha256

IMAGE = picture(24, 32)


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many sessions were made, by the model's name."""
    made: Counter[str] = Counter()
    real = engine_choice.open_engine

    def counted(model: ModelFile, wanted: Wanted) -> tuple[Engine, str]:
        made[model.path.name] += 1
        return real(model, wanted)

    monkeypatch.setattr(stylizer, "open_engine", counted)
    return made


def colour(opener: Opener, style: str) -> tuple[int, ...]:
    """The one colour that a style of a tiny trunk fills the frame with."""
    painted = opener(style)(IMAGE)
    assert (painted == painted[0, 0]).all()
    return tuple(int(value) for value in painted[0, 0])


def test_both_kinds_are_opened_alike(pack: Path) -> None:
    np.testing.assert_array_equal(open_style("negative", pack, "cpu")(IMAGE), 255 - IMAGE)
    red = open_style("red", pack, "cpu")
    assert (red(IMAGE) == (255, 0, 0)).all()
    np.testing.assert_array_equal(red(IMAGE, strength=0.0), IMAGE)
    assert (red.card.name, red.card.trunk, red.device) == ("red", "pack", "cpu")


def test_a_blend_is_the_weighted_sum_of_vectors(pack: Path) -> None:
    opener = Opener(pack, "cpu", 1)
    assert colour(opener, "red:0.6,blue:0.4") == (153, 0, 102)
    assert colour(opener, "red:3,blue:2") == (153, 0, 102)
    assert colour(opener, "red,green,blue") == (85, 85, 85)
    assert colour(opener, "red:0.2") == colour(opener, "red:1,blue:0") == colour(opener, "red") == (255, 0, 0)
    card = opener("red:0.6,blue:0.4").card
    assert (card.name, card.title) == ("red-60-blue-40", "Red 60%, Blue 40%")


def test_styles_of_one_trunk_share_one_session(pack: Path, sessions: Counter[str]) -> None:
    opener = Opener(pack, "cpu", 1)
    for style in ("red", "blue", "red:0.5,green:0.5", "green", "red"):
        opener(style)(IMAGE)
    assert sessions == {"pack.onnx": 1}
    opener("negative")
    opener("red")
    assert sessions == {"pack.onnx": 1, "negative.onnx": 1}


def test_no_more_than_two_networks_are_kept_open(pack: Path, sessions: Counter[str]) -> None:
    opener = Opener(pack, "cpu", 1)
    for style in ("red", "negative", "black", "white", "red"):
        opener(style)
    assert sessions == {"pack.onnx": 2, "negative.onnx": 1, "grey.onnx": 1}


def test_threads_that_ask_at_once_get_one_session(pack: Path, sessions: Counter[str]) -> None:
    opener = Opener(pack, "cpu", 1)
    threads = [threading.Thread(target=opener, args=(style,)) for style in ("red", "green", "blue") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sessions == {"pack.onnx": 1}


def test_a_trunk_exported_again_is_opened_again(pack: Path, sessions: Counter[str]) -> None:
    opener = Opener(pack, "cpu", 1)
    opener("red")
    newer = tiny_model(pack / "pack.onnx", "flat", tiny_card("newer", numbers="pack"))
    entries = [replace(e, sha256=newer if e.model == "pack.onnx" else e.sha256) for e in read_catalog(pack)]
    write_catalog(entries, pack)
    opener("red")
    assert sessions == {"pack.onnx": 2}


def test_a_replaced_trunk_is_noticed_before_it_is_opened(pack: Path, sessions: Counter[str]) -> None:
    tiny_model(pack / "pack.onnx", "flat", tiny_card("another"))
    with pytest.raises(InputError, match=r"pack\.onnx is not the one in the catalogue .*export red again"):
        open_style("red", pack, "cpu")
    assert not sessions


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("red,negative", "The style negative is a network of its own, which can't be blended: "),
        ("red:0.5,black:0.5", "The styles red and black belong to different networks and can't be blended: "),
    ],
)
def test_what_can_not_be_blended_is_said_with_what_can(pack: Path, style: str, words: str) -> None:
    with pytest.raises(InputError) as said:
        open_style(style, pack, "cpu")
    assert str(said.value) == words + "blend some of black, white; or some of blue, green, red."


def test_a_catalogue_without_trunks_has_nothing_to_blend(styles: Path) -> None:
    with pytest.raises(InputError, match=r"network of its own.*: no styles that can are installed"):
        find_blend("same,negative", styles)


@pytest.mark.parametrize("style", ["", "red,", ":1", "red:", "red:much", "red:-1,blue:2", "red:nan", "red:inf"])
def test_a_blend_that_can_not_be_read_is_said(style: str) -> None:
    with pytest.raises(InputError, match="can't be read: give one name"):
        read_blend(style)


def test_other_bad_blends_are_said(pack: Path) -> None:
    with pytest.raises(InputError, match="give at least one style a number above 0"):
        read_blend("red:0,blue:0")
    with pytest.raises(InputError, match="no style called 'purple': choose one of black, blue, "):
        find_blend("red,purple:0", pack)


def test_a_blend_is_written_as_it_is_read() -> None:
    weights = read_blend(" red : 3, blue:1,red:4 ")
    assert weights == {"red": 0.875, "blue": 0.125}
    assert read_blend(write_blend(weights)) == weights
    assert write_blend({"red": 1.0, "blue": 0.0}) == "red"
    assert name_of("red") == "red"
    assert Card(name_of("red:1,blue:2,green:0"), "", "", "").name == "red-33-blue-67"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: p.unlink(), r"red\.safetensors is missing: export"),
        (lambda p: p.write_bytes(p.read_bytes()[:-4]), r"red\.safetensors can't be read .*: export"),
        (lambda p: p.write_bytes(b"version https://git-lfs"), r"red\.safetensors can't be read .*: export"),
        (lambda p: save_file({"gamma": np.zeros(3, np.float32)}, p), r"red\.safetensors holds no style vector: export"),
        (lambda p: save_file({"style": np.zeros(5, np.float32)}, p), r"has 5 numbers where its trunk takes 3: export"),
        (lambda p: save_file({"style": np.zeros((3, 1), np.float32)}, p), r"has 3x1 numbers where its trunk takes 3"),
        (lambda p: save_file({"style": np.full(3, np.nan, np.float32)}, p), r"red\.safetensors is damaged"),
    ],
)
def test_a_bad_vector_is_named_with_its_mend(pack: Path, damage, words: str) -> None:  # type: ignore[no-untyped-def]
    damage(pack / "red.safetensors")
    with pytest.raises(InputError, match=words):
        open_style("red", pack, "cpu")
    with pytest.raises(InputError, match=words):
        open_style("blue,red", pack, "cpu")


def test_a_vector_of_half_precision_is_read(pack: Path) -> None:
    save_file({"style": np.array([0, 1, 0], np.float16)}, pack / "red.safetensors")
    digest = sha256(pack / "red.safetensors")
    write_catalog([replace(e, vector_sha256=digest) if e.card.name == "red" else e for e in read_catalog(pack)], pack)
    assert colour(Opener(pack, "cpu", 1), "red") == (0, 255, 0)


def test_a_catalogue_that_takes_a_network_for_a_trunk_is_said(pack: Path) -> None:
    wrong = [
        replace(e, model="negative.onnx", sha256=n.sha256) if e.card.name == "red" else e
        for n in read_catalog(pack)
        if n.card.name == "negative"
        for e in read_catalog(pack)
    ]
    write_catalog(wrong, pack)
    with pytest.raises(InputError, match=r"negative\.onnx is not what the catalogue says of red: export it again"):
        open_style("red", pack, "cpu")
