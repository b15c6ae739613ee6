"""Looks: kept as JSON, read back as they were, and refused in a sentence where they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.__main__ import main
from realtime.looks import Look, load_look, look_path, looks_folder, numbered, save_look
from realtime.options import Options, parse
from weights.errors import InputError

LOOK = Look("a:0.5,b:0.5", strength=0.25, stroke=0.5, keep_colors=1.0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEBRUSH_HOME", str(tmp_path))


def test_a_look_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    save_look(numbered(3), LOOK)
    assert load_look(numbered(3)) == LOOK
    assert [path.name for path in looks_folder().iterdir()] == ["3.json"]
    assert (look_path("3"), look_path("mine.json")) == (numbered(3), Path("mine.json"))


def test_what_a_look_does_not_say_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "short.json"
    path.write_text('{"style": "a", "of a later version": 3}')
    assert load_look(path) == Look("a")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"style": 3}', '{"style": ""}', '{"style": "a", "strength": 2}', '{"style": "a", "stroke": "x"}',
        '{"style": "a", "strength": NaN}', '{"style": "a", "keep_colors": true}', "[" * 20000, "\0", " " * 70000],
)  # fmt: skip
def test_what_is_no_look_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "no.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"no\.json.*\.$"):
        load_look(path)


def test_a_look_that_an_editor_saved_with_a_mark_of_its_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "edited.json"
    path.write_text('{"style": "a"}', encoding="utf-8-sig")
    assert load_look(path) == Look("a")


@pytest.mark.parametrize("style", ["gone", "same:x"])
def test_a_look_whose_style_can_not_be_had_is_named(tmp_path: Path, styles: Path, style: str) -> None:
    path = tmp_path / "old.json"
    save_look(path, Look(style))
    words = [str(tmp_path / "photo.jpg"), "--look", str(path), "--weights", str(styles)]
    with pytest.raises(InputError, match=r"The look .*old\.json can't be used: "):
        main(words)
    with pytest.raises(InputError, match=r"^There is no file .*photo"):
        main([*words, "--style", "other"])


def test_a_missing_look_and_a_folder_are_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match=r"look .*: save"):
            load_look(path)


def test_a_look_sets_the_options_and_what_is_typed_wins(tmp_path: Path) -> None:
    save_look(numbered(7), LOOK)
    options = parse(["--look", "7", "--strength", "0.75", "x.jpg"])
    assert (options.style, options.strength, options.stroke, options.keep_colors) == ("a:0.5,b:0.5", 0.75, 0.5, 1.0)
    assert parse(["x.jpg"]).strength == Options().strength, "for this command alone"
    with pytest.raises(InputError, match="no look"):
        parse(["--look", str(tmp_path / "none.json")])
    with pytest.raises(InputError, match="no look 8 yet: Ctrl 8"):
        parse(["--look", "8"])
