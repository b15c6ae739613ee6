"""What Ctrl-C, a closed terminal and a scheduler's stop do.

They raise KeyboardInterrupt, so that nothing is left half done; but not while modules load: an import that is broken
off leaves a page of traceback, and some native ones abort. Nothing is under way then, so the program ends on the spot.
A signal that is ignored (nohup, a job in the background) stays ignored.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def leave_at_once() -> None:
    """From now on Ctrl-C ends the program here and now, in a word."""
    _handle("SIGINT", _leave)


def tidy_when_stopped() -> None:
    """From now on all three raise KeyboardInterrupt."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        _handle(name, signal.default_int_handler)


def _handle(name: str, handler: Callable[..., object]) -> None:
    number = getattr(signal, name, None)  # Windows has no SIGHUP
    if number is not None and signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, handler)


def _leave(*_: object) -> None:
    os.write(2, b"livebrush: stopped.\n")
    os._exit(130)
