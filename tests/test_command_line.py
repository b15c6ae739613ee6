"""What parsers print in boxes and usage texts becomes one sentence; help stays what it is."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import tyro

from weights.command_line import in_one_sentence
from weights.errors import InputError

PROG = "python -m somewhere"


@dataclass(frozen=True)
class Options:
    """Do something."""

    photo: Annotated[Path, tyro.conf.Positional]
    """The photo whose content is kept."""
    name: str
    """A name."""
    steps: int = 3
    """Steps, of which there may be so many that this text goes on to a second line."""
    optimizer: Literal["soap", "adam"] = "soap"

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise InputError("--steps must be 0 or more.")


def by_tyro(*arguments: str) -> Options:
    return in_one_sentence(lambda: tyro.cli(Options, args=arguments, prog=PROG), PROG)


@pytest.mark.parametrize("borders", [True, False])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "Missing: PATH (The photo whose content is kept.), --name"),
        ("a.jpg --name x --steps 1.5", "Error parsing --steps: invalid literal for int() with base 10: '1.5'"),
        ("a.jpg --name x --stepz 3", "Unrecognized options: --stepz, 3; perhaps you meant --steps"),
        ("a.jpg --name x --qqqqqqqq", "Unrecognized options: --qqqqqqqq"),
        ("a.jpg --name x --steps", "Missing value for argument '--steps'"),
        (
            "a.jpg --name x --optimizer sgd",
            "Invalid choice 'sgd' for argument '--optimizer'. Expected one of ('soap', 'adam')",
        ),
        (f"a.jpg --name x --steps {'x' * 200}", "Error parsing --steps"),
    ],
)
def test_tyros_box_becomes_a_sentence(
    arguments: str, words: str, borders: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")  # tyro breaks its lines for the terminal
    monkeypatch.setattr("tyro._fmtlib._FORCE_UTF8_BOXES", borders)
    with pytest.raises(InputError) as said:
        by_tyro(*arguments.split())
    assert str(said.value).startswith(words) and str(said.value).endswith(f": see {PROG} --help.")
    assert "\n" not in str(said.value) and not any(c in str(said.value) for c in "│╭─\x1b")
    assert capsys.readouterr() == ("", "")


def test_a_subcommand_is_asked_for() -> None:
    @dataclass
    class Other:
        more: int = 1

    def parse(*arguments: str) -> object:
        kinds: dict[str, Any] = {"one": Options, "other": Other}
        return in_one_sentence(lambda: tyro.extras.subcommand_cli_from_dict(kinds, args=arguments, prog=PROG), PROG)

    assert parse("other", "--more", "3") == Other(3)
    with pytest.raises(InputError, match=r"Expected one of \{one, other\}: see"):
        parse()
    with pytest.raises(InputError, match="Unrecognized options: third: see"):
        parse("third")
    with pytest.raises(InputError, match=r"Missing: PATH .*, --name: see"):
        parse("one")


def test_argparses_usage_becomes_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(PROG)
    parser.add_argument("source")
    with pytest.raises(InputError, match=r"^The following arguments are required: source: see python -m somewhere"):
        in_one_sentence(lambda: parser.parse_args([]), PROG)
    with pytest.raises(InputError, match=r"^Unrecognized arguments: --foo: see"):
        in_one_sentence(lambda: parser.parse_args(["a", "--foo"]), PROG)
    assert capsys.readouterr() == ("", "")


def test_help_and_good_input_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert by_tyro("a.jpg", "--name", "x") == Options(Path("a.jpg"), "x")
    with pytest.raises(SystemExit) as done:
        by_tyro("--help")
    assert done.value.code == 0 and "--optimizer {soap,adam}" in capsys.readouterr().out


def test_what_the_options_say_themselves_and_what_is_no_complaint_pass(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"^--steps must be 0 or more.$"):
        by_tyro("a.jpg", "--name", "x", "--steps", "-1")

    def warns() -> int:
        print("careful", file=sys.stderr)
        return 3

    assert in_one_sentence(warns, PROG) == 3
    assert capsys.readouterr().err == "careful\n"
