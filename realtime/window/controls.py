"""The row of dials under the picture: how strong, how bold, whose colours, and what the style is blended with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QSignalBlocker, Qt
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from realtime.live import Live
from realtime.window.chooser import Chooser

_ALONE = "Blend with …"

DIALS = {
    "strength": ("Strength", "How much of the painting: from the photo to the painting"),
    "stroke": ("Strokes", "From fine strokes to bold ones, in styles that have both"),
    "keep_colors": ("Keep colours", "From the painting's colours to the photo's own"),
}
"""The dials of `realtime.live.Dials` that have a slider: what they are called, and what they do."""


class Controls(QWidget):
    """Hands `live` what the sliders say, and `chooser` what to blend with."""

    def __init__(self, live: Live, chooser: Chooser) -> None:
        super().__init__()
        self.setObjectName("dials")
        self._live, self._chooser = live, chooser
        self.sliders: dict[str, QSlider] = {}
        self._dials = QHBoxLayout(self)
        for dial, (words, tip) in DIALS.items():
            slider = self.sliders[dial] = _slider(words, tip)
            self._dials.addWidget(_dial(_heading(words, slider), slider), 1)
            slider.valueChanged.connect(partial(self._turn, dial))
        self.partner = QComboBox()
        self.partner.setToolTip("A second style of the same network to blend with")
        self.partner.setAccessibleName("Second style")
        self.partner.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the wheel and letters are for the picture
        self.partner.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.partner.setMinimumContentsLength(6)
        self.mix = _slider("Blend", "From the chosen style to the second one")
        self._dials.addWidget(_dial(self.partner, self.mix), 1)
        self.partner.activated.connect(lambda _: chooser.pair(self.partner.currentData()))
        self.mix.valueChanged.connect(lambda value: chooser.slide(value / 100))
        chooser.changed.connect(self.follow)
        self.show_dials()
        self.follow()

    @property
    def strength(self) -> QSlider:
        """From the photo to the painting."""
        return self.sliders["strength"]

    def scale(self, scale: float) -> None:
        """Leave gaps `scale` times as large as usual."""
        edge, gap = round(12 * scale), round(6 * scale)
        self._dials.setContentsMargins(edge, gap, edge, gap)
        self._dials.setSpacing(3 * gap)

    def show_dials(self) -> None:
        """Show the dials as `live` has them."""
        for dial, slider in self.sliders.items():
            slider.setValue(round(getattr(self._live.dials, dial) * 100))

    def follow(self) -> None:
        """Show what is chosen."""
        chooser, partners = self._chooser, self._chooser.partners()
        with QSignalBlocker(self.partner):
            self.partner.clear()
            self.partner.addItem(_ALONE, "")
            for name in partners:
                self.partner.addItem(chooser.title(name), name)
            if len(chooser.names) > 2:  # more than the menu can say: an item of its own
                self.partner.addItem(" + ".join(map(chooser.title, chooser.names[1:])), ",".join(chooser.names[1:]))
                self.partner.setCurrentIndex(self.partner.count() - 1)
            else:
                self.partner.setCurrentIndex(max(0, self.partner.findData(chooser.partner)))
        self.partner.setEnabled(bool(partners))
        self.mix.setEnabled(len(chooser.names) == 2)
        with QSignalBlocker(self.mix):
            self.mix.setValue(round(chooser.part * 100))

    def _turn(self, dial: str, value: int) -> None:
        if round(getattr(self._live.dials, dial) * 100) != value:
            self._live.change(**{dial: value / 100})
            self._chooser.asked.emit()


def _dial(heading: QWidget, slider: QSlider) -> QWidget:
    both = QWidget()
    column = QVBoxLayout(both)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    column.addWidget(heading)
    column.addWidget(slider)
    return both


def _slider(words: str, tip: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setPageStep(10)
    slider.setMinimumWidth(60)
    slider.setToolTip(tip)
    slider.setAccessibleName(words)
    slider.setAccessibleDescription(tip)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _heading(words: str, slider: QSlider) -> QWidget:
    """`words`, and at the right where `slider` stands."""
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(QLabel(words))
    row.addStretch(1)
    value = QLabel()
    value.setObjectName("faint")
    row.addWidget(value)
    show: Callable[[int], None] = lambda number: value.setText(f"{number} %")  # noqa: E731
    slider.valueChanged.connect(show)
    show(slider.value())
    return both
