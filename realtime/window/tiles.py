"""The styles as the gallery lists them: filtered by what is searched for, favourites first, each with its picture."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PyQt5.QtCore import QAbstractListModel, QModelIndex, Qt
from PyQt5.QtGui import QPixmap

from realtime.styles.kept import is_own
from weights.card import Card
from weights.catalog import Style

NAME, PAINTER, FAVOURITE = (int(Qt.ItemDataRole.UserRole) + i for i in range(3))


class Tiles(QAbstractListModel):
    """One row for each style that is listed: its title, PAINTER, tooltip, picture, and whether it is a FAVOURITE.

    `own` are the names of the user's own styles, `pictures` the paths of those that are not kept; they come first.
    """

    def __init__(self, styles: list[Style], favourites: set[str]) -> None:
        super().__init__()
        self._cards: dict[str, Card] = {}
        self._titles: Counter[str] = Counter()
        self.own: set[str] = set()
        self.pictures: set[str] = set()
        self._pictures: dict[str, QPixmap] = {}
        self._searched = ""
        self.favourites = favourites
        self.names: list[str] = []
        self._take(styles)
        self._list()

    def all(self) -> list[str]:
        """Every style's name, in the order of the gallery, whatever is searched for."""
        return sorted(self._cards, key=lambda name: (name not in self.pictures, name not in self.favourites))

    def search(self, text: str) -> None:
        """List what has every word of `text` in its title, name, painter or year."""
        self._searched = text
        self.beginResetModel()
        self._list()
        self.endResetModel()

    def replace(self, styles: list[Style], gone: str = "") -> list[Style]:
        """List these `styles`, and what is pictured but for `gone`; returns those that were not listed yet."""
        new = [style for style in styles if style.card.name not in self._cards]
        self.pictures.discard(gone)
        self._cards = {name: card for name, card in self._cards.items() if name in self.pictures}
        self._take(styles)
        self.search(self._searched)
        return new

    def add_picture(self, path: str, card: Card) -> None:
        """List the style of the picture at `path`, whatever is searched for by now."""
        self.pictures.add(path)
        self._cards[path] = card
        self._searched = ""
        self.search("")

    def forget(self, path: str) -> None:
        """List a picture no longer."""
        self.pictures.discard(path)
        self._cards.pop(path, None)
        self.search(self._searched)

    def toggle(self, name: str) -> bool:
        """Make a style a favourite, or not any longer; returns which."""
        self.favourites ^= {name}
        self.search(self._searched)
        return name in self.favourites

    def show_picture(self, name: str, picture: QPixmap) -> None:
        """Show `picture` for the style `name`."""
        self._pictures[name] = picture
        if name in self.names:
            index = self.index(self.names.index(name))
            self.dataChanged.emit(index, index, [int(Qt.ItemDataRole.DecorationRole)])

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many styles are listed."""
        return len(self.names)

    def data(self, index: QModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the row `index` has to say."""
        if not index.isValid():
            return None
        name = self.names[index.row()]
        card = self._cards[name]
        title = card.title or card.name
        by = ", ".join(part for part in (card.picture.painter, card.picture.year) if part)
        by = by or ("not kept yet" if name in self.pictures else "your own" if name in self.own else "")
        favourite = name in self.favourites
        said = {
            Qt.ItemDataRole.DisplayRole: title,
            Qt.ItemDataRole.DecorationRole: self._pictures.get(name),
            Qt.ItemDataRole.ToolTipRole: f"{title}\n{by}\nthe star makes it a favourite" if by else title,
            Qt.ItemDataRole.AccessibleTextRole: f"{title}, {by}{', favourite' if favourite else ''}",
            NAME: name,
            PAINTER: name
            if self._titles[title] > 1
            else card.picture.painter or by,  # else nobody could tell them apart
            FAVOURITE: favourite,
        }
        return said.get(role)

    def _take(self, styles: list[Style]) -> None:
        self._cards |= {style.card.name: style.card for style in styles}
        self.own = {style.card.name for style in styles if is_own(style)}
        self._titles = Counter(style.card.title or style.card.name for style in styles)

    def _list(self) -> None:
        words = self._searched.casefold().split()
        self.names = [name for name in self.all() if all(word in self._text(name) for word in words)]

    def _text(self, name: str) -> str:
        card = self._cards[name]
        picture = card.picture
        return " ".join((name, card.title, card.method, picture.title, picture.painter, picture.year)).casefold()
