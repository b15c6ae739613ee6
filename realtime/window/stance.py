"""How the window stands: with its controls or without, over the whole screen, above other windows."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QWidget


class Stance:
    """Changes how `window` stands; `controls` are what it hides in its compact view and on the full screen."""

    def __init__(self, window: QWidget, controls: Sequence[QWidget]) -> None:
        self._window, self._controls = window, controls
        self.compact = False

    @property
    def bare(self) -> bool:
        """Whether the picture stands alone."""
        return self.compact or self._window.isFullScreen()

    def toggle_full_screen(self) -> None:
        """Fill the screen with the picture alone, or go back."""
        (self._window.showNormal if self._window.isFullScreen() else self._window.showFullScreen)()
        self._show_controls()

    def hide_controls(self, on: bool) -> None:
        """Show the picture alone, or its controls too."""
        self.compact = on
        self._show_controls()

    def stay_on_top(self, on: bool) -> None:
        """Keep the window above the others, or not."""
        shown = self._window.isVisible()
        self._window.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, on)
        if shown:
            self._window.show()  # Qt hides a window whose flags change

    def _show_controls(self) -> None:
        for part in self._controls:
            part.setVisible(not self.bare)
