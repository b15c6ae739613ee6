"""A command line that is refused in one sentence, whatever its parser prints."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import textwrap
from collections.abc import Callable
from typing import TypeVar

from weights.errors import InputError

T = TypeVar("T")

_RULE = re.compile(r"[─-]{5,}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def in_one_sentence(parse: Callable[[], T], prog: str) -> T:
    """What `parse` returns. Raises InputError where it exits as argparse and tyro do for a bad command line.

    Both print many lines then: a usage text, or a box with the help of what was meant. --help goes on as it is.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            result = parse()
    except SystemExit as done:
        if done.code != 2:
            raise
        complaint = _complaint(_COLOUR.sub("", printed.getvalue()))
        raise InputError(f"{complaint[:1].upper()}{complaint[1:]}: see {prog} --help.") from None
    sys.stderr.write(printed.getvalue())
    return result


def _complaint(text: str) -> str:
    """What argparse says behind `error:`, or the gist of tyro's box."""
    if "error: " in text:
        return text.rpartition("error: ")[2].strip()
    gist, *more = [*_parts(text), [], []][1:]  # its title comes first
    if gist and gist[0].startswith("Missing from "):
        return f"Missing: {', '.join(_named(gist[1:]))}"
    said = " ".join(line.strip() for line in gist).replace(" .", ".").rstrip(".")
    for part in more:
        if part and part[0].startswith("Perhaps you meant"):
            said += f"; perhaps you meant {' or '.join(_named(part[1:]))}"
    return said or "the command line can't be read"


def _parts(box: str) -> list[list[str]]:
    """The lines between the rules of a box, which has borders or, where the terminal can't show them, none."""
    parts: list[list[str]] = [[]]
    for line in box.splitlines():
        if line.startswith("╭") or _RULE.fullmatch(line.strip("│ ")):
            parts.append([])
        elif not line.startswith("╰"):
            parts[-1].append(line.strip("│").rstrip())
    return [textwrap.dedent("\n".join(part)).splitlines() for part in parts]


def _named(lines: list[str]) -> list[str]:
    """The options of a list with their help below each; an argument without a name of its own keeps the help."""
    found: list[str] = []
    for line in lines:
        if not line.startswith(" " * 8):
            found.append(line.split(",")[0].split()[0])
        elif not found[-1].startswith("-"):
            found[-1] += f" {line.strip()}"
    return [re.sub(r"^([^-]\S*) (.*?)( \(required\))?$", r"\1 (\2)", name) for name in found]
