"""The bar over the picture: the source at its left, what is chosen, and buttons for what is done most."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from realtime.window import icons
from realtime.window.keys import tip

_BUTTONS = {
    "record": ("Record", True),
    "split": ("Before and after", True),
    "mirror": ("Mirror the picture", True),
    "snapshot": ("Save a snapshot", False),
    "full_screen": ("Full screen", False),
    "keys": ("Keys", False),
}
"""What the buttons are called, by the action each does, and whether it can be on."""

_MENUS = {
    "out": "Save and send: snapshots, recording, an address, a virtual camera",
    "view": "The window: size of the picture, on top, hide the controls",
}
"""What the buttons are called that open a menu."""

_WITH_WORDS = Qt.ToolButtonStyle.ToolButtonTextBesideIcon

_ICONS = {"full_screen": "full"}


class Bar(QWidget):
    """Buttons for `actions`, by name; `menus` are opened by buttons of their own."""

    def __init__(self, actions: Mapping[str, Callable[[], object]], menus: Mapping[str, QMenu]) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(2)
        source = _button("source", "What is painted: a camera, a clip, a still or an address", menus["source"])
        source.setToolButtonStyle(_WITH_WORDS)
        self.buttons["source"] = source
        row.addWidget(source)
        self._title = QLabel()
        self._title.setObjectName("faint")
        self._title.setAccessibleName("The style chosen")
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._title, 1)
        for action, (words, can_be_on) in _BUTTONS.items():
            button = _button(_ICONS.get(action, action), tip(action, words), None, words)
            button.setCheckable(can_be_on)
            button.clicked.connect(lambda _=False, act=actions[action]: act())
            self.buttons[action] = button
        for name, words in _MENUS.items():
            self.buttons[name] = _button(name, words, menus[name])
        for name in ("split", "mirror", "snapshot", "record", "out", "view", "full_screen", "keys"):
            row.addWidget(self.buttons[name])

    def show_source(self, words: str) -> None:
        """Say what is painted."""
        button = self.buttons["source"]
        room = max(80, self.width() // 4)
        button.setText(f" {button.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, room)}")

    def show_title(self, words: str) -> None:
        """Say what is chosen."""
        self._title.setToolTip(words)
        room = self._title.width() - 8
        self._title.setText(self._title.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))

    def show_outgoing(self, recorded: str, sends: bool) -> None:
        """Say how long the recording is by now, "" where none runs, and whether the picture goes elsewhere."""
        record, out = self.buttons["record"], self.buttons["out"]
        if record.text() != recorded:
            if bool(record.text()) != bool(recorded):
                record.setIcon(icons.icon("stop" if recorded else "record"))
                record.setToolTip(tip("record", "Stop the recording" if recorded else _BUTTONS["record"][0]))
                record.setToolButtonStyle(_WITH_WORDS if recorded else Qt.ToolButtonStyle.ToolButtonIconOnly)
            record.setText(recorded)
        record.setChecked(bool(recorded))
        if out.isChecked() != sends:
            out.setCheckable(sends)
            out.setChecked(sends)

    def scale(self, scale: float) -> None:
        """Draw the icons `scale` times as large as usual."""
        side = round(20 * scale)
        for button in self.buttons.values():
            button.setIconSize(QSize(side, side))


def _button(picture: str, words: str, menu: QMenu | None = None, name: str = "") -> QToolButton:
    button = QToolButton()
    button.setIcon(icons.icon(picture))
    button.setToolTip(words)
    button.setAccessibleName(name or words)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # keys are for the picture
    if menu is not None:
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button
