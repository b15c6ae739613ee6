"""The style in use: opened and warmed off-thread, swapped in under a stamp, faded to.

A late frame of the old style is dropped by its stamp. Between two styles of one trunk the vector fades, one inference a
frame; between two networks the pictures of both do, for as long as the fade lasts. What a frame is painted with is one
value, `InUse`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from realtime.frames import Image, mixed
from realtime.live.state import Condition, State, failed
from realtime.styles.fade import FADE_SECONDS, Fade, part_of
from realtime.styles.vectors import Vector
from weights.errors import InputError


class Paints(Protocol):
    """What the loop asks of a stylizer."""

    @property
    def device(self) -> str:
        """What is really used: "cpu", "cuda" or another."""

    @property
    def runs_on(self) -> str:
        """The same for a status line, with the engine: "CPU · OpenVINO bf16"."""

    @property
    def network(self) -> object:
        """What stylizers of one trunk, and no others, have in common."""

    @property
    def vector(self) -> Vector | None:
        """The style's vector, None in a network of its own."""

    def with_vector(self, vector: Vector) -> Paints:
        """The same trunk with another vector, at no cost."""

    def ready(self, height: int, width: int) -> bool:
        """Whether frames of this size are as fast as they get."""

    def warm_up(self, height: int, width: int) -> None:
        """Make the first frame of this size as fast as the next."""

    def __call__(self, image: Image, strength: float = ..., keep_colors: float = ..., stroke: float = ...) -> Image:
        """The painted picture."""


@dataclass(frozen=True)
class Dials:
    """What can change while it runs: `strength`, `keep_colors` and `stroke` in [0, 1]; `height` in lines, None as it
    was captured."""

    strength: float = 1.0
    keep_colors: float = 0.0
    stroke: float = 1.0
    height: int | None = 480


@dataclass(frozen=True)
class InUse:
    """The style in use; `stamp` grows by one with each swap of networks.

    `fade` is the way here from another vector, `before` what another network is left behind for, from the monotonic
    time `since` on and over `seconds`.
    """

    style: str
    stylizer: Paints
    stamp: int
    fade: Fade | None = None
    before: InUse | None = None
    since: float = 0.0
    seconds: float = 0.0

    def paint(self, image: Image, dials: Dials, now: float) -> Image:
        """`image` as it looks at `now`."""
        painted = self._paint(image, dials, now)
        if self.before is None or not self.crosses(now):
            return painted
        return mixed(self.before._paint(image, dials, now), painted, part_of(self.since, self.seconds, now))

    def _paint(self, image: Image, dials: Dials, now: float) -> Image:
        vector = self.vector(now)
        stylizer = self.stylizer if vector is None else self.stylizer.with_vector(vector)
        return stylizer(image, strength=dials.strength, keep_colors=dials.keep_colors, stroke=dials.stroke)

    def vector(self, now: float) -> Vector | None:
        """The vector to paint with at `now`, None in a network of its own."""
        return self.stylizer.vector if self.fade is None else self.fade.at(now)

    def crosses(self, now: float) -> bool:
        """Whether frames are painted by two networks at `now`."""
        return self.before is not None and part_of(self.since, self.seconds, now) < 1

    def fading(self, now: float) -> bool:
        """Whether the look is still on its way at `now`."""
        return self.crosses(now) or (self.fade is not None and self.fade.part(now) < 1)


class Styling:
    """Keeps the style chosen last in use. `open_style` opens one by its name, off-thread; it may raise InputError."""

    def __init__(
        self,
        open_style: Callable[[str], Paints],
        style: str,
        size: Callable[[], tuple[int, int] | None],
        swapped: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`size` says how large frames are, to warm a style for them; None before the first.

        `swapped` is called when another style is in use, with whether it is another network; it must not wait.
        """
        self._open_style, self._size, self._swapped, self._clock = open_style, size, swapped, clock
        self._stopped = threading.Event()
        self._lock = threading.Lock()  # guards the seven below
        self._wanted, self._fade_seconds = style, FADE_SECONDS
        self._stale = False  # whether the style in use is to be opened again
        self._in_use: InUse | None = None
        self._loader: threading.Thread | None = None
        self._state = State(Condition.OPENING, f"Loading {style} ...")
        self._refused: State | None = None

    @property
    def wanted(self) -> str:
        """The style chosen last; it may still be loading."""
        return self._wanted

    @property
    def in_use(self) -> InUse | None:
        """What to paint with; None before the first style is loaded."""
        return self._in_use

    @property
    def state(self) -> State:
        """How it stands: a style that paints, or why none does."""
        return self._state

    def refused(self) -> State | None:
        """Why a chosen style was not taken since the last call, None where all were."""
        with self._lock:
            refused, self._refused = self._refused, None
            return refused

    def choose(self, style: str, fade: float = FADE_SECONDS) -> None:
        """Load `style` and swap it in when it is warm; the newest choice wins, and one that failed is tried again.

        It is reached over `fade` seconds.
        """
        with self._lock:
            self._wanted, self._fade_seconds = style, fade
            if self._in_use is None:
                self._state = State(Condition.OPENING, f"Loading {style} ...")
            if self._loader is None or not self._loader.is_alive():
                self._loader = threading.Thread(target=self._load, name="loader", daemon=True)
                self._loader.start()

    def reload(self, fade: float = FADE_SECONDS) -> None:
        """Open the style chosen last again, as its file has changed; it is swapped in as by `choose`."""
        with self._lock:
            self._stale = True
        self.choose(self._wanted, fade)

    def publish(self, used: InUse, put: Callable[[], None]) -> bool:
        """Run `put`, unless another network has taken the place of `used` meanwhile; whether it ran."""
        with self._lock:
            current = self._in_use is not None and self._in_use.stamp == used.stamp
            if current:
                self._state = State(Condition.RUNNING)
                put()
            return current

    def settle(self, used: InUse, now: float) -> None:
        """Let go of the network before `used`, when it is left behind."""
        with self._lock:
            if self._in_use is used and used.before is not None and not used.crosses(now):
                self._in_use = replace(used, before=None)

    def failed(self, used: InUse, error: Exception) -> None:
        """A frame could not be painted with `used`: so it stands until one can."""
        with self._lock:
            if self._in_use is used:
                self._state = failed(Condition.STYLE_BROKEN, error, before=self._state)

    def stop(self) -> None:
        """Load nothing more; `join` waits for what is loading."""
        self._stopped.set()

    def join(self, deadline: float) -> None:
        """Wait for the loader until the monotonic time `deadline`."""
        with self._lock:
            loader = self._loader
        if loader is not None:
            loader.join(max(0.0, deadline - time.monotonic()))

    @property
    def loads(self) -> bool:
        """Whether the loader is at work."""
        with self._lock:
            return self._loader is not None and self._loader.is_alive()

    # --- the loader's thread ---

    def _load(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                wanted, used = self._wanted, self._in_use
                if used is not None and used.style == wanted and not self._stale:
                    self._loader = None
                    return
                self._stale = False
            try:
                stylizer = self._open_style(wanted)
                size = self._size()
                if size is not None and not _one_trunk(used, stylizer):  # else it is warm
                    stylizer.warm_up(*size)
            except Exception as error:
                if self._gives_up(wanted, used, error):
                    return
                continue
            with self._lock:
                if self._wanted == wanted:
                    self._swap(wanted, stylizer)

    def _gives_up(self, wanted: str, used: InUse | None, error: Exception) -> bool:
        """Keep the style that works, unless another one was chosen meanwhile; whether the loader is done."""
        if not isinstance(error, InputError):
            error = _unusable(wanted, error)
        with self._lock:
            if self._wanted != wanted:
                return False
            state = failed(Condition.STYLE_BROKEN, error)
            if used is None:
                self._state = state
            else:
                self._wanted, self._refused = used.style, state
            self._loader = None
            return True

    def _swap(self, style: str, stylizer: Paints) -> None:
        """Put a warm style in the place of the old one; `_lock` is held."""
        old, now = self._in_use, self._clock()
        start = old.vector(now) if old else None
        if old is not None and _one_trunk(old, stylizer) and start is not None and stylizer.vector is not None:
            # The stamp stays: a frame that is being painted belongs to the fade.
            self._in_use = InUse(style, stylizer, old.stamp, Fade(start, stylizer.vector, now, self._fade_seconds))
        elif old is None or self._state.condition is not Condition.RUNNING:  # nothing to be seen on the way
            self._in_use = InUse(style, stylizer, old.stamp + 1 if old else 0)
        else:
            before = replace(old, before=None)
            self._in_use = InUse(style, stylizer, old.stamp + 1, None, before, now, self._fade_seconds)
        self._swapped(old is None or old.stamp != self._in_use.stamp)


def _unusable(style: str, error: Exception) -> InputError:
    said = InputError(f"The style {style} can't be used ({error}).")
    said.__cause__ = error
    return said


def _one_trunk(used: InUse | None, stylizer: Paints) -> bool:
    """Whether `stylizer` is another style of the trunk in use."""
    return used is not None and stylizer.vector is not None and stylizer.network is used.stylizer.network
