"""The card, bad input in words, and files that are whole or not there."""

import json
from pathlib import Path

import pytest

from weights.card import MAX_CARD, Card, StylePicture
from weights.errors import InputError, exit_code
from weights.files import replacing

CARD = Card(
    "great-wave",
    "The Great Wave",
    "johnson",
    "lite",
    {"width": 32},
    picture=StylePicture("The Great Wave", "Hokusai", "1831", "public domain"),
    license="MIT",
)


def test_a_card_survives_json() -> None:
    assert Card.from_json(CARD.to_json()) == CARD


def test_a_card_of_a_newer_version_is_read() -> None:
    values = json.loads(CARD.to_json()) | {"mood": "stormy"}
    values["picture"]["frame"] = "gilded"
    assert Card.from_json(json.dumps(values)) == CARD


@pytest.mark.parametrize("name", ["Great Wave", "", "wave/..", "-wave", "wave-"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="style name"):
        Card(name, "", "", "")


WRONG: list[dict[str, object]] = [
    {"name": 3},
    {"name": "../wave"},
    {"title": 3},
    {"method": None},
    {"picture": "foo"},
    {"picture": {"year": 1831}},
    {"arguments": []},
    {"training": "long"},
    {"stride": "4"},
    {"stride": 0},
    {"parity": "none"},
    {"title": "long" * MAX_CARD},
    {"title": "\x1b]0;mine\x07"},
    {"picture": {"painter": "\ud800"}},
]
DAMAGED = [
    "",
    "[]",
    "{}",
    '{"name": 3}',
    "null",
    '"x"',
    "[" * 100_000,
    *(json.dumps(json.loads(CARD.to_json()) | wrong) for wrong in WRONG),
]


@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: text[-60:])
def test_a_damaged_card_names_its_file(text: str) -> None:
    with pytest.raises(InputError, match=r"wave\.onnx"):
        Card.from_json(text, "wave.onnx")


def test_bad_input_is_no_value_error() -> None:
    """What catches a ValueError of a library must not swallow a sentence meant for the user."""
    assert not issubclass(InputError, ValueError)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / "out.txt"
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []
    with replacing(target) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("whole")
    assert [p.read_text() for p in target.parent.iterdir()] == ["whole"]


def test_bad_input_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise InputError("The picture x.jpg can't be read: save it again.")

    assert exit_code(main) == 2
    assert capsys.readouterr().err == "livebrush: The picture x.jpg can't be read: save it again.\n"


def test_what_is_written_can_be_read_by_others(tmp_path: Path) -> None:
    with replacing(tmp_path / "style.bin") as temporary:
        temporary.unlink()
        temporary.touch(mode=0o600)  # as safetensors does
    (tmp_path / "plain").touch()
    assert (tmp_path / "style.bin").stat().st_mode == (tmp_path / "plain").stat().st_mode
