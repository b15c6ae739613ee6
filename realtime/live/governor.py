"""How many lines to work at so that the rate is held: small steps, in the smallest number, and none back and forth.

Numbers in, a number out: time, threads and pictures are the loop's.
"""

from __future__ import annotations

from collections import deque
from statistics import median

STEP = 0.9
"""From one height to the next lower one: a fifth of the pixels."""

LEAST = 120
"""Lines below which no painting is worth looking at."""

_FULL = 0.9  # of the time between two frames, that a lower height is chosen for: the rest is for what varies
_FREE = 0.8  # of it, that a higher one may take: between the two nothing changes
_OVER = 1.02
_FRAMES = 5  # that a judgement takes at the least
_RECENT_SECONDS = 0.5
_DOWN_SECONDS, _UP_SECONDS = 0.3, 1.0  # how long a height is tried before a lower or a higher one
_REGRET_SECONDS = 5.0  # a higher one that lasted no longer was a mistake: the next is tried later
_LATEST_SECONDS = 32.0


def ladder(top: int) -> list[int]:
    """The heights to choose from, highest first: `top` and multiples of eight below it, each a STEP from the next."""
    heights = [top]
    while (lower := int(min(heights[-1] - 1, top * STEP ** len(heights)) // 8 * 8)) >= LEAST:
        heights.append(lower)
    return heights


class Governor:
    """Judges by how long frames take.

    >>> governor = Governor()
    >>> governor.judge(seconds=0.05, now=12.0, budget=1 / 30, height=480, top=480)    # after each frame
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()  # (when, seconds it took), since the last change
        self._since: float | None = None
        self._rose: float | None = None  # when it was changed to a higher one
        self._patience = _UP_SECONDS

    def restart(self) -> None:
        """Forget how long frames took: they take another time from now on."""
        self._seen.clear()
        self._since = None

    def judge(self, seconds: float, now: float, budget: float, height: int, top: int) -> int | None:
        """The height to change to, None to stay.

        The newest frame took `seconds` at `height` lines and was done at `now`; `budget` is the time between two
        frames, `top` the most lines that can be of use. Whoever changes calls `restart`.
        """
        if self._since is None:
            self._since = now
            return None  # the first at a new height may have waited for something
        self._seen.append((now, seconds))
        while self._seen[0][0] < now - _RECENT_SECONDS and len(self._seen) > _FRAMES:
            self._seen.popleft()
        tried = now - self._since
        if len(self._seen) < _FRAMES or tried < _DOWN_SECONDS:
            return None
        took = median(seconds for _, seconds in self._seen)
        if took > _OVER * budget:
            return self._lower(took, now, budget, height, top)
        if self._rose is not None and now - self._rose > _LATEST_SECONDS:
            self._rose, self._patience = None, _UP_SECONDS
        return self._higher(took, now, budget, height, top) if tried >= self._patience else None

    def _lower(self, took: float, now: float, budget: float, height: int, top: int) -> int | None:
        lower = [lines for lines in ladder(top) if lines < height]
        if not lower:
            return None
        if self._rose is not None and now - self._rose < _REGRET_SECONDS:
            self._patience = min(2 * self._patience, _LATEST_SECONDS)
        return next((lines for lines in lower if _expected(took, height, lines) <= _FULL * budget), lower[-1])

    def _higher(self, took: float, now: float, budget: float, height: int, top: int) -> int | None:
        higher = [lines for lines in ladder(top) if lines > height]
        fits = [lines for lines in higher if _expected(took, height, lines) <= _FREE * budget]
        if not fits:
            return None
        self._rose = now
        return fits[0]


def _expected(took: float, height: int, other: int) -> float:
    """Seconds at the `other` height: they go with the pixels."""
    return took * (other / height) ** 2
