"""The keys of the looks: a digit recalls one, with Ctrl it keeps one."""

from __future__ import annotations

import logging

from PyQt5.QtCore import QObject, pyqtSignal

from realtime.live import Live
from realtime.looks import Look, load_look, numbered, save_look
from realtime.styles.blends import read_blend
from realtime.styles.pictures import is_picture
from realtime.window.chooser import Chooser
from weights.errors import InputError

_log = logging.getLogger(__name__)


class Looks(QObject):
    """`said` and `failed` are sent with a sentence, `recalled` when the dials have changed."""

    said = pyqtSignal(str)
    failed = pyqtSignal(str)
    recalled = pyqtSignal()

    def __init__(self, live: Live, chooser: Chooser) -> None:
        super().__init__()
        self._live, self._chooser = live, chooser

    def recall(self, digit: int) -> None:
        """Paint with the look that was kept as `digit`."""
        if not numbered(digit).exists():
            self.said.emit(f"There is no look {digit} yet: Ctrl {digit} keeps this one.")
            return
        try:
            look = load_look(numbered(digit))
            self._check(look, digit)
        except InputError as error:
            self._fail(error)
            return
        self._live.change(strength=look.strength, stroke=look.stroke, keep_colors=look.keep_colors)
        self._chooser.recall(look.style)
        self.recalled.emit()
        self.said.emit(f"Look {digit}: {self._chooser.words()}")

    def _check(self, look: Look, digit: int) -> None:
        """Raise InputError where the style of `look` can't be had: before its dials are set."""
        try:
            gone = [n for n in read_blend(look.style) if n not in self._chooser.cards and not is_picture(n)]
        except InputError as error:  # the file is open to everyone
            raise InputError(f"The look {digit} can't be used: {error}") from error
        if gone:
            raise InputError(f"The look {digit} names the style {gone[0]}, which isn't here: keep another there.")

    def save(self, digit: int) -> None:
        """Keep how it is painted now as `digit`."""
        dials = self._live.dials
        try:
            save_look(numbered(digit), Look(self._live.style, dials.strength, dials.stroke, dials.keep_colors))
        except InputError as error:
            self._fail(error)
        else:
            self.said.emit(f"Kept as look {digit}: {self._chooser.words()}")

    def _fail(self, error: InputError) -> None:
        _log.warning("%s", error, exc_info=error)
        self.failed.emit(str(error))
