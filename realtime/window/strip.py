"""The row of neighbouring styles over the picture, each a small live painting, while one hovers or browses."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt5.QtCore import QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PyQt5.QtWidgets import QWidget

from realtime.frames import Image, mirrored
from realtime.window.theme import ACCENT, RAISED, TEXT

COUNT = 5
LAST_SECONDS = 3.0
_GAP, _ROUND = 8, 6


def around(name: str, order: list[str], count: int = COUNT) -> list[str]:
    """Up to `count` neighbours in `order`, round and round, with `name` in their middle."""
    if name not in order:
        return order[:count]
    count = min(count, len(order))
    at = order.index(name) - (count - 1) // 2
    return [order[(at + i) % len(order)] for i in range(count)]


def pixmap_of(image: Image, mirror: bool = False) -> QPixmap:
    """`image` as Qt draws it, copied."""
    if mirror:
        image = mirrored(image)
    h, w = image.shape[:2]
    return QPixmap.fromImage(QImage(image.tobytes(), w, h, 3 * w, QImage.Format.Format_RGB888))


class Strip(QWidget):
    """Shows up to COUNT styles for LAST_SECONDS; `chosen` is sent with the name of one that is clicked on."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._until = 0.0
        self._pictures: dict[str, QPixmap] = {}
        self.names: list[str] = []
        self._titles: dict[str, str] = {}
        self._middle = ""
        self.setAccessibleName("Neighbouring styles")
        self.setToolTip("Click one to choose it")
        self.setMouseTracking(True)
        self.hide()

    def browse(self, name: str, titles: dict[str, str], order: list[str]) -> None:
        """Show the neighbours of `name` in `order`; `titles` has the words for each."""
        self._middle, self._titles = name, titles
        self.names = around(name, order)
        self._until = self._clock() + LAST_SECONDS
        self.show()
        self.raise_()
        self.update()

    def show_picture(self, name: str, picture: QPixmap) -> None:
        """Show `picture` for the style `name`."""
        self._pictures[name] = picture
        self.update()

    def tick(self) -> None:
        """Go when nobody has looked for a while."""
        if self.isVisible() and not self.underMouse() and self._clock() > self._until:
            self.hide()

    def lie_in(self, room: QRect) -> None:
        """Take a place at the bottom of `room`."""
        letters = self.fontMetrics().height()
        tile = max(84, min(15 * letters, (room.width() - 40) // COUNT - _GAP))
        width = min(room.width() - 16, max(1, len(self.names)) * (tile + _GAP) + _GAP)
        height = tile * 3 // 4 + letters + 3 * _GAP
        self.setGeometry(room.center().x() - width // 2, room.bottom() - height - 12, width, height)

    def places(self) -> list[tuple[str, QRectF]]:
        """Where each style's picture stands."""
        wide = (self.width() - _GAP) / max(1, len(self.names)) - _GAP
        return [(n, QRectF(_GAP + i * (wide + _GAP), _GAP, wide, wide * 3 / 4)) for i, n in enumerate(self.names)]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 16, 18, 205))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        for name, place in self.places():
            self._draw(painter, name, place)
        painter.end()

    def _draw(self, painter: QPainter, name: str, place: QRectF) -> None:
        path = QPainterPath()
        path.addRoundedRect(place, _ROUND, _ROUND)
        painter.fillPath(path, QColor(RAISED))
        picture = self._pictures.get(name)
        if picture is not None and picture.width():
            whole = QRectF(picture.rect())
            part = QRectF(0, 0, whole.width(), min(whole.height(), whole.width() * 3 / 4))
            part.setWidth(min(whole.width(), part.height() * 4 / 3))
            part.moveCenter(whole.center())
            painter.setClipPath(path)
            painter.drawPixmap(place, picture, part)
            painter.setClipping(False)
        if name == self._middle:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(ACCENT), 2.5))
            painter.drawRoundedRect(place, _ROUND, _ROUND)
        metrics = self.fontMetrics()
        words = metrics.elidedText(self._titles.get(name, name), Qt.TextElideMode.ElideRight, int(place.width()))
        painter.setPen(QColor(TEXT))
        painter.drawText(
            QPointF(place.center().x() - metrics.horizontalAdvance(words) / 2, place.bottom() + metrics.ascent() + 5),
            words,
        )

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose what is clicked on."""
        for name, place in self.places():
            if event is not None and place.contains(QPointF(event.pos())):
                self.chosen.emit(name)
