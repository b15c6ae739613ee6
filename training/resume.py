"""A stopped training goes on as the same training or not at all."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.checkpoint import STATE, load_state
from training.settings import option
from weights.errors import InputError, first_line


def what_must_stay(settings: Mapping[str, Any], free: Collection[str], content: Mapping[str, Any]) -> dict[str, Any]:
    """What a resumed run must have in common with this one, by what a user calls it, as JSON gives it back.

    All `settings` but the `free` ones, under the names of their options, and what else is named in `content`.
    """
    kept = {option(name): value for name, value in settings.items() if name not in free}
    same: dict[str, Any] = json.loads(json.dumps({**kept, **content}, default=str))
    return same


def names_of(pictures: Collection[Path]) -> str:
    """The pictures' file names: a folder may move, its pictures may not be others."""
    return " ".join(sorted(path.name for path in pictures))


def state_to_begin_with(folder: Path, same: Mapping[str, Any], resume: bool) -> dict[str, Any] | None:
    """What `state_to_resume` finds in `folder`, None where nothing is to be resumed. Raises InputError."""
    nothing_lost(folder, resume)
    return state_to_resume(folder, same) if resume else None


def nothing_lost(folder: Path, resume: bool) -> None:
    """Raises InputError where a training that doesn't `resume` would write over the checkpoint of one in `folder`."""
    path = folder / STATE
    if path.exists() and not resume:
        raise InputError(
            f"{path} is of an earlier training: go on with it by --resume, or delete it or name another --out to begin "
            "anew."
        )


def state_to_resume(folder: Path, same: Mapping[str, Any]) -> dict[str, Any]:
    """The checkpoint in `folder`, whose "same" is what `what_must_stay` gave then.

    Raises InputError where it was made with other settings, before anything is written.
    """
    state = load_state(folder)
    before = state.get("same", {})
    for name, value in same.items():
        if (was := before.get(name)) != value:
            words = f"is {value} and was {was}" if len(f"{value}{was}") < 80 else "is not what it was"
            raise InputError(f"{name} {words}: resume {folder} with the same settings.")
    return state


@contextmanager
def taking_over(folder: Path) -> Iterator[None]:
    """For lines that take over what the checkpoint in `folder` holds. Raises InputError where a part isn't there."""
    try:
        yield
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        reason = first_line(error)
        raise InputError(f"The checkpoint in {folder} is damaged ({reason}): delete it and train anew.") from error
