"""How a tile of the gallery looks: the picture with round corners, its title and painter, the star."""

from __future__ import annotations

from PyQt5.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PyQt5.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from realtime.window import icons
from realtime.window.theme import ACCENT, FAINT, RAISED, TEXT
from realtime.window.tiles import FAVOURITE, NAME, PAINTER

GAP, _STAR, _ROUND = 5, 20, 7


def tile_height(width: int, metrics: QFontMetrics) -> int:
    """How high a tile of that width is: a picture of 4:3 over two lines."""
    return (width - 2 * GAP) * 3 // 4 + 2 * metrics.height() + 3 * GAP


def star_of(tile: QRect) -> QRect:
    """Where the star of a tile is."""
    return QRect(tile.right() - GAP - _STAR - 5, tile.top() + GAP + 5, _STAR, _STAR)


class Drawn(QStyledItemDelegate):
    """Draws a tile: the picture with round corners, its title and painter; framed where it is chosen."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """As large as the list says."""
        parent = self.parent()
        assert isinstance(parent, QListView)
        return parent.gridSize()

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the tile of `index`."""
        if painter is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        tile = option.rect
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        place = QRectF(tile.adjusted(GAP, GAP, -GAP, 0))
        place.setHeight(place.width() * 3 / 4)
        self._draw_picture(painter, place, index)
        if index.data(NAME) == self._chosen():
            painter.setPen(QPen(QColor(ACCENT), 3))
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), _ROUND, _ROUND)
        elif hovered:
            painter.setPen(QPen(QColor(TEXT), 1.5))
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), _ROUND, _ROUND)
        if index.data(FAVOURITE) or hovered:
            self._draw_star(painter, QRectF(star_of(tile)), bool(index.data(FAVOURITE)))
        self._write(painter, place, option.fontMetrics, index)
        painter.restore()

    def _chosen(self) -> str:
        parent = self.parent()
        assert isinstance(parent, QListView)
        return str(parent.currentIndex().data(NAME) or "")

    def _draw_picture(self, painter: QPainter, place: QRectF, index: QModelIndex) -> None:
        path = QPainterPath()
        path.addRoundedRect(place, _ROUND, _ROUND)
        painter.fillPath(path, QColor(RAISED))
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(picture, QPixmap) and not picture.isNull():
            painter.setClipPath(path)
            painter.drawPixmap(place, picture, _middle(picture))
            painter.setClipping(False)

    def _draw_star(self, painter: QPainter, place: QRectF, favourite: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 18, 20, 170))
        painter.drawEllipse(place.adjusted(-3, -3, 3, 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        icons.draw(painter, "star", place, ACCENT if favourite else TEXT, favourite)

    def _write(self, painter: QPainter, place: QRectF, metrics: QFontMetrics, index: QModelIndex) -> None:
        left, room = place.left() + 2, int(place.width()) - 4
        baseline = place.bottom() + metrics.ascent() + 2
        lines = ((index.data(Qt.ItemDataRole.DisplayRole), TEXT), (index.data(PAINTER), FAINT))
        for words, colour in lines:
            painter.setPen(QColor(colour))
            painter.drawText(
                QPoint(int(left), int(baseline)), metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
            )
            baseline += metrics.height() - 1


def _middle(picture: QPixmap) -> QRectF:
    """The largest part of 4:3 in the middle of `picture`: paintings have any shape."""
    whole = QRectF(picture.rect())
    part = QRectF(0, 0, min(whole.width(), whole.height() * 4 / 3), min(whole.height(), whole.width() * 3 / 4))
    part.moveCenter(whole.center())
    return part
