"""How soon the window paints in the style of a picture that is dropped on it, and how long it stands meanwhile."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from realtime.__main__ import SAMPLE
from realtime.bench.drawing import Screen
from realtime.live import Dials, Live
from realtime.live.clips import Clip
from realtime.live.pace import Pace
from realtime.styles import Opener
from weights.catalog import installed_styles
from weights.errors import InputError

if TYPE_CHECKING:
    from realtime.window.window import Window

_BEFORE, _AFTER = 2.0, 1.5  # seconds that are watched before the drop, and after the first frame in its style
_PATIENCE = 30.0


@dataclass(frozen=True)
class Dropped:
    """After a drop: `seconds` until the first frame in the picture's style was drawn; the longest time between two
    frames drawn, in `frozen_ms`, and that of the seconds before the drop, in `before_ms`."""

    seconds: float
    frozen_ms: float
    before_ms: float


def drop(picture: Path, style: str, opener: Opener, times: int = 2) -> list[Dropped]:
    """Open the window on the sample clip, at its own pace, and drop copies of `picture` on it one after another.

    The first one loads the predictor. Raises InputError where a style never comes.
    """
    screen = Screen()  # with the application, before anything else of Qt
    from realtime.window.shelf import Shelf
    from realtime.window.window import Window

    live = Live(lambda _: Clip(SAMPLE, loop=True), str(SAMPLE), opener, style, Dials(), pace=Pace(None, True))
    window = Window(live, installed_styles(opener.folders), shelf=Shelf(opener))
    live.start()
    window.show()
    watched = _Watched(window, screen)
    try:
        with tempfile.TemporaryDirectory() as folder:
            copies = [Path(folder) / f"{number}{picture.suffix}" for number in range(times)]
            watched.see(style, _BEFORE)
            return [watched.drop(Path(shutil.copyfile(picture, copy))) for copy in copies]
    finally:
        window.close()
        screen.close()


class _Watched:
    """A window, and when it has drawn which style."""

    def __init__(self, window: Window, screen: Screen) -> None:
        self._window, self._screen = window, screen
        self._drawn: list[tuple[float, str]] = []
        window.view.drawn.connect(self._note)

    def _note(self) -> None:
        painted = self._window.showing.painted
        self._drawn.append((time.perf_counter(), painted.style if painted is not None else ""))

    def see(self, style: str, seconds: float) -> float:
        """Wait for frames of `style`, and then for so many seconds; when the first one was drawn."""
        began = time.perf_counter()
        while sum(name == style for _, name in self._drawn) < 2 or time.perf_counter() < self._first(style) + seconds:
            self._screen.tick()
            time.sleep(0.001)
            if time.perf_counter() - began > _PATIENCE:
                raise InputError(
                    f"{style} is never painted: {self._window.live.state.words or self._window.view.words}"
                )
        return self._first(style)

    def _first(self, style: str) -> float:
        return next(at for at, name in self._drawn if name == style)

    def drop(self, picture: Path) -> Dropped:
        """Drop `picture` on the window."""
        before = self._drawn[-1][1]
        self._drawn.clear()
        self.see(before, _BEFORE)
        began = time.perf_counter()
        self._window.drops.style.emit(str(picture))
        first = self.see(str(picture), _AFTER)
        gaps = [(later, (later - earlier) * 1000) for (earlier, _), (later, _) in pairwise(self._drawn)]
        return Dropped(
            first - began,
            max(gap for later, gap in gaps if later > began),
            max(gap for later, gap in gaps if later <= began),
        )
