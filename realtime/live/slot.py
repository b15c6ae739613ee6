"""A place for one item between two threads: the newest wins."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds one item; a newer one takes its place."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._changed = threading.Condition()
        self.dropped = 0

    def put(self, item: T) -> None:
        """Put `item` in, over what was there."""
        with self._changed:
            self.dropped += self._item is not None
            self._item = item
            self._changed.notify_all()

    def offer(self, item: T) -> None:
        """Put `item` in, unless there is one."""
        with self._changed:
            if self._item is None:
                self._item = item
                self._changed.notify_all()

    def wait_empty(self, timeout: float) -> bool:
        """Whether there is no item, waiting up to `timeout` seconds for it to be taken."""
        with self._changed:
            return self._changed.wait_for(lambda: self._item is None, timeout)

    def take(self, timeout: float = 0.0) -> T | None:
        """The item, taken out; None where there is none within `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None, timeout)
            item, self._item = self._item, None
            self._changed.notify_all()
            return item
