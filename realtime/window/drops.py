"""What is dropped on the window or pasted into it: a picture is a style, anything else a source."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PyQt5.QtCore import QMimeData, QObject, pyqtSignal
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication

from realtime.suffixes import READABLE

CHOICES = "A picture: drop it to paint in its style, with Shift to paint the picture itself. A clip is painted."


class Drops(QObject):
    """`style` is sent with the path of a picture to paint in the style of, `source` with what is to be painted."""

    style = pyqtSignal(str)
    source = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._pasted = tempfile.TemporaryDirectory(prefix="livebrush-")  # pictures without a file of their own
        self._count = 0

    def take(self, data: QMimeData | None, as_source: bool = False) -> None:
        """Choose what is in `data`; `as_source` has a picture painted, too."""
        if data is None:
            return
        if data.hasUrls():
            url = data.urls()[0]
            text = url.toLocalFile() if url.isLocalFile() else url.toString()
            picture = url.isLocalFile() and Path(text).suffix.lower() in READABLE
            (self.style if picture and not as_source else self.source).emit(text)
        elif data.hasImage():
            self._take_image(QImage(data.imageData()))

    def paste(self) -> None:
        """Choose what was copied."""
        clipboard = QApplication.clipboard()
        self.take(clipboard.mimeData() if clipboard is not None else None)

    def _take_image(self, image: QImage) -> None:
        self._count += 1
        path = Path(self._pasted.name) / f"pasted-{self._count}.png"
        if image.save(str(path)):
            self.style.emit(str(path))
        else:
            self.failed.emit("The picture pasted can't be written to the disk: save it as a file, and drop that.")

    def close(self) -> None:
        """Remove what was pasted."""
        self._pasted.cleanup()
