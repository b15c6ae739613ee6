"""The window's picture without the window: what drawing a frame costs."""

from __future__ import annotations

import os
import sys
import time

from realtime.frames import Image
from weights.errors import InputError

_SHOWN_SECONDS = 5.0


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
        self._drawn = 0
        self._view.drawn.connect(self._count)
        self._view.show()
        until = time.monotonic() + _SHOWN_SECONDS  # before, nothing is drawn
        while not self._drawn and time.monotonic() < until:
            self._application.processEvents()

    def draw(self, image: Image) -> None:
        """Draw `image`; returns when it is drawn, raises InputError where the screen doesn't show it."""
        before = self._drawn
        self._view.show_image(image)
        self._view.repaint()
        if self._drawn == before:
            raise InputError("The window isn't shown, so that drawing can't be measured: leave it uncovered.")

    def _count(self) -> None:
        self._drawn += 1

    def tick(self) -> None:
        """Do what windows wait for."""
        self._application.processEvents()

    def close(self) -> None:
        """Take it away."""
        self._view.close()
        self._application.processEvents()
