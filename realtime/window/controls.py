"""The two rows under the picture: the style and what it is blended with, the sliders, and how it goes."""

from __future__ import annotations

from functools import partial

from realtime.live import Live
from realtime.styles.blends import read_blend, write_blend
from weights.card import Card

# isort: split
from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QWidget

_DRAG_SECONDS = 0.1  # a slider's way through a blend is felt, not watched
_ALONE = "Blend with ..."


class Controls(QWidget):
    """Hands `live` what the user chooses. `cards` are the styles of the menu, in order; `changed` is sent with it."""

    changed = pyqtSignal()

    def __init__(self, live: Live, cards: list[Card]) -> None:
        super().__init__()
        self._live, self._cards = live, cards
        self._asked = ""  # the style handed over last
        self.styles, self.partner = _menu("the style"), _menu("a second style of the same network")
        self.mix = _slider(0.0)
        self.strength = _slider(live.dials.strength)
        self.stroke = _slider(live.dials.stroke)
        self.keep_colors = _slider(live.dials.keep_colors)
        self.status = QLabel("opening ...")
        for card in cards:
            self.styles.addItem(card.title or card.name, card.name)
            self.styles.setItemData(self.styles.count() - 1, card.picture.painter, Qt.ItemDataRole.ToolTipRole)
        self._lay_out()
        self.follow()
        self.styles.currentIndexChanged.connect(self._switch)
        self.partner.currentIndexChanged.connect(self._pair)
        self.mix.valueChanged.connect(lambda _: self._choose(_DRAG_SECONDS))
        self.styles.activated.connect(lambda _: self._choose())  # the same again: a broken one is tried anew
        for dial, slider in (("strength", self.strength), ("stroke", self.stroke), ("keep_colors", self.keep_colors)):
            slider.valueChanged.connect(partial(self._turn, dial))

    def _lay_out(self) -> None:
        rows = QGridLayout(self)
        rows.setContentsMargins(12, 8, 12, 8)
        rows.setHorizontalSpacing(16)
        style, look = QHBoxLayout(), QHBoxLayout()
        style.setSpacing(10)
        look.setSpacing(10)
        for part, stretch in ((self.styles, 0), (self.mix, 1), (self.partner, 0)):
            style.addWidget(part, stretch)
        self.mix.setToolTip("from the style on the left to the one on the right")
        for words, slider in (
            ("Strength", self.strength),
            ("Strokes", self.stroke),
            ("Keep colours", self.keep_colors),
        ):
            look.addWidget(_labelled(words, slider))
            look.addWidget(slider, 1)
        self.stroke.setToolTip("from fine to bold, in styles that have both")
        rows.addLayout(style, 0, 0)
        rows.addLayout(look, 1, 0, 1, 2)
        rows.addWidget(self.status, 0, 1, Qt.AlignmentFlag.AlignVCenter)
        rows.setColumnStretch(0, 1)
        self.status.setMinimumWidth(
            self.fontMetrics().horizontalAdvance("00.0 fps · 000 ms · delay 000 ms · 0000x0000 · CUDA")
        )
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight)
        for blending in (self.mix, self.partner):
            blending.setVisible(any(self._partners(card.name) for card in self._cards))

    # --- what the keys do ---

    def pick(self, index: int) -> None:
        """Choose the style at `index` of the menu, where there is one."""
        if index == self.styles.currentIndex():
            self._choose()  # a broken one is tried anew
        elif 0 <= index < self.styles.count():
            self.styles.setCurrentIndex(index)

    def step(self, by: int) -> None:
        """Choose the style `by` places further in the menu, round and round."""
        if self.styles.count():
            self.styles.setCurrentIndex((self.styles.currentIndex() + by) % self.styles.count())

    # --- from the menus to the style and back ---

    def follow(self) -> None:
        """Show the style that `live` says, where it isn't what was chosen here: at the start, or after a refusal."""
        if self._live.style == self._asked:
            return
        self._asked = self._live.style
        weights = read_blend(self._live.style)
        names = list(weights)
        with QSignalBlocker(self.styles):
            if len(names) > 2:  # more than the two menus can say: an item of its own
                if self.styles.findData(self._live.style) < 0:
                    titles = [self.styles.itemText(self.styles.findData(name)) for name in names]
                    self.styles.addItem(" + ".join(titles), self._live.style)
                names = [self._live.style]
            self.styles.setCurrentIndex(max(0, self.styles.findData(names[0])))
        self._offer(names[0], *names[1:])
        if len(names) == 2:
            self._slide(weights[names[1]])

    def _switch(self) -> None:
        """Another style was chosen: it stands alone, until it is blended in its turn."""
        self._offer(self.styles.currentData())
        self._choose()

    def _pair(self) -> None:
        """Another partner was chosen, or none: half and half is where both can be seen."""
        paired = bool(self.partner.currentData())
        self.mix.setEnabled(paired)
        self._slide(0.5 if paired else 0.0)
        self._choose()

    def _offer(self, name: str, chosen: str = "") -> None:
        """Fill the second menu with what `name` can be blended with; `chosen` is one of them."""
        partners = self._partners(name)
        with QSignalBlocker(self.partner):
            self.partner.clear()
            for card in [None, *partners]:
                self.partner.addItem((card.title or card.name) if card else _ALONE, card.name if card else "")
            self.partner.setCurrentIndex(max(0, self.partner.findData(chosen)))
        self.partner.setEnabled(bool(partners))
        self.mix.setEnabled(bool(self.partner.currentData()))
        self._slide(0.0)

    def _partners(self, name: str) -> list[Card]:
        """The other styles of the trunk of the style `name`."""
        trunk = {card.name: card.trunk for card in self._cards}.get(name, "")
        return [card for card in self._cards if trunk and card.trunk == trunk and card.name != name]

    def _slide(self, part: float) -> None:
        with QSignalBlocker(self.mix):
            self.mix.setValue(round(part * 100))

    def _turn(self, dial: str, value: int) -> None:
        self._live.change(**{dial: value / 100})
        self.changed.emit()

    def _choose(self, fade: float | None = None) -> None:
        """Hand over the style that the menus and the slider say."""
        style, partner, part = self.styles.currentData(), self.partner.currentData(), self.mix.value() / 100
        if partner:
            style = write_blend({style: 1 - part, partner: part})
        choose = self._live.choose if fade is None else partial(self._live.choose, fade=fade)
        self._asked = style
        choose(style)
        self.changed.emit()


def _menu(tip: str) -> QComboBox:
    menu = QComboBox()
    menu.setToolTip(tip)
    menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    menu.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the window
    return menu


def _slider(value: float) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setPageStep(10)
    slider.setMinimumWidth(80)
    slider.setValue(round(value * 100))
    slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return slider


def _labelled(words: str, slider: QSlider) -> QLabel:
    """A label that says `words` and where `slider` stands, as wide as it will ever be."""
    label = QLabel()
    slider.valueChanged.connect(lambda value: label.setText(f"{words} {value} %"))
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(f"{words} 100 %") + 12)
    label.setText(f"{words} {slider.value()} %")
    return label
