"""The styles that are the user's own, in the window: a picture dropped is kept under a name, renamed, removed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QObject, QPoint, pyqtSignal
from PyQt5.QtWidgets import QInputDialog, QMenu, QMessageBox, QWidget

from realtime.styles.pictures import is_picture
from realtime.window.browsing import Browsing
from realtime.window.chooser import Chooser
from realtime.window.gallery import Gallery
from realtime.window.keys import tip
from realtime.window.refining import Refiner
from realtime.window.shelf import Changed, Pictured, Shelf


class OwnStyles(QObject):
    """What one does with the style chosen, or the one of a tile: through `shelf`, None where nothing can be kept.

    `said` and `failed` are sent with a sentence.
    """

    said = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(
        self,
        shelf: Shelf | None,
        chooser: Chooser,
        gallery: Gallery,
        browsing: Browsing,
        parent: QWidget,
        refiner: Refiner,
    ) -> None:
        super().__init__(parent)
        self._shelf, self._chooser, self._gallery, self._browsing = shelf, chooser, gallery, browsing
        self._parent, self._refiner = parent, refiner
        gallery.asked_about.connect(self._pop_up)
        gallery.keep.clicked.connect(lambda _=False: self.keep())
        gallery.own.setMenu(self.menu(""))
        chooser.changed.connect(self._show_buttons)
        if shelf is not None:
            shelf.pictured.connect(self._show_picture)
            shelf.changed.connect(self._follow)
            shelf.failed.connect(self.failed)
        for name in filter(is_picture, chooser.names):  # as the command line or the last time said
            self.look_at(name)
        self._show_buttons()

    def look_at(self, path: str) -> None:
        """Show a tile for the picture at `path`, whose style was chosen."""
        if self._shelf is not None:
            self._shelf.look_at(path)

    def tell(self) -> None:
        """Show what has been done meanwhile; to be called now and then."""
        if self._shelf is not None:
            self._shelf.tell()

    def close(self) -> None:
        """Begin nothing more."""
        if self._shelf is not None:
            self._shelf.close()

    def finish(self) -> None:
        """Wait for what is being written, after `close`."""
        if self._shelf is not None:
            self._shelf.finish()

    # --- what keys, buttons and menus do, with the style `name`, "" for the one chosen ---

    def keep(self, name: str = "") -> None:
        """Ask for a name, and keep the style under it."""
        style = name or self._chooser.style
        if self._shelf is None or not self._can_keep(style):
            self.said.emit("Drop a picture on the window, or blend two styles: that can be kept under a name.")
            return
        self._ask("Keep the style", self._chooser.words_for(style), partial(self._shelf.keep, style))

    def rename(self, name: str = "") -> None:
        """Ask for another name of a style of the user's own."""
        style = name or self._chooser.name
        if self._shelf is None or not self._is_own(style):
            self.said.emit("Only styles that you have kept can be renamed.")
            return
        self._ask("Rename the style", self._chooser.title(style), partial(self._shelf.rename, style))

    def remove(self, name: str = "") -> None:
        """Remove a style of the user's own, after a question; a picture that was not kept only leaves the gallery."""
        style = name or self._chooser.name
        if style in self._gallery.tiles.pictures:
            self._forget(style)
        elif self._shelf is None or not self._is_own(style):
            self.said.emit("Only styles that you have kept can be removed.")
        else:
            words = f"Remove the style {self._chooser.title(style)}? Its file is deleted."
            box = QMessageBox(self._parent)
            box.setWindowTitle("Remove a style")
            box.setText(words)
            for button in (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Cancel):
                box.addButton(button)
            box.setDefaultButton(QMessageBox.StandardButton.Cancel)
            yes = box.button(QMessageBox.StandardButton.Yes)
            assert yes is not None
            yes.setText("Remove")
            yes.clicked.connect(partial(self._remove, self._shelf, style))
            box.finished.connect(box.deleteLater)
            box.open()

    def menu(self, name: str) -> QMenu:
        """What can be done with the style `name`, "" for the one chosen."""
        menu = QMenu("Style", self._parent)
        menu.setToolTipsVisible(True)
        style = name or self._chooser.name
        said: list[tuple[str, str, str, Callable[[], None]]] = []
        if name:
            said.append(("Favourite, or not", "star", "Favourites come first", partial(self._gallery.star, name)))
        if name in self._gallery.tiles.pictures:
            said.append(("Keep …", "keep", "Keep it under a name", partial(self.keep, name)))
        if name and (offer := self._refiner.offer(name)):
            about = "Fit it closer to its picture, in the background"
            said.append((offer, "refine", about, partial(self._refiner.toggle, name)))
        if not name or self._is_own(style):
            said.append(("Rename …", "rename", "Call it by another name", partial(self.rename, name)))
        if not name or self._is_own(style) or style in self._gallery.tiles.pictures:
            said.append(("Remove …", "remove", "Delete it from your styles", partial(self.remove, name)))
        for words, action, about, does in said:
            entry = menu.addAction(words)
            assert entry is not None
            entry.setToolTip(tip(action, about))
            entry.triggered.connect(lambda _=False, does=does: does())
        return menu

    def _pop_up(self, name: str, place: QPoint) -> None:
        menu = self.menu(name)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _ask(self, title: str, text: str, then: Callable[[str], None]) -> None:
        dialog = QInputDialog(self._parent)
        dialog.setWindowTitle(title)
        dialog.setLabelText("Name")
        dialog.setTextValue(text)
        dialog.textValueSelected.connect(lambda name: then(name) if name.strip() else None)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _remove(self, shelf: Shelf, style: str, _: bool = False) -> None:
        self._leave(style)
        shelf.remove(style)

    def _forget(self, style: str) -> None:
        self._leave(style)
        self._gallery.tiles.forget(style)
        self._chooser.forget(style)

    def _leave(self, style: str) -> None:
        """Choose another style where `style` is in use: what is removed can't be opened again."""
        others = [name for name in self._gallery.tiles.all() if name not in self._chooser.names]
        if style in self._chooser.names and others:
            self._chooser.pick(others[0])

    # --- what came of it ---

    def _show_picture(self, picture: Pictured) -> None:
        self._chooser.know({picture.path: picture.card})
        self._gallery.tiles.add_picture(picture.path, picture.card)
        self._browsing.show_still(picture.path, picture.small)
        self._gallery.frame()
        self._show_buttons()

    def _follow(self, done: Changed) -> None:
        in_use = done.before == self._chooser.style
        new = self._gallery.replace(done.styles, done.before, done.now)
        self._chooser.know({style.card.name: style.card for style in done.styles})
        self._browsing.show_thumbnails(new)
        if in_use and done.now:
            self._chooser.recall(done.now)  # the same vector: the fade shows nothing
        if done.before != done.now:
            self._chooser.forget(done.before)
        self.said.emit(f"{self._chooser.title(done.now)} is among your styles" if done.now else "Removed")
        self._gallery.frame()
        self._show_buttons()

    def _can_keep(self, style: str) -> bool:
        return style in self._gallery.tiles.pictures or len(self._chooser.names) > 1

    def _is_own(self, name: str) -> bool:
        return name in self._gallery.tiles.own

    def _show_buttons(self) -> None:
        can = self._shelf is not None
        self._gallery.keep.setVisible(can and self._can_keep(self._chooser.style))
        self._gallery.own.setVisible(
            can and self._chooser.names == [self._chooser.name] and self._is_own(self._chooser.name)
        )
