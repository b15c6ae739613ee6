"""The window's picture without the window: what drawing a frame costs."""

from __future__ import annotations

import os
import sys

from realtime.frames import Image


def prefer_offscreen() -> None:
    """Have Qt draw nowhere where there is no screen."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


class Screen:
    """Draws pictures as the window does, on no screen where there is none."""

    def __init__(self) -> None:
        prefer_offscreen()
        from realtime.window.application import make_application
        from realtime.window.view import View

        self._application = make_application()
        self._view = View()
        self._view.resize(self._view.sizeHint())
        self._view.show()

    def draw(self, image: Image) -> None:
        """Draw `image`; returns when it is drawn."""
        self._view.show_image(image)
        self._view.repaint()

    def tick(self) -> None:
        """Do what windows wait for."""
        self._application.processEvents()

    def close(self) -> None:
        """Take it away."""
        self._view.close()
        self._application.processEvents()
