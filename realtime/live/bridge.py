"""The size to work at while a new one is made fast: the last one that was, so that no change of size is waited for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from realtime.live.styling import Paints

_log = logging.getLogger(__name__)

Size = tuple[int, int]
"""(height, width)"""


class Bridge:
    """Between two sizes; `size` belongs to the inference thread. `ready` is called, in another, when one was made."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._last: Size | None = None  # worked at before
        self._given_up: tuple[object, Size] | None = None  # a network, and what it can't be made fast for
        self._making: threading.Thread | None = None
        self._under_way: tuple[object, Size] | None = None  # in that thread, its slow first frame included

    def size(self, stylizer: Paints, wanted: Size) -> Size:
        """`wanted` where `stylizer` is fast at it, or at nothing else; else the last size.

        What stays wanted is made fast meanwhile; the first frame of all comes before that.
        """
        last = self._last
        this = stylizer.network, wanted
        fast = this == self._given_up or (stylizer.ready(*wanted) and this != self._under_way)
        between = last is not None and stylizer.ready(*last)
        if fast or not between:
            self._last = wanted
        if fast or last is None:
            return wanted
        if self._making is None or not self._making.is_alive():
            self._under_way = this
            self._making = threading.Thread(target=self._make, args=(stylizer, wanted), name="bridge", daemon=True)
            self._making.start()
        return last if between else wanted

    def join(self, deadline: float) -> None:
        """Wait for what is being made until the monotonic time `deadline`."""
        making = self._making
        if making is not None:
            making.join(max(0.0, deadline - time.monotonic()))

    def _make(self, stylizer: Paints, size: Size) -> None:
        try:
            stylizer.warm_up(*size)
        except Exception as error:  # a frame of that size says what is wrong, where it can't be painted
            _log.warning("%dx%d can't be prepared: %s", size[1], size[0], error, exc_info=error)
        if not stylizer.ready(*size):
            self._given_up = stylizer.network, size
        self._under_way = None
        self._ready()
