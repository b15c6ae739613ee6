"""The menu of the window itself: how many lines are painted, whether the rate is held, how the window stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt5.QtWidgets import QAction, QActionGroup, QMenu, QWidget

from realtime.live import Live
from realtime.window.keys import tip

LINES = (240, 360, 480, 720, 1080)

_TOGGLES = {
    "on_top": ("Always on top", "Keep the window above the others"),
    "compact": ("Hide the controls", "Show the picture alone"),
}


class ViewMenu(QMenu):
    """`toggles`, by name, are called with whether they are on; `live` gets the lines and whether the rate is held."""

    def __init__(self, live: Live, toggles: Mapping[str, Callable[[bool], None]], parent: QWidget) -> None:
        super().__init__("Window", parent)
        self.setToolTipsVisible(True)
        self.setAccessibleName("Window")
        self._live = live
        self.toggles: dict[str, QAction] = {}
        self._lines = QActionGroup(self)
        lines = self.addMenu("Lines painted")
        assert lines is not None
        lines.setToolTipsVisible(True)
        lines.setToolTip("Fewer lines are faster, and paint larger strokes")
        for count in (*LINES, None):
            self._add_lines(lines, count)
        self.hold_rate = QAction("Hold the rate", self)
        self.hold_rate.setToolTip("Work at fewer lines where the machine can't paint as many in time")
        self.hold_rate.setCheckable(True)
        self.hold_rate.toggled.connect(live.govern)
        self.addAction(self.hold_rate)
        self.addSeparator()
        for name, (words, about) in _TOGGLES.items():
            action = QAction(words, self)
            action.setCheckable(True)
            action.setToolTip(tip(name, about))
            action.toggled.connect(toggles[name])
            self.addAction(action)
            self.toggles[name] = action
        self.aboutToShow.connect(self._follow)
        self._follow()

    def _add_lines(self, menu: QMenu, count: int | None) -> None:
        action = QAction(f"{count}" if count else "As it comes", menu)
        action.setToolTip(f"Paint {count} lines" if count else "Paint every line of the source")
        action.setCheckable(True)
        action.setData(count)
        action.triggered.connect(lambda _=False: self._live.change(height=count))
        self._lines.addAction(action)
        menu.addAction(action)

    def _follow(self) -> None:
        self.hold_rate.setChecked(self._live.governed)
        for action in self._lines.actions():
            action.setChecked(action.data() == self._live.dials.height)
