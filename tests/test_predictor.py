"""A picture as a style: predicted, blended, refused in a sentence; whatever kind of picture it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import realtime.__main__ as program
from realtime.live import Live
from realtime.sheet import SheetOptions, make_sheet
from realtime.styles import Opener
from realtime.styles.blends import find_blend, name_of, read_blend, with_whole_paths, write_blend
from realtime.styles.predictor import Predictor, read_painting
from tests.conftest import picture
from tests.live_fakes import Numbered, until
from tests.predictor_fakes import colour_picture, predictor_card, tiny_predictor
from weights.errors import InputError
from weights.folders import WEIGHTS

IMAGE = picture(24, 32)


@pytest.fixture
def able(pack: Path) -> Path:
    """The folder of `pack` with a predictor for its trunk."""
    tiny_predictor(pack)
    return pack


def colour(opener: Opener, style: str, stroke: float = 1.0) -> tuple[int, ...]:
    painted = opener(style)(IMAGE, stroke=stroke)
    assert (painted == painted[0, 0]).all()
    return tuple(int(value) for value in painted[0, 0])


def test_a_picture_is_a_style(able: Path, tmp_path: Path) -> None:
    mine = colour_picture(tmp_path / "My Garden.png", 200, 100, 50)
    opener = Opener(able, "cpu", 1)
    assert colour(opener, str(mine)) == (200, 100, 50)
    assert colour(opener, str(mine), stroke=0.0) == (100, 50, 25)
    assert colour(opener, f"{mine}:0.5,red:0.5") == (228, 50, 25)
    assert opener(str(mine)).network is opener("red").network, "so that it can be faded to"
    card = opener(str(mine)).card
    assert (card.name, card.title, card.method, card.trunk) == ("my-garden", "My Garden", "predicted", "pack")
    assert name_of(f"{mine}:1,red:1") == "my-garden-50-red-50"


def test_a_picture_that_changes_is_looked_at_again(able: Path, tmp_path: Path) -> None:
    opener = Opener(able, "cpu", 1)
    mine = str(colour_picture(tmp_path / "mine.png", 200, 100, 50))
    assert colour(opener, mine) == (200, 100, 50)
    colour_picture(tmp_path / "mine.png", 10, 20, 30, size=(30, 90))
    assert colour(opener, mine) == (10, 20, 30)


def test_a_name_may_hold_commas_and_colons(tmp_path: Path) -> None:
    odd = colour_picture(tmp_path / "a, b:0.7, c.png", 1, 2, 3)
    assert read_blend(str(odd)) == {str(odd): 1.0}
    blend = {str(odd): 0.75, "red": 0.25}
    assert read_blend(write_blend(blend)) == blend
    assert read_blend("C:\\mine.jpg:1,D:\\other.jpg:3") == {"C:\\mine.jpg": 0.25, "D:\\other.jpg": 0.75}
    assert read_blend("C:\\mine.jpg") == {"C:\\mine.jpg": 1.0}


def test_pictures_are_named_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert with_whole_paths("mine.jpg") == str(tmp_path / "mine.jpg")
    assert with_whole_paths("red:0.5,mine.jpg:0.5") == f"red:0.5,{tmp_path / 'mine.jpg'}:0.5"
    assert with_whole_paths("red") == "red"


GREY16 = np.full((40, 40), 257 * 128, np.uint16)
CLEAR = np.zeros((40, 40, 4), np.uint8)


@pytest.mark.parametrize(
    ("pixels", "mean"),
    [(GREY16, 128), (GREY16[:1, :1], 128), (GREY16[:1], 128), (np.full((3, 4000), 9, np.uint8), 9), (CLEAR, 255)],
    ids=["grey of 16 bits", "one pixel", "a line", "a long strip", "transparent"],
)
def test_every_kind_of_picture_has_a_style(able: Path, tmp_path: Path, pixels: np.ndarray, mean: int) -> None:
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), pixels)
    vectors = Predictor(able / "predictor.onnx").predict(read_painting(path))
    assert vectors.shape == (2, 3) and vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[1] * 255, mean, atol=0.01)


def test_the_card_says_at_which_size_a_picture_is_looked_at(tmp_path: Path) -> None:
    assert Predictor(tiny_predictor(tmp_path, predictor_card(size=64))).short_side == 64
    assert Predictor(tiny_predictor(tmp_path)).short_side == 256
    with pytest.raises(InputError, match="the size '64'"):
        Predictor(tiny_predictor(tmp_path, predictor_card(size="64")))


def refused(style: str, folder: Path, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Opener(folder, "cpu", 1)(style)


def test_what_is_no_picture_is_said(able: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing")
    refused("none.jpg", able, r"no picture none\.jpg: check")
    refused("red:1,none.jpg:0", able, r"no picture none\.jpg: check")
    refused(str(broken), able, r"broken\.jpg is no picture that can be read")
    huge = tmp_path / "huge.png"
    sides = (400_000).to_bytes(4, "big") * 2
    huge.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + sides + b"\x08\x02\0\0\0" + bytes(16))
    refused(str(huge), able, r"huge\.png has 400000x400000 pixels.*: choose a smaller picture\.")
    text = tmp_path / "words.txt"
    text.write_text("words")
    refused(str(text), able, r"words\.txt is no picture that can be read")
    refused(str(tmp_path / "none.txt"), able, "no style called")
    refused(f"negative,{colour_picture(tmp_path / 'a.png', 1, 2, 3)}", able, "negative is a network of its own")


def test_a_missing_or_foreign_predictor_is_said(pack: Path, tmp_path: Path) -> None:
    mine = str(colour_picture(tmp_path / "mine.png", 200, 100, 50))
    refused(mine, pack, r"by predictor\.onnx, which is not in .*--weights")
    tiny_predictor(pack, predictor_card(numbers="of another trunk"))
    refused(mine, pack, "another trunk than those installed")
    tiny_predictor(pack, replace(predictor_card(), trunk_hash=""))
    refused(mine, pack, "another trunk than those installed")
    tiny_predictor(pack, scale=float("nan"))
    refused(mine, pack, "no style of this picture")
    (pack / "predictor.onnx").write_bytes((pack / "negative.onnx").read_bytes())
    refused(mine, pack, "no style predictor")
    (pack / "predictor.onnx").write_bytes(b"nothing")
    refused(mine, pack, r"predictor\.onnx is no style that can be read")


def test_files_and_sheets_take_pictures(able: Path, tmp_path: Path) -> None:
    mine = colour_picture(tmp_path / "mine.png", 200, 100, 50)
    photo = colour_picture(tmp_path / "photo.png", 1, 2, 3)
    command = [str(photo), "--style", str(mine), "--weights", str(able), "-o", str(tmp_path / "out")]
    assert program.main(command) == 0
    assert (read_painting(tmp_path / "out" / "photo.png") == (200, 100, 50)).all()
    sheet = make_sheet(SheetOptions((photo,), styles=(str(mine),), weights=able))
    assert (sheet == (200, 100, 50)).all(axis=2).any()


def test_the_live_picture_fades_to_a_picture(able: Path, tmp_path: Path) -> None:
    mine = str(colour_picture(tmp_path / "mine.png", 0, 0, 255))
    live = Live(lambda _: Numbered(free=True), "numbered", Opener(able, "cpu", 1), "red")
    live.start()
    try:
        until(lambda: live.newest() is not None)
        live.choose(mine, fade=0.1)
        until(lambda: (p := live.newest()) is not None and bool((p.image == (0, 0, 255)).all()))
        colour_picture(tmp_path / "mine.png", 0, 255, 0, size=(30, 50))
        live.reload_style(fade=0.0)
        until(lambda: (p := live.newest()) is not None and bool((p.image == (0, 255, 0)).all()))
        live.choose(str(tmp_path / "none.png"))
        until(lambda: (t := live.trouble()) is not None and "no picture" in t.words)
        assert live.style == mine
    finally:
        live.stop()


def test_a_blend_is_known_before_the_picture_is_read(able: Path, tmp_path: Path) -> None:
    mine = colour_picture(tmp_path / "mine.png", 200, 100, 50)
    one, other = find_blend(f"{mine}:0.25,green:0.75", able)
    assert (one.picture, one.weight, other.picture, other.style.card.name) == (mine, 0.25, None, "green")


def test_the_shipped_one_gives_a_painting_the_colours_of_the_picture(tmp_path: Path) -> None:
    """Of two pictures of the same shapes, a warm one and a cold one."""
    opener, frame = Opener(WEIGHTS, engine="onnxruntime"), picture(120, 160)
    warmth = []
    for name, tint in (("warm", (1.0, 0.7, 0.4)), ("cold", (0.4, 0.7, 1.0))):
        mine = tmp_path / f"{name}.png"
        cv2.imwrite(str(mine), (picture(200, 260, seed=3) * tint[::-1]).astype(np.uint8))
        red, _, blue = opener(str(mine))(frame).astype(float).mean((0, 1))
        warmth.append(red - blue)
    assert warmth[0] > warmth[1] + 20


@pytest.mark.parametrize(
    ("size", "rgb"),
    [((1, 1), (220, 30, 30)), ((300, 400), (20, 20, 220)), ((4, 5), (200, 190, 170)), ((300, 400), (255, 255, 255))],
    ids=["one red pixel", "a blue sheet", "some grey pixels", "a white sheet"],
)
def test_the_shipped_one_makes_a_style_of_what_is_no_painting(
    tmp_path: Path, size: tuple[int, int], rgb: tuple[int, int, int]
) -> None:
    """Such pictures are like none that it has learned from: it must not paint the dark."""
    mine = colour_picture(tmp_path / "odd.png", *rgb, size)
    painted = Opener(WEIGHTS, engine="onnxruntime")(str(mine))(picture(120, 160)).astype(float).mean((0, 1))
    assert painted.max() > 80
    wanted = np.array(rgb) - np.mean(rgb)
    assert (painted - painted.mean()) @ wanted >= 0.1 * wanted @ wanted
