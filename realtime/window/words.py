"""What stands over the picture."""

from __future__ import annotations

import time
from collections.abc import Callable

REMARK_SECONDS = 4.0


class Words:
    """Chooses between what there is to say.

    A complaint (something the user asked for failed) stays until the user does something; else a state is said for as
    long as it lasts; else a remark for a while.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._complaint, self._remark, self._until = "", "", 0.0

    def complain(self, words: str) -> None:
        """Say `words` until `settle`."""
        self._complaint = words

    def settle(self) -> None:
        """The user has done something, and so has seen the complaint."""
        self._complaint = ""

    def remark(self, words: str, seconds: float = REMARK_SECONDS) -> None:
        """Say `words` for so many seconds."""
        self._remark, self._until = words, self._clock() + seconds

    def now(self, state: str = "") -> str:
        """What to show now; `state` is what the state of things has to say, "" for nothing."""
        if self._complaint or state:
            return self._complaint or state
        return self._remark if self._clock() <= self._until else ""
