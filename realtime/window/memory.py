"""What of the window comes back at its next start: source, style, dials, favourites, how it stood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QByteArray

from realtime.live import Dials
from realtime.styles.blends import read_blend
from realtime.styles.pictures import is_file, is_picture
from realtime.window.settings import Settings
from realtime.window.source_kinds import is_camera
from weights.errors import InputError

_DIALS = ("strength", "stroke", "keep_colors")


class Memory:
    """Reads and keeps the window's `settings` by what they mean."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def source(self) -> str:
        """The source painted last, "" where there is none or its file has gone."""
        text = self._settings.text("source")
        return text if is_camera(text) or "://" in text or (text and Path(text).exists()) else ""

    def style(self, installed: set[str]) -> str:
        """The style or blend painted last, "" where not all of it is `installed`, or a picture still there."""
        text = self._settings.text("style")
        try:
            names = set(read_blend(text)) if text else set()
        except InputError:  # the file of settings is open to everyone
            return ""
        return text if all(name in installed or (is_picture(name) and is_file(name)) for name in names) else ""

    def dials(self, dials: Dials) -> Dials:
        """`dials` with those that were set last."""
        strength, stroke, keep = (self._settings.number(name, getattr(dials, name)) for name in _DIALS)
        return replace(dials, strength=strength, stroke=stroke, keep_colors=keep)

    def favourites(self) -> set[str]:
        """The names of the favourite styles."""
        return set(self._settings.texts("favourites"))

    def keep_favourites(self, names: set[str]) -> None:
        """Remember the favourite styles, at once."""
        self._settings.keep("favourites", sorted(names))
        self._settings.save()

    def mirrors(self) -> bool:
        """Whether cameras are mirrored; they are, until somebody says otherwise."""
        return self._settings.flag("mirror", True)

    def keep_mirrors(self, on: bool) -> None:
        """Remember whether cameras are mirrored."""
        self._settings.keep("mirror", on)

    def flag(self, name: str) -> bool:
        """Whether a toggle of the window was on."""
        return self._settings.flag(name)

    def geometry(self) -> QByteArray:
        """Where the window was and how large, empty where that isn't known."""
        return self._settings.data("geometry")

    def keep(self, source: str, style: str, dials: Dials, geometry: QByteArray, flags: dict[str, bool]) -> None:
        """Remember all this."""
        self._settings.keep("source", source)
        self._settings.keep("style", style)
        self._settings.keep("geometry", geometry)
        for name in _DIALS:
            self._settings.keep(name, float(getattr(dials, name)))
        for name, on in flags.items():
            self._settings.keep(name, on)
        self._settings.save()
