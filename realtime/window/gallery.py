"""The gallery at the side of the picture: a tile for each style, a search field, and stars for favourites."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPixmap, QResizeEvent
from PyQt5.QtWidgets import QLineEdit, QListView, QPushButton, QVBoxLayout, QWidget

from realtime.window import icons
from realtime.window.keys import tip
from realtime.window.theme import FAINT
from realtime.window.tile_drawing import GAP, Drawn, star_of, tile_height
from realtime.window.tiles import NAME, Tiles
from weights.catalog import Style

_TILE = 132  # pixels that a tile is wide at the least
_MOVES = frozenset(
    getattr(Qt.Key, f"Key_{name}") for name in ("Left", "Right", "Up", "Down", "Home", "End", "PageUp", "PageDown")
)


class Gallery(QWidget):
    """Shows `styles`; `chosen` is sent with a name, `hovered` with one or "", `starred` when a favourite changes,
    `left` when the search is over, `asked_about` with a name and where to say what can be done with it. `refine`,
    `keep` and `own` are buttons about the style chosen, for whoever shows them."""

    chosen = pyqtSignal(str)
    hovered = pyqtSignal(str)
    starred = pyqtSignal()
    left = pyqtSignal()
    asked_about = pyqtSignal(str, QPoint)

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
        self.search.addAction(icons.icon("search", FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.list = _List(self.tiles)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 6, 4)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.keep = _button("Keep this style …", tip("keep", "Keep what is chosen under a name, for the next time"))
        self.own = _button("Your style …", "Rename or remove the style that you have kept")
        self.refine = _button("Refine", tip("refine", "Fit it closer to its picture, in the background"))
        for button in (self.refine, self.keep, self.own):
            column.addWidget(button)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._take_first)
        self.search.left.connect(self.left)
        self.list.clicked.connect(lambda index: self.chosen.emit(index.data(NAME)))
        self.list.moved.connect(self.chosen)
        self.list.hovered.connect(self.hovered)
        self.list.starred.connect(self.star)
        self.list.asked_about.connect(self.asked_about)

    def show_chosen(self, name: str) -> None:
        """Frame the tile of `name`, and bring it into sight."""
        if name != self._current:
            self._current = name
            self.frame()

    def star(self, name: str) -> None:
        """Make a style a favourite, or not any longer."""
        self.tiles.toggle(name)
        self.frame()
        self.starred.emit()

    def show_picture(self, name: str, picture: QPixmap) -> None:
        """Show `picture` on the tile of `name`."""
        self.tiles.show_picture(name, picture)

    def fit(self, window: int, scale: float) -> None:
        """Take the best width in a window of that width, its letters `scale` times as large: for one column or two."""
        columns = 1 if window < 900 else 2
        tile = max(_TILE, min(220, round(window * 0.1)) if columns > 1 else 0)
        self.setFixedWidth(round(columns * (tile * scale + 2 * GAP) + 32))
        self.list.fit(round(tile * scale) - 10)

    def replace(self, styles: list[Style], before: str, now: str) -> list[Style]:
        """List `styles`; the one called `before` is called `now`, "" if gone. Returns those not listed until now."""
        favourites = self.tiles.favourites
        if before in favourites:
            favourites.remove(before)
            favourites.update({now} - {""})
            self.starred.emit()
        return self.tiles.replace(styles, before)

    def frame(self) -> None:
        """Frame the tile of the style chosen, and bring it into sight."""
        names = self.tiles.names
        index = self.tiles.index(names.index(self._current)) if self._current in names else QModelIndex()
        self.list.frame(index)

    def _search(self, text: str) -> None:
        self.tiles.search(text)
        self.frame()

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
    asked_about = pyqtSignal(str, QPoint)

    def __init__(self, tiles: Tiles) -> None:
        super().__init__()
        self._quiet, self._held, self._tile = False, False, _TILE
        self.setModel(tiles)
        self.setItemDelegate(Drawn(self))
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
        if event.button() == Qt.MouseButton.RightButton:
            return  # is about the tile, and chooses nothing
        self._held = True
        super().mousePressEvent(event)
        self._held = False

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Ask what can be done with the tile that is clicked on, or with the current one by the key."""
        if event is None:
            return
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.isValid():
            place = event.globalPos() if by_mouse else self.mapToGlobal(self.visualRect(index).center())
            self.asked_about.emit(index.data(NAME), place)

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
        columns = max(1, width // (self._tile + 2 * GAP))
        tile = max(40, width // columns - 1)
        self.setGridSize(QSize(tile, tile_height(tile, QFontMetrics(self.font()))))


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setAccessibleName(words)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.hide()
    return button
