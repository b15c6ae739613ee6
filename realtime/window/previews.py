"""Small paintings for the gallery and the row of neighbours, in a thread of their own that takes little of the machine.

No Qt here: whoever shows them looks now and then for what is new.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realtime.frames import Image, fit
from realtime.live.styling import Paints
from realtime.stills import read_still
from weights.catalog import Style
from weights.errors import InputError

_log = logging.getLogger(__name__)

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "astronaut.jpg"
WIDTH = 160
"""Pixels that a live preview is wide."""

_NICE = 10  # the picture and the window go first
_IDLE = 4.0  # the thread rests so many times as long as it has painted
_LEAST_REST = 0.03
_KEPT = 12  # stylizers kept open: those of one trunk share its network


@dataclass(frozen=True)
class Preview:
    """A small `image` in `style`; `live` where it is of the frame shown, else it is the style's thumbnail."""

    style: str
    image: Image
    live: bool


class Previews:
    """Gives the thumbnails of `styles`, and paints the newest frame in whichever of them are asked for.

    >>> previews = Previews(open_style, styles)
    >>> previews.start()
    >>> previews.neighbours("starry-night", "the-scream")
    >>> previews.offer(frame)
    >>> previews.take()      # [Preview(...), ...]
    """

    def __init__(self, open_style: Callable[[str], Paints], styles: list[Style]) -> None:
        """`open_style` should use few threads of the processor: the picture that matters is another's."""
        self._open = open_style
        self._thumbnails = deque(styles)
        self._changed = threading.Condition()  # guards the four below
        self._wanted: tuple[str, ...] = ()
        self._frame: Image | None = None
        self._done: dict[tuple[str, bool], Preview] = {}
        self._stopped = False
        self._stylizers: OrderedDict[str, Paints | None] = OrderedDict()  # None: it can't be opened
        self._thread = threading.Thread(target=self._run, name="previews", daemon=True)

    def start(self) -> None:
        """Begin with the thumbnails."""
        self._thread.start()

    def add(self, styles: list[Style]) -> None:
        """Give the thumbnails of these styles, too, and open them anew: one may have taken another's name."""
        with self._changed:
            self._thumbnails.extend(styles)
            self._changed.notify()

    def neighbours(self, *names: str) -> None:
        """Paint frames in these styles from now on, in turns; in none where none are given."""
        with self._changed:
            self._wanted = names
            if not names:
                self._frame = None
            self._changed.notify()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The styles that frames are painted in."""
        return self._wanted

    def offer(self, frame: Image) -> None:
        """Take the newest frame, where one is of use; never waits."""
        if self._wanted:
            with self._changed:
                self._frame = frame
                self._changed.notify()

    def take(self) -> list[Preview]:
        """What is new since the last call, the newest of each."""
        with self._changed:
            done, self._done = list(self._done.values()), {}
            return done

    def stop(self) -> None:
        """End the thread, after the picture in hand; `join` waits for that."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def join(self, seconds: float) -> None:
        """Wait so many `seconds` at most for the thread to end."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    # --- the thread ---

    def _run(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        turn = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._thumbnails or self._due())
                if self._stopped:
                    return
                wanted, frame = self._wanted, self._frame
            if self._thumbnails:
                self._give_thumbnail(self._thumbnails.popleft())
            elif wanted and frame is not None:
                turn = (turn + 1) % len(wanted)
                self._paint(wanted[turn], frame)

    def _due(self) -> bool:
        return bool(self._wanted) and self._frame is not None

    def _give_thumbnail(self, style: Style) -> None:
        name = style.card.name
        self._stylizers.pop(name, None)
        try:
            if style.thumbnail.is_file():
                self._put(Preview(name, read_still(style.thumbnail).image, live=False))
                return
        except InputError as error:
            _log.warning("%s", error)
        sample = fit(read_still(SAMPLE).image[:384], 2 * WIDTH * 3 // 4)
        self._paint(name, sample, live=False)

    def _paint(self, name: str, frame: Image, live: bool = True) -> None:
        began = time.monotonic()
        stylizer = self._stylizer(name)
        if stylizer is not None:
            h, w = frame.shape[:2]
            small = fit(frame, max(16, round(WIDTH * h / w))) if live else frame
            try:
                self._put(Preview(name, stylizer(small), live))
            except InputError as error:
                _log.warning("No preview of %s: %s", name, error)
                self._stylizers[name] = None
        rest = max(_LEAST_REST, _IDLE * (time.monotonic() - began))
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, rest)

    def _stylizer(self, name: str) -> Paints | None:
        if name not in self._stylizers:
            try:
                self._stylizers[name] = self._open(name)
            except InputError as error:
                _log.warning("No preview of %s: %s", name, error)
                self._stylizers[name] = None
        self._stylizers.move_to_end(name)
        while len(self._stylizers) > _KEPT:
            self._stylizers.popitem(last=False)
        return self._stylizers[name]

    def _put(self, preview: Preview) -> None:
        with self._changed:
            self._done[preview.style, preview.live] = preview
