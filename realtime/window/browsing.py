"""What shows while one looks for a style: the thumbnails of the gallery, and the neighbours' live paintings."""

from __future__ import annotations

from collections import Counter

from PyQt5.QtCore import QObject

from realtime.frames import Image
from realtime.live import Painted
from realtime.window.chooser import Chooser
from realtime.window.gallery import Gallery
from realtime.window.previews import Previews
from realtime.window.strip import Strip, pixmap_of
from realtime.window.view import View
from weights.catalog import Style


class Browsing(QObject):
    """Keeps `gallery` and the row over `view` showing what `previews` paints; None paints nothing."""

    def __init__(self, view: View, gallery: Gallery, chooser: Chooser, previews: Previews | None) -> None:
        super().__init__()
        self._view, self._gallery, self._chooser, self._previews = view, gallery, chooser, previews
        self.strip = Strip(view)
        gallery.hovered.connect(self._hover)
        gallery.chosen.connect(self._pick)
        self.strip.chosen.connect(self._pick)
        chooser.changed.connect(lambda: gallery.show_chosen(chooser.name))
        gallery.show_chosen(chooser.name)

    def step(self, by: int) -> None:
        """Choose the style `by` places further in the gallery, and show its neighbours."""
        order = self._gallery.tiles.names or self._gallery.tiles.all()
        self._chooser.step(by, order)
        self._browse(self._chooser.name)

    def refresh(self, painted: Painted | None) -> None:
        """Show what has been painted meanwhile; `painted` is the newest frame, None where none is new."""
        self.strip.tick()
        if self.strip.isVisible():
            self.lie()
        if self._previews is None:
            return
        wanted = tuple(self.strip.names) if self.strip.isVisible() else ()
        if wanted != self._previews.wanted:
            self._previews.neighbours(*wanted)
        if painted is not None:
            self._previews.offer(painted.original)
        for preview in self._previews.take():
            if preview.live:
                self.strip.show_picture(preview.style, pixmap_of(preview.image, self._view.mirrored))
            else:
                self.show_still(preview.style, preview.image)

    def show_still(self, name: str, image: Image) -> None:
        """Show `image` for the style `name`, until a live painting takes its place."""
        picture = pixmap_of(image)
        self._gallery.show_picture(name, picture)
        self.strip.show_picture(name, picture)

    def show_thumbnails(self, styles: list[Style]) -> None:
        """Show the thumbnails of these styles as soon as they are read."""
        if self._previews is not None:
            self._previews.add(styles)

    def lie(self) -> None:
        """Put the row where it belongs, after the view has changed its size."""
        self.strip.lie_in(self._view.rect().adjusted(0, 0, 0, -self._view.words_height()))

    def close(self) -> None:
        """End the paintings; `join` waits for the one in hand."""
        if self._previews is not None:
            self._previews.stop()

    def join(self, seconds: float) -> None:
        """Wait so many `seconds` at most for the last painting."""
        if self._previews is not None:
            self._previews.join(seconds)

    def _pick(self, name: str) -> None:
        self._chooser.pick(name)
        if self.strip.isVisible() or self._gallery.list.hasFocus():
            self._browse(name)

    def _hover(self, name: str) -> None:
        if name:
            self._browse(name)

    def _browse(self, name: str) -> None:
        titles = {name: self._chooser.title(name) for name in self._chooser.cards}
        count = Counter(titles.values())
        said = {name: title if count[title] == 1 else name for name, title in titles.items()}  # told apart
        if len(titles) > 1 and self._previews is not None:
            self.strip.browse(name, said, self._gallery.tiles.names or self._gallery.tiles.all())
            self.lie()
