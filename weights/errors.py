"""What a user did wrong, said in one sentence: exit code 2, no traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name))
"""What the system's errors say of a full disk."""

MAKE_ROOM = "the disk is full, so make room"
"""What helps then."""


class InputError(Exception):
    """Bad input. The message is one sentence that names the file or option and the mend.

    No ValueError: what catches one of a library's must not swallow the sentence.
    """


def first_line(error: Exception) -> str:
    """What a library's error says, for a sentence of ours: its first line with words, at most 200 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:200]


def exit_code(main: Callable[[], int | None]) -> int:
    """Run `main`; print an InputError as one line on stderr and return 2, return 130 on Ctrl-C.

    A reader that hangs up (`… --list | head -1`) is no error: what is left goes nowhere.
    """
    try:
        code = main() or 0
        print(end="", flush=True)
        return code
    except InputError as error:
        print(f"livebrush: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _print_no_more()
        return 0
    except OSError as error:
        if error.errno not in FULL:
            raise
        _print_no_more()
        what = error.filename or "what is printed"
        print(f"livebrush: Can't write {what} ({error.strerror}): {MAKE_ROOM}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("livebrush: stopped.", file=sys.stderr)
        return 130


def _print_no_more() -> None:
    """Let what is left to print go nowhere: Python would say at its end that it couldn't."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
