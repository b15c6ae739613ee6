"""The user's own styles on the disk: kept, renamed and removed one after another, in a thread of their own."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from realtime.frames import Image, fit
from realtime.styles import Opener
from realtime.styles.kept import grow_kept, keep_style, remove_style, rename_style
from realtime.styles.pictures import style_of
from realtime.styles.predictor import read_painting
from realtime.styles.refined import BEST, Origin, digest_of
from realtime.styles.vectors import read_vector
from weights.card import Card
from weights.catalog import Style, installed_styles
from weights.errors import InputError

_log = logging.getLogger(__name__)
_LINES = 240  # of the small picture on a tile


@dataclass(frozen=True)
class Pictured:
    """The style of a picture that is not kept yet: its `card`, and the picture, small."""

    path: str
    card: Card
    small: Image


@dataclass(frozen=True)
class Changed:
    """A style that was called `before` (a picture's path, or a blend) is called `now`, "" where it is gone.

    `styles` are those installed from now on.
    """

    before: str
    now: str
    styles: list[Style]


@dataclass(frozen=True)
class Regrown:
    """The kept styles of these names have a better vector."""

    names: list[str]


class Shelf(QObject):
    """Changes what is kept. `pictured`, `changed` and `regrown` are sent with what came of it, `failed` with a
    sentence."""

    pictured = pyqtSignal(Pictured)
    changed = pyqtSignal(Changed)
    regrown = pyqtSignal(Regrown)
    failed = pyqtSignal(str)

    def __init__(self, opener: Opener) -> None:
        """`opener` opens styles for the picture shown: what it has predicted is not predicted again."""
        super().__init__()
        self._opener = opener
        self._worker = ThreadPoolExecutor(1, "shelf")
        self._jobs: deque[Future[Pictured | Changed | Regrown]] = deque()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where styles are looked for."""
        return self._opener.folders

    def look_at(self, path: str) -> None:
        """Make a tile for the picture at `path`."""
        self._begin(partial(self._look_at, path))

    def keep(self, style: str, name: str) -> None:
        """Keep `style`, a picture or a blend, under `name`."""
        self._begin(lambda: self._changed(style, keep_style(style, name, self._opener).card.name))

    def rename(self, style: str, name: str) -> None:
        """Call the user's own `style` by `name`."""
        self._begin(lambda: self._changed(style, rename_style(style, name)))

    def remove(self, style: str) -> None:
        """Remove the user's own `style`."""
        self._begin(partial(self._remove, style))

    def grow(self, origin: Origin) -> None:
        """Give what was kept of `origin` the best vector that was fitted to it."""
        self._begin(lambda: Regrown(grow_kept(origin, read_vector(origin.place / BEST))))

    def tell(self) -> None:
        """Say what is done since the last call; to be called now and then."""
        while self._jobs and self._jobs[0].done():
            try:
                done = self._jobs.popleft().result()
            except InputError as error:
                _log.warning("%s", error, exc_info=error)
                self.failed.emit(str(error))
                continue
            if isinstance(done, Changed):
                self.changed.emit(done)
            elif isinstance(done, Regrown):
                self.regrown.emit(done)
            else:
                self.pictured.emit(done)

    def close(self) -> None:
        """Begin nothing more; what is being written is finished."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def finish(self) -> None:
        """Wait for what is being written, after `close`."""
        self._worker.shutdown()

    def _begin(self, job: Callable[[], Pictured | Changed | Regrown]) -> None:
        self._jobs.append(self._worker.submit(job))

    def _look_at(self, path: str) -> Pictured:
        folders = self._opener.folders
        card = style_of(Path(path), installed_styles(folders), folders).card
        digest_of(Path(path))  # computed here, and known to whoever asks for it later
        return Pictured(path, card, fit(read_painting(Path(path)), _LINES))

    def _remove(self, style: str) -> Changed:
        remove_style(style)
        return self._changed(style, "")

    def _changed(self, before: str, now: str) -> Changed:
        styles = installed_styles(self._opener.folders)
        if now and now not in {style.card.name for style in styles}:
            raise InputError(f"Kept as {now}, but not in a folder of --weights: start without --weights to see it.")
        return Changed(before, now, styles)
