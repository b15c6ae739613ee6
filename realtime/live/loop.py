"""The live loop: capture -> newest-wins slot -> inference -> newest-wins slot. Live drops, and never waits.

Knows nothing of Qt. A style is opened and warmed in a short-lived thread of its own and swapped in under a new stamp; a
late frame of the old style is dropped by its stamp. Between two styles of one trunk the vector fades instead, one
inference a frame. An error in a thread is a value, `Live.trouble`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from realtime.frames import Image, fit
from realtime.live.meter import Meter
from realtime.live.slot import Slot
from realtime.live.sources import Source
from realtime.styles.fade import FADE_SECONDS, Fade
from realtime.styles.vectors import Vector
from weights.errors import InputError

_TICK = 0.2  # seconds between two looks at the stop event
_FADE_TICK = 0.03  # seconds after which a picture that stands still is painted again while its style fades
JOIN_SECONDS = 3.0


class Paints(Protocol):
    """What the loop asks of a stylizer."""

    @property
    def device(self) -> str:
        """ "cpu" or "cuda"."""

    @property
    def network(self) -> object:
        """What stylizers of one trunk, and no others, have in common."""

    @property
    def vector(self) -> Vector | None:
        """The style's vector, None in a network of its own."""

    def with_vector(self, vector: Vector) -> Paints:
        """The same trunk with another vector, at no cost."""

    def warm_up(self, height: int, width: int) -> None:
        """Make the first frame of this size as fast as the next."""

    def __call__(self, image: Image, strength: float = ..., keep_colors: float = ..., stroke: float = ...) -> Image:
        """The painted picture."""


@dataclass(frozen=True)
class Settings:
    """What can change while it runs: `strength`, `keep_colors` and `stroke` in [0, 1]; `height` in lines, None as it
    was captured."""

    strength: float = 1.0
    keep_colors: float = 0.0
    stroke: float = 1.0
    height: int | None = 480


@dataclass(frozen=True)
class Painted:
    """A frame ready to show: `captured` is when (monotonic seconds), `seconds` is how long painting took."""

    image: Image
    original: Image
    style: str
    captured: float
    seconds: float


@dataclass(frozen=True)
class _Captured:
    image: Image
    time: float


@dataclass(frozen=True)
class _Loaded:
    """The style in use; `stamp` grows by one with each swap of networks; `fade` is the way here from another vector."""

    style: str
    paint: Paints
    stamp: int
    fade: Fade | None = None

    def vector(self, now: float) -> Vector | None:
        """The vector to paint with at `now`, None in a network of its own."""
        return self.paint.vector if self.fade is None else self.fade.at(now)

    def fading(self, now: float) -> bool:
        """Whether the vector is still on its way at `now`."""
        return self.fade is not None and self.fade.part(now) < 1


class Live:
    """Paints a source until it is stopped.

    >>> live = Live(source, open_style, "starry-night")
    >>> live.start()
    >>> painted = live.newest()      # None where nothing is new
    >>> live.stop()
    """

    def __init__(
        self,
        source: Source,
        open_style: Callable[[str], Paints],
        style: str,
        settings: Settings = Settings(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_style` builds a stylizer from a style's name, in the loader's thread; it may raise InputError."""
        self.source = source
        self.meter = Meter(clock=clock)
        self.ended = False
        self._open_style, self._settings, self._clock = open_style, settings, clock
        self._stop, self._paused = threading.Event(), threading.Event()
        self._in: Slot[_Captured] = Slot()
        self._out: Slot[Painted] = Slot()
        self._last: _Captured | None = None
        self._midway = False  # whether the newest painted frame was painted in the middle of a fade
        self._lock = threading.Lock()  # guards the five below
        self._wanted = style
        self._fade_seconds = FADE_SECONDS
        self._loaded: _Loaded | None = None
        self._loader: threading.Thread | None = None
        self._trouble: str | None = None
        self._threads = [
            threading.Thread(target=self._guard, args=(job,), name=name, daemon=True)
            for name, job in (("capture", self._capture), ("inference", self._infer))
        ]

    # --- what a window calls; none of it waits ---

    def start(self) -> None:
        """Start the threads and the loading of the first style."""
        self.choose(self._wanted)
        for thread in self._threads:
            thread.start()

    def newest(self) -> Painted | None:
        """The newest painted frame, None where none is new since the last call."""
        return self._out.take()

    def wait_newest(self, timeout: float) -> Painted | None:
        """Like `newest`, but waits up to `timeout` seconds for one."""
        return self._out.take(timeout)

    def trouble(self) -> str | None:
        """What went wrong in a thread since the last call, in words."""
        with self._lock:
            trouble, self._trouble = self._trouble, None
            return trouble

    @property
    def style(self) -> str:
        """The style chosen last; it may still be loading."""
        return self._wanted

    @property
    def loading(self) -> bool:
        """Whether the style chosen last is not in use yet."""
        loaded = self._loaded
        return loaded is None or loaded.style != self._wanted

    @property
    def device(self) -> str:
        """The device really used, "" before the first style is loaded."""
        loaded = self._loaded
        return loaded.paint.device if loaded else ""

    @property
    def note(self) -> str:
        """Why the device isn't the one hoped for, in words; "" mostly."""
        loaded = self._loaded
        return str(getattr(loaded.paint, "note", "")) if loaded else ""

    @property
    def settings(self) -> Settings:
        """The settings in use from the next frame on."""
        return self._settings

    def change(self, **values: float | int | None) -> None:
        """Change settings by name; a frame that stands still is painted again."""
        self._settings = replace(self._settings, **values)  # type: ignore[arg-type]
        self._repaint()

    def choose(self, style: str, fade: float = FADE_SECONDS) -> None:
        """Load `style` off-thread and swap it in when it is warm; the newest choice wins.

        From a style of the same trunk it is reached over `fade` seconds, from another one at once.
        """
        with self._lock:
            self._wanted, self._fade_seconds = style, fade
            if self._loader is None or not self._loader.is_alive():
                self._loader = threading.Thread(target=self._load, name="loader", daemon=True)
                self._loader.start()

    @property
    def paused(self) -> bool:
        """Whether the picture stands still."""
        return self._paused.is_set()

    def pause(self, on: bool) -> None:
        """Hold the picture still, or go on."""
        (self._paused.set if on else self._paused.clear)()

    def stop(self) -> None:
        """Stop all threads and let go of the source; waits at most a few seconds."""
        self._stop.set()
        self.source.stop()
        deadline = time.monotonic() + JOIN_SECONDS
        for thread in (*self._threads, *([self._loader] if self._loader else [])):
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    # --- the threads ---

    def _guard(self, job: Callable[[], None]) -> None:
        try:
            job()
        except InputError as error:
            self._report(str(error))
        except Exception as error:  # a bug: still words in the window, not a silent standstill
            self._report(f"Something broke in Livebrush ({type(error).__name__}: {error}): restart it.")

    def _report(self, trouble: str) -> None:
        with self._lock:
            self._trouble = trouble

    def _capture(self) -> None:
        try:
            while not self._stop.is_set():
                if self.paused and not self.source.live:
                    self._stop.wait(_TICK / 10)
                    continue
                if not self.source.paced and not self._in.wait_empty(_TICK):
                    continue
                image = self.source.read()
                if image is None:
                    self.ended = True
                    return
                if not self.paused:
                    self._in.put(_Captured(image, self._clock()))
        finally:
            self.source.close()

    def _infer(self) -> None:
        while not self._stop.is_set():
            captured = self._in.take(_FADE_TICK if self._midway else _TICK)
            if captured is None and self._midway:
                captured = self._last
            if captured is None:
                continue
            self._last = captured
            loaded = self._loaded
            if loaded is None:
                continue  # the loader asks for a repaint when it is done
            settings = self._settings
            try:
                self._paint(captured, loaded, settings)
            except InputError as error:
                self._report(str(error))

    def _paint(self, captured: _Captured, loaded: _Loaded, settings: Settings) -> None:
        began = self._clock()
        self._midway = False
        original = fit(captured.image, settings.height)
        vector = loaded.vector(began)
        paint = loaded.paint if vector is None else loaded.paint.with_vector(vector)
        image = paint(original, strength=settings.strength, keep_colors=settings.keep_colors, stroke=settings.stroke)
        self._midway = loaded.fading(began)
        seconds = self._clock() - began
        self.meter.add(seconds)
        with self._lock:
            current = self._loaded
            if current is not None and current.stamp == loaded.stamp:
                self._out.put(Painted(image, original, loaded.style, captured.time, seconds))
                return
        self._in.offer(captured)  # late: the style has changed meanwhile, so paint this frame anew

    def _load(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                wanted, loaded = self._wanted, self._loaded
                if loaded is not None and loaded.style == wanted:
                    self._loader = None
                    return
            try:
                paint = self._open_style(wanted)
                if not _one_trunk(loaded, paint):  # else it is warm
                    self._warm(paint)
            except Exception as error:
                with self._lock:
                    if self._wanted == wanted:  # keep the style that works
                        self._wanted = loaded.style if loaded else wanted
                        self._loader = None
                        said = isinstance(error, InputError)
                        self._trouble = str(error) if said else f"The style {wanted} can't be used ({error})."
                        return
                continue
            with self._lock:
                if self._wanted == wanted:
                    self._swap(wanted, paint)
            self._repaint()

    def _swap(self, style: str, paint: Paints) -> None:
        """Put a warm style in the place of the old one; `_lock` is held."""
        old, now = self._loaded, self._clock()
        start = old.vector(now) if old else None
        if old is not None and _one_trunk(old, paint) and start is not None and paint.vector is not None:
            # The stamp stays: a frame that is being painted belongs to the fade.
            self._loaded = _Loaded(style, paint, old.stamp, Fade(start, paint.vector, now, self._fade_seconds))
            return
        self._loaded = _Loaded(style, paint, old.stamp + 1 if old else 0)
        self._out.take()  # a frame of the old style that nobody has seen yet

    def _warm(self, paint: Paints) -> None:
        last = self._last
        if last is not None:
            h, w = fit(last.image, self._settings.height).shape[:2]
            paint.warm_up(h, w)

    def _repaint(self) -> None:
        """Paint the last frame again, where no newer one waits."""
        last = self._last
        if last is not None:
            self._in.offer(last)


def _one_trunk(loaded: _Loaded | None, paint: Paints) -> bool:
    """Whether `paint` is another style of the trunk in use."""
    return loaded is not None and paint.vector is not None and paint.network is loaded.paint.network
