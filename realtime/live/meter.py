"""How fast it goes: frames a second and milliseconds a frame, over the last moments."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Speed:
    """Frames a second, percentiles of the milliseconds a frame took, and how many `frames` were seen."""

    fps: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    frames: int = 0


class Meter:
    """Counts frames over a sliding window of `window` seconds; safe to fill in one thread and read in another."""

    def __init__(self, window: float = 2.0, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never go back."""
        self._window, self._clock = window, clock
        self._seen: deque[tuple[float, float]] = deque()  # (when, seconds it took)
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """One frame is done; it took `seconds`."""
        with self._lock:
            self._seen.append((self._clock(), seconds))
            self._forget()

    def read(self) -> Speed:
        """The speed over the window; all zero where no frame was seen in it."""
        with self._lock:
            self._forget()
            seen = list(self._seen)
        if not seen:
            return Speed()
        p50, p95 = np.percentile([seconds * 1000 for _, seconds in seen], [50, 95])
        span = seen[-1][0] - seen[0][0]
        fps = (len(seen) - 1) / span if span > 0 else 0.0
        return Speed(fps, float(p50), float(p95), len(seen))

    def _forget(self) -> None:
        oldest = self._clock() - self._window
        while self._seen and self._seen[0][0] < oldest:
            self._seen.popleft()
