"""The pictures on the buttons: strokes on a grid of 24, drawn in whatever colour and size."""

from __future__ import annotations

from PyQt5.QtCore import QByteArray, QRectF, Qt
from PyQt5.QtGui import QIcon, QPainter, QPixmap
from PyQt5.QtSvg import QSvgRenderer

from realtime.window.theme import ACCENT, TEXT, WARNING

_SHAPES = {
    "source": '<rect x="2.5" y="6.5" width="13" height="11" rx="2"/><path d="M15.5 10.5l6-3v9l-6-3z"/>',
    "split": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M12 2.5v19"/><path d="M15 9l3 3-3 3"/>',
    "mirror": '<path d="M12 3v18" stroke-dasharray="2.5 2.5"/><path d="M9 7v10H3z"/><path d="M15 7v10h6z"/>',
    "snapshot": '<path d="M3 8.5a2 2 0 0 1 2-2h2.5l1.5-2.5h6l1.5 2.5H19a2 2 0 0 1 2 2V18a2 2 0 0 1-2 2H5'
    'a2 2 0 0 1-2-2z"/>'
    '<circle cx="12" cy="13" r="3.6"/>',
    "record": '<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="12" r="4" fill="{warning}" stroke="none"/>',
    "stop": '<circle cx="12" cy="12" r="8.5"/><rect x="8.6" y="8.6" width="6.8" height="6.8" rx="1" fill="{warning}"'
    ' stroke="none"/>',
    "out": '<circle cx="12" cy="12" r="1.8"/><path d="M8.2 15.8a5.4 5.4 0 0 1 0-7.6M15.8 8.2a5.4 5.4 0 0 1 0 7.6'
    'M5.3 18.7a9.5 9.5 0 0 1 0-13.4M18.7 5.3a9.5 9.5 0 0 1 0 13.4"/>',
    "view": '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.5"/><circle cx="8" cy="17" r="2.5"/>',
    "full": '<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/>',
    "keys": '<circle cx="12" cy="12" r="9"/><path d="M9.3 9.3a2.8 2.8 0 1 1 4 2.6c-.8.4-1.3 1-1.3 2"/>'
    '<circle cx="12" cy="17" r=".7"/>',
    "star": '<path d="M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.5 5.5"/>',
}
_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="{fill}" stroke="{colour}"'
    ' stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{shape}</g></svg>'
)


def draw(painter: QPainter, name: str, place: QRectF, colour: str = TEXT, filled: bool = False) -> None:
    """Draw the icon `name` into `place`."""
    shape = _SHAPES[name].format(warning=WARNING)
    text = _PICTURE.format(fill=colour if filled else "none", colour=colour, shape=shape)
    QSvgRenderer(QByteArray(text.encode())).render(painter, place)


def icon(name: str, off: str = TEXT) -> QIcon:
    """The icon `name` in the colour `off`; in the accent's where its button is on."""
    made = QIcon()
    for colour, state in ((off, QIcon.State.Off), (ACCENT, QIcon.State.On)):
        pixmap = QPixmap(96, 96)  # sharp at three times the usual size
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        draw(painter, name, QRectF(0, 0, 96, 96), colour)
        painter.end()
        made.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return made
