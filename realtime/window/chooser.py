"""Which style is chosen: alone, or blended with a second one of its trunk. What the parts of the window agree on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PyQt5.QtCore import QObject, pyqtSignal

from realtime.live import Live
from realtime.styles.blends import name_of, read_blend, write_blend
from weights.card import Card

_DRAG_SECONDS = 0.1  # a slider's way through a blend is felt, not watched


class Chooser(QObject):
    """Hands `live` the style that the user chooses, and says what is chosen.

    `names` are the styles in it, of which the first stands alone or is blended with the others; `part` is how much of
    the second one there is, from 0 to 1. `changed` is sent when one of them changes; `asked` when the user wants
    something.
    """

    changed = pyqtSignal()
    asked = pyqtSignal()

    def __init__(self, live: Live, cards: list[Card]) -> None:
        super().__init__()
        self._live = live
        self.cards = {card.name: card for card in cards}
        self._handed = ""  # the style handed over last
        self.names: list[str] = []
        self.part = 0.0
        self.follow()

    @property
    def name(self) -> str:
        """The first style of those chosen."""
        return self.names[0] if self.names else ""

    @property
    def style(self) -> str:
        """What `--style` would say of all that is chosen."""
        return self._live.style

    @property
    def partner(self) -> str:
        """The one it is blended with, "" where it stands alone."""
        return self.names[1] if len(self.names) > 1 else ""

    def title(self, name: str) -> str:
        """How to speak of the style `name`."""
        card = self.cards.get(name)
        return (card.title or card.name) if card else name_of(name)

    def words(self) -> str:
        """How to speak of what is chosen."""
        return " + ".join(map(self.title, self.names))

    def words_for(self, style: str) -> str:
        """How to speak of a style or a blend."""
        return " + ".join(map(self.title, read_blend(style)))

    def know(self, cards: Mapping[str, Card]) -> None:
        """Choose among these styles, too; those of pictures by the path."""
        self.cards.update(cards)
        self.changed.emit()

    def forget(self, name: str) -> None:
        """`name` is no longer to be chosen."""
        self.cards.pop(name, None)
        self.changed.emit()

    def partners(self) -> list[str]:
        """The other styles of the trunk of the first one."""
        own = self.cards.get(self.name)
        if own is None or not own.trunk:
            return []
        return [n for n, c in self.cards.items() if c.trunk_hash == own.trunk_hash and n != self.name and c.trunk]

    def follow(self) -> None:
        """Say the style that `live` says, where it isn't what was chosen here: at the start, or after a refusal."""
        if self._live.style == self._handed:
            return
        self._handed = self._live.style
        weights = read_blend(self._live.style) if self._live.style else {}
        self.names = list(weights)
        self.part = weights[self.partner] if len(self.names) == 2 else 0.0
        self.changed.emit()

    def pick(self, name: str) -> None:
        """Choose `name`, which stands alone until it is blended in its turn; a broken one is tried anew."""
        self.names, self.part = [name], 0.0
        self._hand_over()

    def step(self, by: int, order: list[str]) -> None:
        """Choose the style `by` places further in `order`, round and round."""
        if order:
            self.pick(order[(order.index(self.name) + by) % len(order) if self.name in order else 0])

    def pair(self, name: str) -> None:
        """Blend with `name`, half and half, where both can be seen; "" ends the blend."""
        self.names, self.part = [self.name, *([name] if name else [])], 0.5 if name else 0.0
        self._hand_over()

    def slide(self, part: float) -> None:
        """So much of the second style from now on."""
        self.part = part
        self._hand_over(_DRAG_SECONDS)

    def recall(self, style: str) -> None:
        """Choose a style or a blend by what `--style` would say."""
        self._live.choose(style)
        self.asked.emit()
        self.follow()

    def take_picture(self, path: str) -> None:
        """Choose the style of the picture at `path`; it is looked at anew where it is chosen already."""
        if path == self._live.style:
            self._live.reload_style()
        self.recall(path)

    def _hand_over(self, fade: float | None = None) -> None:
        style = self.name
        if len(self.names) == 2:
            style = write_blend({self.name: 1 - self.part, self.partner: self.part})
        self._handed = style
        (self._live.choose if fade is None else partial(self._live.choose, fade=fade))(style)
        self.asked.emit()
        self.changed.emit()
