"""The size that frames are worked at: the one they are shown at, or a smaller one that holds the rate."""

from __future__ import annotations

import logging
import threading
import time

from realtime.frames import working_size
from realtime.live.governor import Governor
from realtime.live.styling import InUse

_MOST = 30.0  # frames a second that are held unless more are asked for: above, lines are worth more
_log = logging.getLogger(__name__)

Size = tuple[int, int]
"""(height, width)"""


class Pace:
    """Holds `fps` frames a second, None for the source's own rate (up to 30), while `on`.

    A new size is prepared in a thread of its own and taken when it is ready, so that no change is seen but in the
    strokes. The methods belong to the inference thread, but for `stop`, `join` and `on`.
    """

    def __init__(self, fps: float | None = None, on: bool = True) -> None:
        self.on = on
        self._fps, self._governor = fps, Governor()
        self._height: int | None = None  # None: as many as are shown
        self._stamp: int | None = None
        self._preparing: threading.Thread | None = None

    def size(self, shown: Size) -> Size:
        """The size to work at, for frames that are shown at `shown`."""
        if not self.on or self._height is None or self._height >= shown[0]:
            return shown
        return working_size(shown, self._height)

    def painted(self, used: InUse, shown: Size, seconds: float, now: float, rate: float) -> None:
        """A frame was painted with `used` in `seconds`, done at `now`; `rate` is its source's, 0 where unknown."""
        if not self.on or (self._preparing is not None and self._preparing.is_alive()):
            return
        if used.stamp != self._stamp or self._preparing is not None:  # another network, or another size
            self._stamp, self._preparing = used.stamp, None
            self._governor.restart()
        height = self.size(shown)[0]
        wanted = self._governor.judge(seconds, now, 1 / self._target(rate), height, shown[0])
        if wanted is not None and wanted != height:
            self._preparing = threading.Thread(
                target=self._change, args=(used, shown, wanted), name="pace", daemon=True
            )
            self._preparing.start()

    def join(self, deadline: float) -> None:
        """Wait for what is being prepared until the monotonic time `deadline`."""
        preparing = self._preparing
        if preparing is not None:
            preparing.join(max(0.0, deadline - time.monotonic()))

    @property
    def prepares(self) -> bool:
        """Whether a size is being prepared."""
        return self._preparing is not None and self._preparing.is_alive()

    def _target(self, rate: float) -> float:
        return self._fps or (min(rate, _MOST) if rate >= 1 else _MOST)

    def _change(self, used: InUse, shown: Size, height: int) -> None:
        """Make frames of `height` lines as fast as they get, then take it."""
        try:
            used.stylizer.warm_up(*working_size(shown, height))
        except Exception as error:  # a frame of that size says what is wrong, where it can't be painted
            _log.warning("%d lines can't be prepared: %s", height, error, exc_info=error)
        self._height = height
