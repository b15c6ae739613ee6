"""Where painted frames go: any number of outputs, none of which can slow another or the painting.

`Screen` is for whoever looks now and then, and wants the newest. An output with work of its own (a file, a network, a
device) is a `QueuedOutput`: a bounded queue, a thread and a rule for what is dropped when the queue is full.

>>> class Counter(QueuedOutput):
...     def write(self, painted):
...         self.count += 1
>>> live.add(Counter("counter"))
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

from realtime.frames import Image, mirrored
from realtime.live.slot import Slot
from realtime.live.state import Condition, State, failed


@dataclass(frozen=True)
class Painted:
    """A frame ready to show: when it was `captured` and its painting `began`, in monotonic seconds, and how many
    `seconds` that took. It was painted at `size`, (height, width), and scaled up to that of the `original` if smaller.

    Its pictures belong to all outputs: none may write into them.
    """

    image: Image
    original: Image
    style: str
    captured: float
    seconds: float
    began: float = 0.0
    size: tuple[int, int] = (0, 0)


class Output(Protocol):
    """What the live loop asks of an output."""

    name: str

    @property
    def state(self) -> State:
        """How it stands."""

    def start(self) -> None:
        """Get ready; returns at once."""

    def offer(self, painted: Painted) -> None:
        """Take a frame or drop it, in the inference thread: never waits, never raises."""

    def stop(self) -> None:
        """Take no more frames; returns at once."""

    def join(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for what is under way after `stop`."""


class Screen:
    """The newest painted frame, for a window that looks at its own rate."""

    name = "screen"

    def __init__(self) -> None:
        self._slot: Slot[Painted] = Slot()
        self.state = State(Condition.RUNNING)

    def take(self, timeout: float = 0.0) -> Painted | None:
        """The newest frame, None where none is new within `timeout` seconds."""
        return self._slot.take(timeout)

    def offer(self, painted: Painted) -> None:
        self._slot.put(painted)

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def join(self, timeout: float) -> None:
        pass


class QueuedOutput:
    """An output with a thread of its own. Override `write`, and `open` and `finish` where there is something to do.

    `room` is how many frames may wait; a full queue drops the oldest (live: what comes next is newer) or, with
    `keep_order`, the one that comes (a recording: what was taken stays). `dropped` counts them. After `stop`, at the
    monotonic time `stopped_at`, what waits is still written. What is written is mirrored while `mirrors` is set. An
    exception ends the output and nothing else: `state` says it, the log tells it whole.
    """

    def __init__(self, name: str, room: int = 4, keep_order: bool = False) -> None:
        self.name, self.dropped, self.mirrors = name, 0, False
        self.state = State(Condition.OPENING, f"Opening {name} ...")
        self.stopped_at: float | None = None
        self._room, self._keep_order = room, keep_order
        self._waiting: deque[Painted] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)

    # --- what an output overrides; all in its own thread ---

    def open(self) -> None:
        """Open the file, the port or the device; may take its time, may raise InputError."""

    def write(self, painted: Painted) -> None:
        """Put one frame out; may raise InputError."""
        raise NotImplementedError

    def finish(self) -> None:
        """Close what `open` opened, also after a failure; may raise InputError."""

    # --- what the loop calls ---

    @property
    def running(self) -> bool:
        """Whether its thread is at work, which it may be for a while after `stop`."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer(self, painted: Painted) -> None:
        """Queue a frame, or drop one."""
        with self._changed:
            if self._stopped:
                return
            if len(self._waiting) >= self._room:
                self.dropped += 1
                if self._keep_order:
                    return
                self._waiting.popleft()
            self._waiting.append(painted)
            self._changed.notify()

    def stop(self) -> None:
        """Take no more frames."""
        with self._changed:
            self._stopped, self.stopped_at = True, self.stopped_at or time.monotonic()
            self._changed.notify()

    def join(self, timeout: float) -> None:
        """Wait for the last frames to be written and the end."""
        if self._thread.is_alive():
            self._thread.join(timeout)

    # --- the thread ---

    def _run(self) -> None:
        try:
            try:
                self.open()
                self.state = State(Condition.RUNNING)
                while (painted := self._next()) is not None:
                    self.write(replace(painted, image=mirrored(painted.image)) if self.mirrors else painted)
            finally:
                self.finish()
            self.state = State(Condition.ENDED)
        except Exception as error:
            self.state = failed(Condition.OUTPUT_BROKEN, error)
        with self._changed:
            self._stopped = True
            self._waiting.clear()

    def _next(self) -> Painted | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            return self._waiting.popleft() if self._waiting else None
