"""The frames of one source on their way to the painter; the source is opened again where it is lost, and can change.

Each chosen source has a thread of its own, a `_Feed`: opening may take seconds, and a `read` that hangs holds up nobody
but itself. The feed in use goes on until the first frame of the next one is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from realtime.frames import Image, fit_live
from realtime.live.slot import Slot
from realtime.live.sources import Source, describe
from realtime.live.state import Condition, State, failed

TICK = 0.05  # seconds between two looks at a stop event
RETRY_SECONDS = (0.25, 0.5, 1.0)  # waits between the tries to open a lost source; the last one for ever
STEADY_SECONDS = 5.0  # a source that ran for so long is tried at once when it is lost
SILENT_SECONDS = 2.0  # a live source without a frame for so long is said to be lost; its `read` may yet end

_LET_GO_SECONDS = 10.0  # how long a device that is opened anew may take to end its last `read`


@dataclass(frozen=True)
class Captured:
    """A frame, its pixels square and `height` lines high (None: as it came), captured at the monotonic `time`.

    `stamp` is its source's: it grows with each source that is chosen.
    """

    image: Image
    height: int | None
    time: float
    stamp: int
    _raw: Image
    _pixel_aspect: float

    @classmethod
    def of(cls, raw: Image, pixel_aspect: float, height: int | None, time: float, stamp: int) -> Captured:
        """The frame `raw` as its source gave it, at `height` lines."""
        return cls(fit_live(raw, height, pixel_aspect), height, time, stamp, raw, pixel_aspect)

    @property
    def raw_size(self) -> tuple[int, int]:
        """The size of the frame as its source gave it, (height, width)."""
        h, w = self._raw.shape[:2]
        return h, w

    def at(self, height: int | None) -> Captured:
        """The same frame at another height."""
        if height == self.height:
            return self
        return Captured.of(self._raw, self._pixel_aspect, height, self.time, self.stamp)


class Capture:
    """Puts the frames of the source chosen last into `frames`, newest wins.

    `open_source` opens a source by its name, in the source's own thread; it may raise InputError. `height` says how
    many lines frames are asked for. `state` is the source's; `refused` is what became of a choice that failed while
    another source went on.
    """

    def __init__(
        self,
        open_source: Callable[[str], Source],
        source: str,
        frames: Slot[Captured],
        height: Callable[[], int | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.paused = threading.Event()
        self._open_source, self._frames, self._height, self._clock = open_source, frames, height, clock
        self._lock = threading.Lock()  # guards the four below
        self._feeds: list[_Feed] = []  # all whose threads may still run
        self._feed = _Feed(self, source, 0)
        self._next: _Feed | None = None  # chosen, and not there yet
        self._refused: State | None = None

    def start(self) -> None:
        """Open the first source."""
        self._start(self._feed)

    def choose(self, source: str) -> None:
        """Open `source` off-thread and go over to it at its first frame; the newest choice wins.

        Where it can't be opened, the source in use stays. The source in use is opened anew.
        """
        with self._lock:
            if self._next is not None:
                self._next.stop()
            old, stamp = self._feed, (self._next or self._feed).stamp + 1
            feed = _Feed(self, source, stamp)
            if old.state.well and source != old.name:
                self._next = feed
            else:  # nothing to keep, or a device that can be opened once only
                old.stop()
                feed.after = old
                self._feed, self._next = feed, None
            self._start(feed)

    def _start(self, feed: _Feed) -> None:
        self._feeds = [other for other in self._feeds if other.thread.is_alive()] + [feed]
        feed.thread.start()

    @property
    def source(self) -> str:
        """The source chosen last."""
        return (self._next or self._feed).name

    @property
    def state(self) -> State:
        """How the source chosen last stands."""
        return (self._next or self._feed).state

    @property
    def stamp(self) -> int:
        """The stamp of the source in use."""
        return self._feed.stamp

    @property
    def rate(self) -> float:
        """Frames a second of the source in use, 0 where unknown."""
        source = self._feed._source
        return source.fps if source is not None else 0.0

    def refused(self) -> State | None:
        """Why a chosen source was not taken since the last call, None where all were."""
        with self._lock:
            refused, self._refused = self._refused, None
            return refused

    def stop(self) -> None:
        """End all threads soon; `join` waits for them."""
        with self._lock:
            for feed in self._feeds:
                feed.stop()

    def join(self, deadline: float) -> None:
        """Wait until the monotonic time `deadline` for threads that read; one that is opening ends by itself."""
        for feed in list(self._feeds):
            if feed.thread.is_alive() and feed.opened:
                feed.thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def reads(self) -> bool:
        """Whether a thread is still at work."""
        return any(feed.thread.is_alive() for feed in self._feeds)

    # --- what the feeds ask ---

    def _deliver(self, feed: _Feed, image: Image, source: Source) -> bool:
        """Put a frame in; whether its feed is still wanted."""
        captured = Captured.of(image, source.pixel_aspect, self._height(), self._clock(), feed.stamp)
        with self._lock:
            if feed is self._next:
                self._feed.stop()
                self._feed, self._next = feed, None
            if feed is not self._feed:
                return False
            self._frames.put(captured)
            return True

    def _keeps(self, feed: _Feed, state: State) -> bool:
        """Whether a feed whose source is lost is to try again."""
        with self._lock:
            if feed is self._next and self._feed.state.well:
                self._next, self._refused = None, state
            elif feed is self._next:
                self._feed.stop()
                self._feed, self._next = feed, None
            return feed is self._feed


class _Feed:
    """One source's thread: open, read, deliver; and from the beginning where it is lost."""

    def __init__(self, capture: Capture, name: str, stamp: int) -> None:
        self.name, self.stamp = name, stamp
        self.after: _Feed | None = None  # let go of this one first
        self.thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._capture = capture
        self._stopped = threading.Event()
        self._source: Source | None = None
        self._state = State(Condition.OPENING, f"Opening {describe(name)} ...")
        self._found_by = name  # a camera that is plugged in again may have another number
        self._seen = 0.0  # when the last frame came

    @property
    def opened(self) -> bool:
        return self._source is not None

    @property
    def state(self) -> State:
        state, source = self._state, self._source
        if state.condition is Condition.RUNNING and source is not None and source.live:
            silent = self._capture._clock() - self._seen
            if silent > SILENT_SECONDS:
                return State(Condition.SOURCE_LOST, f"Nothing comes from {source.name} at the moment. Waiting ...")
        return state

    def stop(self) -> None:
        self._stopped.set()
        source = self._source
        if source is not None:
            source.stop()

    def _run(self) -> None:
        if self.after is not None:
            self.after.thread.join(_LET_GO_SECONDS)
            self.after = None
        tries = 0
        while not self._stopped.is_set():
            began = self._seen = self._capture._clock()
            try:
                self._read_all()
                return
            except Exception as error:
                if self._stopped.is_set():
                    return
                tries = 0 if self._seen - began > STEADY_SECONDS else tries + 1
                lost = failed(Condition.SOURCE_LOST, error, before=self._state)
                if not self._capture._keeps(self, lost):
                    return
                self._state = replace(lost, words=f"{lost.words} Trying again ...")
            self._stopped.wait(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])

    def _read_all(self) -> None:
        """Deliver until the source's end or `stop`; raises what opening and reading raise."""
        with closing(self._capture._open_source(self._found_by)) as source:
            self._source = source
            self._found_by = source.identity or self._found_by
            try:
                while not self._stopped.is_set():
                    if self._must_wait(source):
                        continue
                    image = source.read()
                    if image is None:
                        break
                    if not self._accept(image, source):
                        return
            finally:
                self._source = None
        if not self._stopped.is_set():
            self._state = State(Condition.ENDED)

    def _must_wait(self, source: Source) -> bool:
        """Whether it isn't time to read, after a short wait."""
        fresh = self._state.condition is not Condition.RUNNING  # a picture to begin with comes in a pause too
        if self._capture.paused.is_set() and not source.live and not fresh:
            return not self._stopped.wait(TICK / 10)
        return not source.paced and not self._capture._frames.wait_empty(TICK)

    def _accept(self, image: Image, source: Source) -> bool:
        self._seen = self._capture._clock()
        if self._capture.paused.is_set() and self._state.condition is Condition.RUNNING:
            return True
        wanted = self._capture._deliver(self, image, source)
        self._state = State(Condition.RUNNING)
        return wanted
