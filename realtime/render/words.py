"""What painting a clip has to say, in sentences that several places need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError

from realtime.av_frames import reason_of
from weights.errors import FULL, MAKE_ROOM, InputError


def white_notes(source: Path) -> list[str]:
    """What is said where the transparency of `source` is lost."""
    return [f"The transparency of {source.name} became white: .webm, .webp, .gif, or .mov with --codec prores keep it."]


@contextmanager
def said_of(target: Path) -> Iterator[None]:
    """What FFmpeg or the system says against writing `target`, as a sentence."""
    try:
        yield
    except BrokenPipeError:  # of what is printed
        raise
    except (FFmpegError, OSError) as error:
        mend = MAKE_ROOM if error.errno in FULL else "try .mkv, or another place with -o"
        raise InputError(f"{target} can't be written ({reason_of(error)}): {mend}.") from error
