"""From the loop to the screen: the newest picture, the words over it, and how it goes."""

from __future__ import annotations

import time

from PyQt5.QtCore import QObject

from realtime.live import Condition, Live, Painted, State
from realtime.live.meter import Meter
from realtime.log import Faults
from realtime.window.chooser import Chooser
from realtime.window.status import Standing, StatusLine
from realtime.window.view import View
from realtime.window.welcome import NO_STYLE, Welcome
from realtime.window.words import REMARK_SECONDS, Words


class Showing(QObject):
    """Shows what `live` paints in `view`, and says in `status` how it goes."""

    def __init__(self, live: Live, view: View, status: StatusLine, chooser: Chooser, faults: Faults) -> None:
        super().__init__()
        self._live, self._view, self._status, self._chooser, self._faults = live, view, status, chooser, faults
        self.painted: Painted | None = None
        self.welcome = Welcome(view)
        self.words = Words()
        self._comparing = False
        self._note = ""
        self._drawn = True  # whether the newest picture has reached the screen, or is an old one painted anew
        self._delay = Meter()
        view.drawn.connect(self._measure)
        for signal in (view.clicked, chooser.asked):
            signal.connect(self.words.settle)

    def refresh(self) -> Painted | None:
        """Show the newest painted frame and how it goes; returns the frame, None where none is new."""
        self._speak()
        painted = self._live.newest()
        if painted is not None:
            self._tell_note()
            self._drawn = self.painted is not None and painted.captured == self.painted.captured
            self.painted = painted
            self._show()
        self._status.say(self._standing())
        return painted

    def compare(self, on: bool) -> None:
        """Show the frame as it was, or painted again."""
        if on != self._comparing:
            self._comparing = on
            self._show()

    def _speak(self) -> None:
        trouble = self._live.trouble()
        if trouble is not None:
            self.words.complain(self._whole(trouble))
        fault = self._faults.take()
        if fault:
            self.words.complain(fault)
        state = self._live.state
        words = self.words.now(self._whole(state))
        if not self._chooser.cards:
            self.welcome.say("No style is installed", NO_STYLE, False, self._view.rect())
        elif self.painted is None and state.condition is Condition.SOURCE_LOST:
            self.welcome.say("Nothing to paint yet", words, True, self._view.rect())
        else:
            self.welcome.hide()
        self._view.show_words("" if self.welcome.isVisibleTo(self._view) else words)

    def _tell_note(self) -> None:
        """Say what is less than was hoped for: from the start on for a while, a loss until the user has seen it."""
        note, before = self._live.note, self._note
        self._note = note
        if self.painted is None:
            self.words.remark(note or "Press ? for the keys", 2 * REMARK_SECONDS)
        elif note and note != before:
            self.words.complain(note)

    def _whole(self, state: State) -> str:
        return f"{state.words} {self._faults.more()}".rstrip() if state.unforeseen else state.words

    def _show(self) -> None:
        painted = self.painted
        if painted is not None:
            self._view.show_image(painted.original if self._comparing else painted.image, painted.original)

    def _measure(self) -> None:
        """The newest picture is on the screen: how late it is."""
        if self.painted is not None and not self._drawn:
            self._drawn = True
            self._delay.add(time.monotonic() - self.painted.captured)

    def _standing(self) -> Standing:
        live, painted = self._live, self.painted
        return Standing(
            runs_on=live.runs_on,
            note=self._note,
            captured=live.captured_size,
            painted=painted.size if painted else None,
            speed=live.meter.read(),
            delay_ms=self._delay.read().p50_ms,
            dropped=live.dropped,
            loading=self._chooser.words() if live.loading else "",
            paused=live.paused,
        )
