"""The picture in the window: scaled to fit with its aspect kept, on black, with words over it where needed."""

from __future__ import annotations

from PyQt5 import sip
from PyQt5.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from realtime.frames import Image, resize


class View(QWidget):
    """Shows one `(H, W, 3) uint8 RGB` picture; `words` stand over it, in a band at the bottom.

    `drawn` is sent when it has been drawn, `clicked` when it is clicked on.
    """

    drawn = pyqtSignal()
    clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._image: Image | None = None
        self._scaled: Image | None = None
        self._words = ""
        self.setMinimumSize(480, 270)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def image(self) -> Image | None:
        """The picture shown, None before the first."""
        return self._image

    @property
    def words(self) -> str:
        """The words shown, "" for none."""
        return self._words

    def show_image(self, image: Image) -> None:
        """Show `image` from now on."""
        self._image = image
        self.update()

    def show_words(self, words: str) -> None:
        """Show `words` over the picture; "" takes them away."""
        if words != self._words:
            self._words = words
            self.update()

    def sizeHint(self) -> QSize:
        """As large as a camera's usual picture."""
        return QSize(1066, 600)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture and the words."""
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), QColor(18, 18, 18))
            if self._image is not None:
                self._draw(painter, self._image)
            if self._words:
                self._write(painter)
        finally:
            painter.end()  # else Qt ends the program
        self.drawn.emit()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Say that it was clicked on."""
        self.clicked.emit()

    def _draw(self, painter: QPainter, image: Image) -> None:
        ratio = self.devicePixelRatioF()
        h, w = image.shape[:2]
        scale = min(self.width() * ratio / w, self.height() * ratio / h)
        size = max(1, round(h * scale)), max(1, round(w * scale))
        # cv2 scales several times faster than QPainter's smooth transform. The array must live as long as its QImage.
        self._scaled = scaled = resize(image, size)
        picture = QImage(sip.voidptr(scaled.data), size[1], size[0], scaled.strides[0], QImage.Format.Format_RGB888)
        picture.setDevicePixelRatio(ratio)
        left, top = (self.width() - size[1] / ratio) / 2, (self.height() - size[0] / ratio) / 2
        painter.drawImage(int(left), int(top), picture)

    def _write(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPointSize(12)
        painter.setFont(font)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        room = self.rect().adjusted(24, 0, -24, 0)
        needed = painter.boundingRect(room, flags, self._words)
        lines = int(needed.height()) + 24
        room_above = self.height() - lines
        # In the middle where there is nothing else to look at.
        band = QRect(0, room_above // 2 if self._image is None else room_above, self.width(), lines)
        painter.fillRect(band, QColor(18, 18, 18, 200))
        painter.setPen(QColor(240, 240, 240))
        painter.drawText(band.adjusted(24, 0, -24, 0), flags, self._words)
