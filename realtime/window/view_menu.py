"""The menu of the window itself: how many lines are painted, what is mirrored, how the window stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt5.QtWidgets import QAction, QActionGroup, QMenu, QWidget

from realtime.live import Live
from realtime.window.keys import tip

LINES = (240, 360, 480, 720, 1080)

_TOGGLES = {
    "on_top": ("Always on top", "Keep the window above the others"),
    "compact": ("Hide the controls", "Show the picture alone"),
    "mirror_saved": ("Save mirrored as shown", "Snapshots and what leaves the window are mirrored only with this"),
}


class ViewMenu(QMenu):
    """`toggles`, by name, are called with whether they are on; `live` gets the lines."""

    def __init__(self, live: Live, toggles: Mapping[str, Callable[[bool], None]], count_down: Callable[[], None],
                 parent: QWidget) -> None:  # fmt: skip
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
        self.addSeparator()
        for name, (words, about) in _TOGGLES.items():
            action = QAction(words, self)
            action.setCheckable(True)
            action.setToolTip(tip(name, about))
            if name in toggles:
                action.toggled.connect(toggles[name])
            self.addAction(action)
            self.toggles[name] = action
        self.addSeparator()
        counted = QAction("Snapshot after 3-2-1", self)
        counted.setToolTip(tip("countdown", "Time to get in front of the camera"))
        counted.triggered.connect(lambda _=False: count_down())
        self.addAction(counted)
        self.aboutToShow.connect(self._show_lines)

    def _add_lines(self, menu: QMenu, count: int | None) -> None:
        action = QAction(f"{count}" if count else "As it comes", menu)
        action.setToolTip(f"Paint at {count} lines" if count else "Paint every line of the source")
        action.setCheckable(True)
        action.setData(count)
        action.triggered.connect(lambda _=False: self._live.change(height=count))
        self._lines.addAction(action)
        menu.addAction(action)

    def _show_lines(self) -> None:
        for action in self._lines.actions():
            action.setChecked(action.data() == self._live.dials.height)
