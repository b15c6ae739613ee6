"""The keys: what each does, in words and by the name of the window's method; the words over the picture on `?`."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True)
class Key:
    """A key: what is written on it, what it does in `words`, and the `action` of the window; "" where it isn't one."""

    shown: str
    words: str
    action: str = ""
    code: int = 0
    modifiers: Qt.KeyboardModifier | Qt.KeyboardModifiers = _NONE
    group: int = 0


KEYS = (
    Key("← →", "style before, style after"),
    Key("/", "search the styles", "search", Qt.Key.Key_Slash),
    Key("B", "make it a favourite, or not", "star", Qt.Key.Key_B),
    Key("K", "keep it under a name", "keep", Qt.Key.Key_K),
    Key("G", "refine your style, or pause", "refine", Qt.Key.Key_G),
    Key("F2", "rename your style", "rename", Qt.Key.Key_F2),
    Key("Del", "remove your style", "remove", Qt.Key.Key_Delete),
    Key("0 … 9", "recall a look"),
    Key("Ctrl 0 … 9", "save a look"),
    Key("C", "held: the camera's picture", "hold", Qt.Key.Key_C),
    Key("V", "before and after", "split", Qt.Key.Key_V),
    Key("Space", "hold the picture still", "pause", Qt.Key.Key_Space),
    Key("O", "open a clip or a still", "open_file", Qt.Key.Key_O, group=1),
    Key("Ctrl V", "paint in a copied picture's style", "paste", Qt.Key.Key_V, _CONTROL, 1),
    Key("S", "snapshot", "snapshot", Qt.Key.Key_S, group=1),
    Key("Shift S", "snapshot after 3-2-1", "countdown", Qt.Key.Key_S, _SHIFT, 1),
    Key("R", "record, or stop", "record", Qt.Key.Key_R, group=1),
    Key("M", "mirror", "mirror", Qt.Key.Key_M, group=1),
    Key("H", "hide the controls", "compact", Qt.Key.Key_H, group=1),
    Key("T", "always on top", "on_top", Qt.Key.Key_T, group=1),
    Key("F", "full screen", "full_screen", Qt.Key.Key_F, group=1),
    Key("?", "these keys", "keys", Qt.Key.Key_Question, _SHIFT, 1),
    Key("Esc", "leave", "leave", Qt.Key.Key_Escape, group=1),
)

_FORGIVING = (Qt.Key.Key_Question, Qt.Key.Key_Slash)  # keyboards differ in whether these need Shift
_ALSO: dict[int, str] = {Qt.Key.Key_F1: "keys", Qt.Key.Key_F11: "full_screen"}


def action_of(event: QKeyEvent) -> str:
    """The action of the key pressed, "" where it has none."""
    modifiers = event.modifiers() & (_SHIFT | _CONTROL | Qt.KeyboardModifier.AltModifier)
    for key in KEYS:
        if key.code == event.key() and (modifiers == key.modifiers or key.code in _FORGIVING):
            return key.action
    return _ALSO.get(event.key(), "") if modifiers == _NONE else ""


def tip(action: str, words: str) -> str:
    """`words` with the key that does the same."""
    shown = next((key.shown for key in KEYS if key.action == action), "")
    return f"{words} ({shown})" if shown else words


class KeysCard(QFrame):
    """All keys on a card over the window; any key or click takes it away."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName("Keys")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 14, 16, 14)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        title = QLabel("Keys")
        title.setObjectName("title")
        grid.addWidget(title, 0, 0, 1, 5)
        grid.setColumnMinimumWidth(2, 10)
        rows = [0, 0]
        for key in KEYS:
            rows[key.group] += 1
            label = QLabel(key.shown)
            label.setObjectName("key")
            grid.addWidget(label, rows[key.group], 3 * key.group, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(QLabel(key.words), rows[key.group], 3 * key.group + 1)
        self.hide()

    def toggle(self) -> None:
        """Show the card in the middle of the window, or take it away."""
        parent = self.parentWidget()
        if self.isVisible() or parent is None:
            self.hide()
            return
        self.adjustSize()
        self.move((parent.width() - self.width()) // 2, max(0, (parent.height() - self.height()) // 2))
        self.show()
        self.raise_()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Any key takes it away."""
        self.hide()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """So does a click."""
        self.hide()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Keys are the window's again."""
        parent = self.parentWidget()
        if parent is not None and self.hasFocus():
            parent.setFocus()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """So does a click elsewhere."""
        self.hide()
