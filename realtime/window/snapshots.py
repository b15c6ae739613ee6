"""Snapshots: at once or after 3-2-1, written off the GUI thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from realtime.frames import mirrored
from realtime.live import Dials, Painted
from realtime.snapshot import free_name, write_snapshot
from realtime.styles.blends import read_blend
from weights.card import METADATA_KEY, Card
from weights.errors import InputError

_log = logging.getLogger(__name__)
_SECOND_MS = 1000


class Snapshots(QObject):
    """Saves what `shown` gives, with the dials, into `folder`.

    `counted` is sent with 3, 2, 1 and 0; `saved` with where; `failed` with a sentence.
    """

    counted = pyqtSignal(int)
    saved = pyqtSignal(Path)
    failed = pyqtSignal(str)

    def __init__(
        self, shown: Callable[[], tuple[Painted, Dials, bool] | None], cards: Mapping[str, Card], folder: Path = Path()
    ) -> None:
        """`shown` says what is shown, with which dials, and whether it is to be saved mirrored; None for nothing."""
        super().__init__()
        self._shown, self._folder = shown, folder
        self._cards = cards
        self._left = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._writer = ThreadPoolExecutor(1, "snapshot")
        self._writing: list[Future[Path]] = []

    def take(self) -> None:
        """Save what is shown."""
        shown = self._shown()
        if shown is not None:
            self._writing.append(self._writer.submit(self._write, *shown))

    def count_down(self) -> None:
        """Save what is shown in three seconds; asked again meanwhile, don't."""
        self._left = 0 if self._left else 3
        (self._timer.start(_SECOND_MS) if self._left else self._timer.stop())
        self.counted.emit(self._left)

    def tell(self) -> None:
        """Say what has been saved since the last call; to be called now and then."""
        for done in [future for future in self._writing if future.done()]:
            self._writing.remove(done)
            try:
                self.saved.emit(done.result())
            except InputError as error:
                _log.warning("%s", error, exc_info=error)
                self.failed.emit(str(error))

    def close(self) -> None:
        """Begin nothing more; what is being written is finished."""
        self._timer.stop()
        self._writer.shutdown(wait=False)

    def finish(self) -> None:
        """Wait for what is being written, after `close`."""
        self._writer.shutdown()

    def _tick(self) -> None:
        self._left -= 1
        self.counted.emit(self._left)
        if not self._left:
            self._timer.stop()
            self.take()

    def _write(self, painted: Painted, dials: Dials, mirrors: bool) -> Path:
        path = free_name(self._folder)
        image = mirrored(painted.image) if mirrors else painted.image
        write_snapshot(image, self._words(painted.style, dials), path)
        return path.resolve()

    def _words(self, style: str, dials: Dials) -> dict[str, str]:
        """The title for people; for programs the style, its dials and the cards of all that is in it, as JSON."""
        weights = read_blend(style)
        cards = {name: self._cards[name] for name in weights if name in self._cards}
        look = {"style": style, **{name: getattr(dials, name) for name in ("strength", "stroke", "keep_colors")}}
        whole = {**look, "height": dials.height, "cards": [asdict(card) for card in cards.values()]}
        title = ", ".join(f"{card.title or name} {weights[name]:.0%}" for name, card in cards.items())
        title = title.removesuffix(" 100%") or style
        return {"Title": title, "Software": "Livebrush", METADATA_KEY: json.dumps(whole, ensure_ascii=False)}
