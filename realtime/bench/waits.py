"""How long the window keeps its user waiting: the GUI thread's longest wait while slow things go on around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from realtime.bench.drawing import prefer_offscreen
from realtime.frames import Image
from realtime.live import Dials, Live
from realtime.live.camera_names import list_cameras
from realtime.live.clips import Clip
from realtime.live.sources import Source
from realtime.live.styling import Paints
from realtime.styles import Opener
from realtime.styles.vectors import Vector
from weights.catalog import Style

if TYPE_CHECKING:
    from realtime.window.window import Window

STYLE_SECONDS, SOURCE_SECONDS, FRAME_SECONDS = 2.0, 5.0, 0.5
"""How long it takes at the least to load a style, to open a source, and to paint a frame."""

_STEP_SECONDS = 0.7  # between two things that the user does


class _Slow:
    """A stylizer that paints its frame over and over until `seconds` have passed; a network of its own."""

    vector: Vector | None = None

    def __init__(self, stylizer: Paints, seconds: float) -> None:
        self._stylizer, self._seconds = stylizer, seconds
        self.device, self.runs_on, self.network = stylizer.device, stylizer.runs_on, self

    def with_vector(self, vector: Vector) -> Paints:
        raise NotImplementedError("it has no vector")

    def warm_up(self, height: int, width: int) -> None:
        self._stylizer.warm_up(height, width)

    def ready(self, height: int, width: int) -> bool:
        return self._stylizer.ready(height, width)

    def __call__(self, image: Image, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0) -> Image:
        began = time.monotonic()
        while True:
            painted = self._stylizer(image, strength, keep_colors, stroke)
            if time.monotonic() - began >= self._seconds:
                return painted


def longest_wait_ms(opener: Callable[[], Opener], styles: list[Style], clip: str, seconds: float, slow: bool) -> float:
    """The longest time between two turns of the window's event loop in `seconds`, in milliseconds.

    Meanwhile styles are chosen, dials moved, cameras looked for and, in the middle, the source is changed. Where it is
    `slow`, styles, sources and frames take as long as the figures above say, and all of the processor for it.
    """
    prefer_offscreen()
    from realtime.window.application import make_application
    from realtime.window.previews import Previews
    from realtime.window.window import Window

    application = make_application()
    shared = opener()
    live = Live(
        lambda name: _open_source(name, SOURCE_SECONDS if slow else 0.0),
        clip,
        lambda name: _open_slowly(opener, name) if slow else shared(name),
        styles[0].card.name,
        Dials(),
    )
    previews = Previews(Opener(shared.folders, "cpu", 1, "onnxruntime"), styles)
    window = Window(live, styles, previews=previews, cameras=list_cameras)
    live.start()
    previews.start()
    window.show()
    application.processEvents()  # the first turn builds the window: nobody waits for it yet
    try:
        return _watch(window, application.processEvents, seconds)
    finally:
        window.close()


def _watch(window: Window, turn: Callable[[], None], seconds: float) -> float:
    deeds = _deeds(window)
    longest, began = 0.0, time.perf_counter()
    done = last = began
    while (now := time.perf_counter()) - began < seconds:
        longest, last = max(longest, now - last), now
        if now - done > _STEP_SECONDS:
            next(deeds)
            done = now
        turn()
        time.sleep(0.001)
    return longest * 1000


def _deeds(window: Window) -> Iterator[None]:
    """One thing after the other that a user does."""
    for number in count():
        window.browsing.step(1)
        yield
        window.controls.sliders["strength"].setValue(40 + number % 60)
        yield
        window.sources.look()
        yield
        if number == 1:
            window.live.choose_source(window.live.source)
            yield


def _open_source(name: str, seconds: float) -> Source:
    time.sleep(seconds)  # a device or a network is waited for
    return Clip(name, loop=True)


def _open_slowly(opener: Callable[[], Opener], name: str) -> Paints:
    """The style, opened over and over for as long as it is to take."""
    began = time.monotonic()
    while True:
        stylizer = opener()(name)
        if time.monotonic() - began >= STYLE_SECONDS:
            return _Slow(stylizer, FRAME_SECONDS)
