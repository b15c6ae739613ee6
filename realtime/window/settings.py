"""What the window remembers from one time to the next, in a file of the user's folder."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QByteArray, QSettings

from weights.folders import user_folder


def settings_path() -> Path:
    """Where the window's settings lie; the file may not be there yet."""
    return user_folder("styles").parent / "window.ini"


class Settings:
    """Values by name in an ini file; what isn't there, or is of another kind, is the default that is given.

    Without a file it remembers for as long as it lives.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = QSettings(str(path), QSettings.Format.IniFormat) if path else None
        self._values: dict[str, object] = {}

    def text(self, name: str, default: str = "") -> str:
        """The text called `name`."""
        value = self._read(name)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: float) -> float:
        """The number from 0 to 1 called `name`."""
        try:
            value = float(self.text(name, str(default)))
        except ValueError:
            return default
        return value if 0 <= value <= 1 else default

    def flag(self, name: str, default: bool = False) -> bool:
        """Whether `name` is on."""
        return {"true": True, "false": False}.get(self.text(name), default)

    def texts(self, name: str) -> list[str]:
        """The texts called `name`, none of which holds a comma."""
        return [part for part in self.text(name).split(",") if part]

    def data(self, name: str) -> QByteArray:
        """The bytes called `name`, empty where there are none."""
        return QByteArray.fromBase64(self.text(name).encode())

    def keep(self, name: str, value: str | float | bool | list[str] | QByteArray) -> None:
        """Remember `value` as `name`."""
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, QByteArray):
            text = bytes(value.toBase64().data()).decode()
        else:
            text = ",".join(value) if isinstance(value, list) else str(value)
        self._write(name, text)

    def save(self) -> None:
        """Write the file now; a folder that can't be written costs the memory and nothing else."""
        if self._file is not None:
            self._file.sync()

    def _read(self, name: str) -> object:
        value = self._values.get(name) if self._file is None else self._file.value(name)
        # An ini file gives "a,b" back as a list.
        return ",".join(value) if isinstance(value, list) else value

    def _write(self, name: str, text: str) -> None:
        if self._file is None:
            self._values[name] = text
        else:
            self._file.setValue(name, text)
