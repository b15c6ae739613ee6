"""Command lines made from dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import tyro

from weights.command_line import in_one_sentence

T = TypeVar("T")


def parse(kind: type[T], prog: str, description: str | None, arguments: Sequence[str] | None = None) -> T:
    """The dataclass `kind`, whose parts' fields are options too, from the command line. Raises InputError."""

    def by_tyro() -> T:
        found: T = tyro.cli(
            kind, args=arguments, prog=prog, description=description, config=(tyro.conf.OmitArgPrefixes,)
        )
        return found

    return in_one_sentence(by_tyro, prog)


def parse_one_of(
    kinds: Mapping[str, type], prog: str, description: str | None, arguments: Sequence[str] | None = None
) -> Any:
    """The dataclass of the subcommand that the command line names, one of `kinds`. Raises InputError."""
    return in_one_sentence(
        lambda: tyro.extras.subcommand_cli_from_dict(dict(kinds), args=arguments, prog=prog, description=description),
        prog,
    )
