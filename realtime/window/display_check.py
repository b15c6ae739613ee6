"""Whether a window can open here, found out before Qt is asked: Qt's own answer is to abort the program."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

_PACKAGES = (
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-xinerama0 libxcb-shape0 libxkbcommon-x11-0"
)


def screen_trouble() -> str | None:
    """Why no window can open, in a sentence; None where one can."""
    spec = importlib.util.find_spec("PyQt5")
    if spec is None or not spec.submodule_search_locations:
        return "The window needs PyQt5, which is not installed (pip install -r realtime/requirements.txt)."
    pyqt = Path(spec.submodule_search_locations[0])
    asked = os.environ.get("QT_QPA_PLATFORM") or "xcb"
    if asked != "xcb" or not sys.platform.startswith("linux"):
        return _platform_trouble(pyqt, asked) if "QT_QPA_PLATFORM" in os.environ else None
    if not os.environ.get("DISPLAY"):
        if os.environ.get("WAYLAND_DISPLAY"):
            os.environ["QT_QPA_PLATFORM"] = "wayland"  # Qt 5 asks X first and would give up
            return None
        return "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set)."
    return _xcb_trouble(pyqt)


def _platform_trouble(pyqt: Path, asked: str) -> str | None:
    """What is wrong with what QT_QPA_PLATFORM asks for: names with ; between them, each with options behind a colon."""
    folder = pyqt / "Qt5" / "plugins" / "platforms"
    if os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH") or not folder.is_dir():
        return None  # there may be more than we know
    known = {path.stem.removeprefix("lib").removeprefix("q").split("-")[0] for path in folder.iterdir()}
    if any(name.split(":")[0].split("-")[0] in known for name in asked.split(";")):
        return None
    return (
        f"QT_QPA_PLATFORM={asked} names no window system of Qt's: take one of {', '.join(sorted(known))}, or unset it."
    )


def _xcb_trouble(pyqt: Path) -> str | None:
    plugin = pyqt / "Qt5" / "plugins" / "platforms" / "libqxcb.so"
    if plugin.exists():  # PyQt5 from pip; a distribution's own has its libraries in order
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            missing = str(error).split(":")[0]
            return f"The window needs the library {missing} (on Debian and Ubuntu: apt install {_PACKAGES})."
    if not _x_answers():
        return f"The screen {os.environ['DISPLAY']} does not answer (is its X server running, and may you use it?)."
    return None


def _x_answers() -> bool:
    """Whether the X server of DISPLAY takes a connection; True too where that can't be asked."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    broken = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not broken
