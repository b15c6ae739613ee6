"""Command lines made from dataclasses; those of a run begin with a preset, and every option goes on top."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, TypeVar

import tyro

from gatys.settings import PRESETS, Settings
from weights.command_line import in_one_sentence

T = TypeVar("T")


def parse(
    kind: type[T],
    prog: str,
    description: str | None,
    arguments: Sequence[str] | None = None,
    default: Any = tyro.MISSING_NONPROP,
) -> T:
    """The dataclass `kind` from the command line; `default` holds other defaults than its own. Raises InputError."""

    def by_tyro() -> T:
        found: T = tyro.cli(kind, args=arguments, default=default, prog=prog, description=description)
        return found

    return in_one_sentence(by_tyro, prog)


def parse_settings(prog: str, description: str | None, arguments: Sequence[str] | None = None) -> Settings:
    """A run's settings; a --preset among the arguments sets the defaults of the others. Raises InputError."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--preset", nargs="?")
    name = early.parse_known_args(arguments)[0].preset
    default = Settings(tyro.MISSING, tyro.MISSING, **PRESETS.get(name, {}))
    return parse(Settings, prog, description, arguments, default)
