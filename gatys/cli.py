"""Command lines made from settings: presets first, then every option on top."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import tyro

from gatys.settings import PRESETS

T = TypeVar("T")


def parse(kind: type[T], prog: str, description: str | None, arguments: Sequence[str] | None = None) -> T:
    """The dataclass `kind` from the command line; a --preset among the arguments sets the defaults of the others."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--preset", default="best")
    name = early.parse_known_args(arguments)[0].preset
    changed = _with_defaults(kind, PRESETS.get(name, {}))
    found = tyro.cli(changed, args=arguments, prog=prog, description=description, config=(tyro.conf.OmitArgPrefixes,))
    values = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}  # type: ignore[arg-type]
    return kind(**values)


def _with_defaults(kind: type[T], values: Mapping[str, Any]) -> type[T]:
    """A subclass of the dataclass with other defaults."""
    hints = {field.name: field.type for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    fields = [(name, hints[name], dataclasses.field(default=value)) for name, value in values.items()]
    changed = dataclasses.make_dataclass(kind.__name__, fields, bases=(kind,), frozen=True)
    changed.__module__, changed.__doc__ = kind.__module__, kind.__doc__
    return changed
