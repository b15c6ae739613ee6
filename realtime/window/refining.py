"""A picture's style grows in the background: offered, shown, paused and gone on with; the picture fades to each better
vector as it comes."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from realtime.live import Live
from realtime.live.refining import INSTALL, Phase, Progress, Refining, Subject, can_refine, progress_at
from realtime.styles.kept import origin_of
from realtime.styles.pictures import predictor_file
from realtime.styles.refined import PAINTING, Origin, digest_of
from realtime.window.chooser import Chooser
from realtime.window.gallery import Gallery
from realtime.window.keys import tip
from realtime.window.shelf import Regrown, Shelf
from weights.catalog import installed_styles
from weights.errors import InputError

_FADE_SECONDS = 2.0  # it is the same style: one sees it grow
_END_SECONDS = 10.0  # that a fit may take to keep what it has reached, when the window is closed
_OFFER, _ON, _PAUSE = "Refine this style", "Go on refining", "Pause refining"
_ABOUT = {
    _OFFER: "Fit it closer to its picture, in the background; the picture fades to each better one",
    _ON: "Fit it closer to its picture, from where it was left",
    _PAUSE: "Click to pause: it goes on from there",
}


class Refiner(QObject):
    """Refines the style chosen, or the one of a tile; one at a time. `said` and `failed` are sent with a sentence."""

    said = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, live: Live, chooser: Chooser, gallery: Gallery, shelf: Shelf | None) -> None:
        """`shelf` keeps the styles, None where nothing can be kept or refined."""
        super().__init__()
        self._live, self._chooser, self._gallery, self._shelf = live, chooser, gallery, shelf
        self._running: Refining | None = None
        self._shown: Progress | None = None
        self._origin, self._title = Origin("", ""), ""  # of what is being refined
        gallery.refine.clicked.connect(lambda _=False: self.toggle())
        chooser.changed.connect(self._follow)
        gallery.tiles.modelReset.connect(self._show)
        if shelf is not None:
            shelf.regrown.connect(self._show_regrown)

    def toggle(self, name: str = "") -> None:
        """Refine the style `name`, "" for the one chosen, or go on with it; pause it where it is being refined."""
        name = name or self._chooser.name
        origin, offer = self._origin_of(name), self.offer(name)
        if self._shelf is None or origin is None:
            self.said.emit("Drop a picture on the window: its style can be refined.")
        elif not can_refine():
            self.failed.emit(f"{INSTALL}.")
        elif offer == _PAUSE and self._running is not None:
            self._running.stop()
            self.said.emit(f"Refining {self._title} pauses; it goes on from there")
            self._show()
        elif not offer:
            self.said.emit(f"{self._chooser.title(name)} is refined already, as far as this network gets")
        else:
            self._start(name, origin, self._shelf.folders)

    def offer(self, name: str) -> str:
        """What `toggle` would do with the style `name`, in words; "" for nothing."""
        origin = self._origin_of(name) if self._shelf is not None and can_refine() else None
        if origin is None:
            return ""
        if self._running is not None and self._origin == origin:
            return _PAUSE
        progress = progress_at(origin.place)
        if progress is None:
            return _OFFER
        return "" if progress.phase is Phase.DONE else f"{_ON} ({progress.part:.0%})"

    def tell(self) -> None:
        """Show how far it is, and take in what is better; to be called now and then."""
        running = self._running
        if running is None:
            return
        progress = running.progress
        if running.better():
            self._take()
        if progress.phase is not Phase.RUNNING:
            self._running = None
            if progress.phase is Phase.DONE:
                self.said.emit(f"{self._title} is refined")
            elif progress.phase is Phase.FAILED:
                self.failed.emit(progress.words)
        if progress != self._shown:
            self._shown = progress
            self._show()

    def close(self) -> None:
        """End the fit with what it has reached; it can be gone on with at the next start. `finish` waits for that."""
        if self._running is not None:
            self._running.stop()

    def finish(self) -> None:
        """Wait for the end of the fit, after `close`."""
        if self._running is not None:
            self._running.join(_END_SECONDS)

    def _start(self, name: str, origin: Origin, folders: tuple[Path, ...]) -> None:
        try:
            subject = self._subject(name, origin, folders)
        except InputError as error:
            self.failed.emit(str(error))
            return
        if self._running is not None:
            self._running.stop()
            self.said.emit(f"Refining {self._title} pauses: one style at a time is refined")
        self._origin, self._title = origin, self._chooser.title(name)
        self._running, self._shown = Refining(subject), None
        self._running.start()
        self._show()

    def _subject(self, name: str, origin: Origin, folders: tuple[Path, ...]) -> Subject:
        """What is to be fitted. Raises InputError where a file that this needs is missing."""
        of_trunk = [s for s in installed_styles(folders) if s.model and s.card.trunk_hash == origin.trunk_hash]
        trunks = [path for s in of_trunk if s.model and (path := s.model.with_suffix(".safetensors")).is_file()]
        if not trunks:
            title, trunk = self._chooser.title(name), self._chooser.cards[name].trunk
            raise InputError(f"{title} can't be refined: {trunk}.safetensors is not beside {trunk}.onnx, put it there.")
        predictor = predictor_file(folders).with_suffix(".safetensors")
        picture = Path(name) if name in self._gallery.tiles.pictures else None
        return Subject(origin.place, trunks[0], predictor if predictor.is_file() else None, picture)

    def _origin_of(self, name: str) -> Origin | None:
        """What the style `name` was made of, None where nothing can be fitted to it."""
        card = self._chooser.cards.get(name)
        if card is None:
            return None
        if name in self._gallery.tiles.pictures:
            try:
                return Origin(digest_of(Path(name)), card.trunk_hash)
            except InputError:  # the file has gone
                return None
        origin = origin_of(card) if name in self._gallery.tiles.own else None
        return origin if origin is not None and (origin.place / PAINTING).is_file() else None

    # --- what came of it ---

    def _take(self) -> None:
        """There is a better vector of what is being refined."""
        pictures = self._gallery.tiles.pictures
        if any(name in pictures and self._origin_of(name) == self._origin for name in self._chooser.names):
            self._live.reload_style(_FADE_SECONDS)
        if self._shelf is not None:
            self._shelf.grow(self._origin)

    def _show_regrown(self, regrown: Regrown) -> None:
        if set(regrown.names) & set(self._chooser.names):
            self._live.reload_style(_FADE_SECONDS)

    def _follow(self) -> None:
        """Another style is chosen, or one is gone: the fit to what is gone pauses."""
        listed = self._gallery.tiles.pictures | self._gallery.tiles.own
        if self._running is not None and self._origin not in map(self._origin_of, listed):
            self._running.stop()
        self._show()

    def _show(self) -> None:
        """What the button says of the style chosen."""
        button, alone = self._gallery.refine, len(self._chooser.names) == 1
        offer = self.offer(self._chooser.name) if alone else ""
        words = _how_far(self._running) if offer == _PAUSE and self._running is not None else offer
        button.setVisible(bool(words))
        button.setText(words)
        button.setAccessibleName(words)
        button.setToolTip(tip("refine", next((about for said, about in _ABOUT.items() if offer.startswith(said)), "")))


def _how_far(running: Refining) -> str:
    progress = running.progress
    if running.stopping:
        return "Pausing …"
    if progress.minutes is None:
        return f"Refining: {progress.part:.0%}"
    left = f"{progress.minutes:.0f} min left" if progress.minutes >= 1 else "nearly done"
    return f"Refining: {progress.part:.0%}, {left}"
