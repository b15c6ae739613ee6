"""The gallery at the side of the picture: a tile for each style, a search field, and stars for favourites."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PyQt5.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from realtime.window import icons
from realtime.window.theme import ACCENT, FAINT, RAISED, TEXT
from realtime.window.tiles import FAVOURITE, NAME, PAINTER, Tiles
from weights.catalog import Style

_TILE = 132  # pixels that a tile is wide at the least
_GAP, _STAR, _ROUND = 5, 20, 7
_MOVES = frozenset(
    getattr(Qt.Key, f"Key_{name}") for name in ("Left", "Right", "Up", "Down", "Home", "End", "PageUp", "PageDown")
)


class Gallery(QWidget):
    """Shows `styles`; `chosen` is sent with a name, `hovered` with one or "", `starred` when a favourite changes,
    `left` when the search is over."""

    chosen = pyqtSignal(str)
    hovered = pyqtSignal(str)
    starred = pyqtSignal()
    left = pyqtSignal()

    def __init__(self, styles: list[Style], favourites: set[str]) -> None:
        super().__init__()
        self.setObjectName("gallery")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tiles = Tiles(styles, favourites)
        self._current = ""
        self.search = _Search()
        self.search.setPlaceholderText("Search styles")
        self.search.setToolTip("Search by title, painter or year (key /)")
        self.search.setAccessibleName("Search styles")
        self.search.setClearButtonEnabled(True)
        self.list = _List(self.tiles)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 6, 4)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._take_first)
        self.search.left.connect(self.left)
        self.list.clicked.connect(lambda index: self.chosen.emit(index.data(NAME)))
        self.list.moved.connect(self.chosen)
        self.list.hovered.connect(self.hovered)
        self.list.starred.connect(self.star)

    def show_chosen(self, name: str) -> None:
        """Frame the tile of `name`, and bring it into sight."""
        if name != self._current:
            self._current = name
            self._frame()

    def star(self, name: str) -> None:
        """Make a style a favourite, or not any longer."""
        self.tiles.toggle(name)
        self._frame()
        self.starred.emit()

    def show_picture(self, name: str, picture: QPixmap) -> None:
        """Show `picture` on the tile of `name`."""
        self.tiles.show_picture(name, picture)

    def fit(self, window: int, scale: float) -> None:
        """Take the best width in a window of that width, its letters `scale` times as large: for one column or two."""
        columns = 1 if window < 900 else 2
        tile = max(_TILE, min(220, round(window * 0.1)) if columns > 1 else 0)
        self.setFixedWidth(round(columns * (tile * scale + 2 * _GAP) + 32))
        self.list.fit(round(tile * scale) - 10)

    def _frame(self) -> None:
        names = self.tiles.names
        index = self.tiles.index(names.index(self._current)) if self._current in names else QModelIndex()
        self.list.frame(index)

    def _search(self, text: str) -> None:
        self.tiles.search(text)
        self._frame()

    def _take_first(self) -> None:
        if self.tiles.names:
            self.chosen.emit(self.tiles.names[0])
            self.list.setFocus()


class _Search(QLineEdit):
    """`left` is sent when Escape ends the search."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Escape ends the search."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            return
        super().keyPressEvent(event)


class _List(QListView):
    """Tiles in as many columns as there is room for. `moved` is sent with the name that the arrow keys came to."""

    moved = pyqtSignal(str)
    hovered = pyqtSignal(str)
    starred = pyqtSignal(str)

    def __init__(self, tiles: Tiles) -> None:
        super().__init__()
        self._quiet, self._held, self._tile = False, False, _TILE
        self.setModel(tiles)
        self.setItemDelegate(_Drawn(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else tiles jump as it comes and goes
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setAccessibleName("Styles")
        self.setToolTip("Choose a style; arrow keys too")
        self.entered.connect(lambda index: self.hovered.emit(index.data(NAME)))

    def fit(self, tile: int) -> None:
        """Make tiles at least so wide."""
        self._tile = tile
        self._make_grid()

    def frame(self, index: QModelIndex) -> None:
        """Make `index` the current one without choosing it."""
        self._quiet = True
        try:
            self.setCurrentIndex(index)
            if index.isValid():
                self.scrollTo(index)
        finally:
            self._quiet = False

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """The arrow keys choose as they go."""
        super().currentChanged(current, previous)
        if not self._quiet and current.isValid() and self.hasFocus() and not self._held:
            self.moved.emit(current.data(NAME))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows go about the tiles, Return chooses again; letters are the window's keys."""
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.moved.emit(self.currentIndex().data(NAME) or "")
        elif event.key() in _MOVES:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click on a star is about the favourite, on anything else about the style."""
        if event is None:
            return
        index = self.indexAt(event.pos())
        if index.isValid() and star_of(self.visualRect(index)).contains(event.pos()):
            self.starred.emit(index.data(NAME))
            return
        self._held = True
        super().mousePressEvent(event)
        self._held = False

    def leaveEvent(self, event: QEvent | None) -> None:
        """The mouse is elsewhere."""
        self.hovered.emit("")
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fill the width with whole tiles."""
        self._make_grid()
        super().resizeEvent(event)

    def _make_grid(self) -> None:
        viewport = self.viewport()
        assert viewport is not None
        width = viewport.width()
        columns = max(1, width // (self._tile + 2 * _GAP))
        tile = max(40, width // columns - 1)
        self.setGridSize(QSize(tile, tile_height(tile, QFontMetrics(self.font()))))


def tile_height(width: int, metrics: QFontMetrics) -> int:
    """How high a tile of that width is: a picture of 4:3 over two lines."""
    return (width - 2 * _GAP) * 3 // 4 + 2 * metrics.height() + 3 * _GAP


def star_of(tile: QRect) -> QRect:
    """Where the star of a tile is."""
    return QRect(tile.right() - _GAP - _STAR - 5, tile.top() + _GAP + 5, _STAR, _STAR)


class _Drawn(QStyledItemDelegate):
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
        place = QRectF(tile.adjusted(_GAP, _GAP, -_GAP, 0))
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
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
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
