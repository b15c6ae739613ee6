"""A hand on mouse and keyboard: real events of the X server where there is one, else those that Qt makes up."""

from __future__ import annotations

import ctypes
import time
from typing import Any

from tests.window_fakes import mouse

# isort: split
from PyQt5.QtCore import QEvent, QPoint, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QWidget

_KEYS = {Qt.Key.Key_Escape: b"Escape", Qt.Key.Key_Right: b"Right", Qt.Key.Key_Slash: b"slash"}
_PRESS, _MOVE, _RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
_CONTROL, _SHIFT = b"Control_L", b"Shift_L"


class Hand:
    """Moves, clicks and types in the windows of `application`; each call lets the window answer."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._x = _XTest() if application.platformName() == "xcb" else None

    @property
    def real(self) -> bool:
        """Whether the events come from the X server."""
        return self._x is not None

    def click(self, widget: QWidget, place: QPoint | None = None) -> None:
        """Click on `widget`, in its middle where no place is given."""
        self.drag(widget, place or widget.rect().center(), place or widget.rect().center())

    def drag(self, widget: QWidget, start: QPoint, end: QPoint) -> None:
        """Press at `start`, let go at `end`."""
        if self._x is None:
            for kind, place in ((_PRESS, start), (_MOVE, end), (_RELEASE, end)):
                if kind != _MOVE or end != start:
                    mouse(widget, kind, place)
                    self.rest()
            return
        self._x.move(widget.mapToGlobal(start))
        self.rest()
        self._x.button(True)
        self.rest()
        if end != start:
            for part in (0.5, 1.0):
                self._x.move(widget.mapToGlobal(start + (end - start) * part))
                self.rest()
        self._x.button(False)
        self.rest()

    def key(self, key: int, control: bool = False, shift: bool = False) -> None:
        """Type a key into whatever has the focus."""
        if self._x is None:
            modifiers: Any = Qt.KeyboardModifier.NoModifier
            if control:
                modifiers |= Qt.KeyboardModifier.ControlModifier
            if shift:
                modifiers |= Qt.KeyboardModifier.ShiftModifier
            target = QApplication.activePopupWidget() or QApplication.focusWidget() or QApplication.activeWindow()
            assert target is not None, "nothing has the focus"
            hit: Any = QTest.keyClick  # its stub takes it for a method
            hit(target, Qt.Key(key), modifiers)
        else:
            held_keys = [name for name, held in ((_CONTROL, control), (_SHIFT, shift)) if held]
            self._x.type(_KEYS.get(Qt.Key(key)) or bytes([key]).lower(), held_keys)
        self.rest()

    def rest(self, seconds: float = 0.06) -> None:
        """Let the window answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._application.processEvents()
            time.sleep(0.002)


class _XTest:
    """The XTEST extension of the X server of DISPLAY."""

    def __init__(self) -> None:
        self._xlib, self._xtst = (ctypes.CDLL(name) for name in ("libX11.so.6", "libXtst.so.6"))
        self._xlib.XOpenDisplay.restype = ctypes.c_void_p
        self._xlib.XStringToKeysym.restype = ctypes.c_ulong
        display = self._xlib.XOpenDisplay(None)
        assert display, "the X server does not answer"
        self._display = ctypes.c_void_p(display)

    def _send(self, name: str, *words: Any) -> None:
        getattr(self._xtst, name)(self._display, *words, ctypes.c_ulong(0))
        self._xlib.XFlush(self._display)

    def move(self, to: QPoint) -> None:
        self._send("XTestFakeMotionEvent", -1, to.x(), to.y())

    def button(self, down: bool) -> None:
        self._send("XTestFakeButtonEvent", 1, int(down))

    def type(self, name: bytes, held: list[bytes]) -> None:
        codes = [
            self._xlib.XKeysymToKeycode(self._display, ctypes.c_ulong(self._xlib.XStringToKeysym(one)))
            for one in (*held, name)
        ]
        for code in codes:
            self._send("XTestFakeKeyEvent", code, 1)
        for code in reversed(codes):
            self._send("XTestFakeKeyEvent", code, 0)
