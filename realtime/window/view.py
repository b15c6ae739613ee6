"""The picture in the window: scaled to fit with its aspect kept, on black, with words over it where needed.

With a divider, what the camera gave stands left of it and its painting right.
"""

from __future__ import annotations

from PyQt5 import sip
from PyQt5.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QFont, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from realtime.frames import Image, mirrored, resize_live
from realtime.window.theme import BACKGROUND, WARNING

_GRIP = 10  # pixels on either side of the divider that hold it
_CENTRED = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
_EDGE = 0.02  # the divider stays so far inside, in parts of the width


class View(QWidget):
    """Shows one `(H, W, 3) uint8 RGB` picture; `words` stand over it, in a band at the bottom.

    `drawn` is sent when it has been drawn, `clicked` when it is clicked on, `opened` when it is double-clicked.
    """

    drawn = pyqtSignal()
    clicked = pyqtSignal()
    opened = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._image: Image | None = None
        self._before: Image | None = None
        self._kept: list[Image] = []  # what QImages look at must live as long as they do
        self._words, self._recorded, self._count = "", "", 0
        self._mirrored = False
        self._divider: float | None = None
        self._dragging = False
        self.setMinimumSize(320, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAccessibleName("Painted picture")
        self.setToolTip("")

    @property
    def image(self) -> Image | None:
        """The picture shown (right of the divider), as it was painted; None before the first."""
        return self._image

    @property
    def words(self) -> str:
        """The words shown, "" for none."""
        return self._words

    @property
    def mirrored(self) -> bool:
        """Whether left and right change places."""
        return self._mirrored

    @property
    def divider(self) -> float | None:
        """Where the divider stands, from 0 (left) to 1; None where there is none."""
        return self._divider

    def show_image(self, image: Image, before: Image | None = None) -> None:
        """Show `image` from now on; `before`, of the same size, is for the left of the divider."""
        self._image, self._before = image, before
        self.update()

    def show_words(self, words: str) -> None:
        """Show `words` over the picture; "" takes them away."""
        if words != self._words:
            self._words = words
            self.update()

    def show_recorded(self, recorded: str) -> None:
        """Show in the corner how long a recording is by now; "" takes it away."""
        if recorded != self._recorded:
            self._recorded = recorded
            self.update()

    def show_count(self, count: int) -> None:
        """Show a large number over the picture; 0 takes it away."""
        self._count = count
        self.update()

    def mirror(self, on: bool) -> None:
        """Change left and right, or not."""
        self._mirrored = on
        self.update()

    def divide(self, at: float | None) -> None:
        """Put the divider there, inside the picture; None takes it away."""
        self._divider = None if at is None else min(1 - _EDGE, max(_EDGE, at))
        self.update()

    def sizeHint(self) -> QSize:
        """As large as a camera's usual picture."""
        return QSize(960, 600)

    # --- drawing ---

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture and what stands over it."""
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), QColor(BACKGROUND))
            if self._image is not None:
                self._draw(painter, self._image)
            if self._count:
                self._write_count(painter)
            if self._recorded:
                self._write_recorded(painter)
            if self._words:
                self._write(painter)
        finally:
            painter.end()  # else Qt ends the program
        self.drawn.emit()

    def place(self) -> QRectF:
        """Where the picture stands."""
        if self._image is None:
            return QRectF(self.rect())
        ratio = self.devicePixelRatioF()
        h, w = self._image.shape[:2]
        scale = min(self.width() * ratio / w, self.height() * ratio / h)
        wide, high = max(1, round(w * scale)) / ratio, max(1, round(h * scale)) / ratio
        return QRectF(int((self.width() - wide) / 2), int((self.height() - high) / 2), wide, high)

    def _draw(self, painter: QPainter, image: Image) -> None:
        place = self.place()
        self._kept.clear()
        if self._divider is None or self._before is None:
            self._put(painter, image, place, 0.0, 1.0)
            return
        self._put(painter, self._before, place, 0.0, self._divider)
        self._put(painter, image, place, self._divider, 1.0)
        self._draw_divider(painter, place, place.left() + place.width() * self._divider)

    def _put(self, painter: QPainter, image: Image, place: QRectF, left: float, right: float) -> None:
        """Draw the part of `image` between `left` and `right` (parts of its width) into its part of `place`."""
        ratio = self.devicePixelRatioF()
        size = round(place.height() * ratio), round(place.width() * ratio)
        if self._mirrored:
            image = mirrored(image)
        scaled = resize_live(image, size)  # cv2 scales several times faster than QPainter's smooth transform
        self._kept.append(scaled)
        picture = QImage(sip.voidptr(scaled.data), size[1], size[0], scaled.strides[0], QImage.Format.Format_RGB888)
        begin, end = round(size[1] * left), round(size[1] * right)
        target = QRectF(place.left() + begin / ratio, place.top(), (end - begin) / ratio, place.height())
        painter.drawImage(target, picture, QRectF(begin, 0, end - begin, size[0]))

    def _draw_divider(self, painter: QPainter, place: QRectF, x: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 110), 5))
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        painter.setPen(QPen(QColor(255, 255, 255, 235), 2))
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        middle = QPointF(x, place.center().y())
        painter.setBrush(QColor(255, 255, 255, 235))
        painter.drawEllipse(middle, 15, 15)
        painter.setPen(QPen(QColor(40, 40, 44), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for side in (-1, 1):
            tip = QPointF(middle.x() + side * 9, middle.y())
            painter.drawLine(tip, tip + QPointF(-side * 4, -4))
            painter.drawLine(tip, tip + QPointF(-side * 4, 4))

    def words_height(self) -> int:
        """How many pixels of the bottom the words take."""
        if not self._words:
            return 0
        room = self.rect().adjusted(24, 0, -24, 0)
        return QFontMetrics(self._font()).boundingRect(room, _CENTRED, self._words).height() + 24

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(14, min(30, self.height() // 34)))
        return font

    def _write(self, painter: QPainter) -> None:
        painter.setFont(self._font())
        lines = self.words_height()
        room_above = self.height() - lines
        # In the middle where there is nothing else to look at.
        band = QRect(0, room_above // 3 if self._image is None else room_above, self.width(), lines)
        painter.fillRect(band, QColor(18, 18, 18, 200))
        painter.setPen(QColor(240, 240, 240))
        painter.drawText(band.adjusted(24, 0, -24, 0), _CENTRED, self._words)

    def _write_count(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(max(60, self.height() // 4))
        font.setBold(True)
        painter.setFont(font)
        middle, radius = QPointF(self.rect().center()), font.pixelSize() * 0.75
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 18, 18, 150))
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), str(self._count))

    def _write_recorded(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        metrics = painter.fontMetrics()
        high = metrics.height() + 8
        wide = metrics.horizontalAdvance(self._recorded) + 2 * high
        pill = QRectF(self.width() - wide - 12, 12, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 18, 18, 170))
        painter.drawRoundedRect(pill, high / 2, high / 2)
        painter.setBrush(QColor(WARNING))
        painter.drawEllipse(QPointF(pill.left() + high * 0.6, pill.center().y()), high * 0.2, high * 0.2)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(pill.adjusted(high, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), self._recorded)

    # --- the mouse ---

    def _on_divider(self, at: QPoint) -> bool:
        if self._divider is None or self._before is None:
            return False
        place = self.place()
        return abs(at.x() - place.left() - place.width() * self._divider) <= _GRIP

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the divider, or say that the picture was clicked on."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton and self._on_divider(event.pos()):
            self._dragging = True
        self.clicked.emit()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Move the divider while it is held."""
        if event is None:
            return
        if self._dragging:
            place = self.place()
            self.divide((event.pos().x() - place.left()) / place.width())
        held = self._dragging or self._on_divider(event.pos())
        self.setCursor(Qt.CursorShape.SplitHCursor if held else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let the divider go."""
        self._dragging = False

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Say that it was double-clicked."""
        self.opened.emit()
