"""Who may use the GPU when: while the work of a frame is recorded, CUDA refuses what any other thread asks for.

>>> with GATE.painting(): ...
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Frames pass at once; sessions are made one at a time beside them; one records alone. None may be in another."""

    def __init__(self) -> None:
        self._maker = threading.Lock()  # one makes or records: so who records waits for frames alone
        self._changed = threading.Condition()  # guards the two below
        self._inside, self._closed = 0, False
        self._left: queue.SimpleQueue[object] = queue.SimpleQueue()

    @contextmanager
    def painting(self) -> Iterator[None]:
        """For what takes as long as a frame; it lets go what was left, too."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            self._let_go()
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def making(self) -> Iterator[None]:
        """For what may take long: nobody records meanwhile."""
        with self._maker:
            self._let_go()
            yield

    @contextmanager
    def recording(self) -> Iterator[None]:
        """For a record: frames on their way are awaited, and the next ones wait."""
        with self._maker:
            try:
                with self._changed:
                    self._closed = True
                    self._changed.wait_for(lambda: not self._inside)
                yield
            finally:
                with self._changed:
                    self._closed = False
                    self._changed.notify_all()

    def leave(self, what: object) -> None:
        """Keep what holds memory of the GPU until it may be freed; never waits, so that a finalizer may call it."""
        self._left.put(what)

    def _let_go(self) -> None:
        while not self._left.empty():
            try:
                self._left.get_nowait()
            except queue.Empty:
                return


GATE = Gate()
"""The GPU's, for the whole process."""
