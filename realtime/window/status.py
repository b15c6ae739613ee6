"""The quiet line at the bottom: what paints, how large, how fast and how late; as much of it as there is room for."""

from __future__ import annotations

from dataclasses import dataclass, field

from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QLabel, QSizePolicy

from realtime.live.meter import Speed

GAP = "   ·   "


@dataclass(frozen=True)
class Standing:
    """How it goes: sizes are `(height, width)`, None where nothing was captured or painted yet."""

    runs_on: str = ""
    note: str = ""
    captured: tuple[int, int] | None = None
    painted: tuple[int, int] | None = None
    speed: Speed = field(default_factory=Speed)
    delay_ms: float = 0.0
    dropped: int = 0
    loading: str = ""
    paused: bool = False

    def pieces(self) -> list[tuple[int, str]]:
        """What there is to say in the order it is said; the number says how important it is, 0 most."""
        said: list[tuple[int, str]] = []
        if self.loading:
            said.append((0, f"loading {self.loading} …"))
        elif self.paused:
            said.append((0, "paused"))
        if self.painted is None:
            return said or [(0, "no picture yet")]
        if self.speed.frames > 1 and not self.paused:
            said.append((1, f"{self.speed.fps:.1f} fps"))
            said.append((2, f"{self.speed.p50_ms:.0f} ms (95 %: {self.speed.p95_ms:.0f})"))
            said.append((4, f"delay {self.delay_ms:.0f} ms"))
            said.append((6, f"{self.dropped} dropped"))
        h, w = self.painted
        painted = f"painted {w}x{h}"
        if self.captured is not None and self.captured != self.painted:
            said.append((5, f"source {self.captured[1]}x{self.captured[0]}"))
        said.append((3, painted))
        if self.runs_on:
            said.append((1, self.runs_on))
        if self.note:
            said.append((7, self.note))
        return said


class StatusLine(QLabel):
    """Says a `Standing` in one line; its tooltip says all of it, one piece a line."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setAccessibleName("How it goes")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._pieces: list[tuple[int, str]] = []
        self.say(Standing())

    def scale(self, scale: float) -> None:
        """Leave gaps `scale` times as large as usual."""
        edge = round(12 * scale)
        self.setContentsMargins(edge, 0, edge, edge // 2)

    def say(self, standing: Standing) -> None:
        """Say how it goes now."""
        self._pieces = standing.pieces()
        self.setToolTip("\n".join(words for _, words in self._pieces))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Say as much as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        pieces = list(self._pieces)
        room, metrics = self.contentsRect().width(), self.fontMetrics()
        while len(pieces) > 1 and metrics.horizontalAdvance(_line(pieces)) > room:
            pieces.remove(max(pieces))
        if self.text() != _line(pieces):
            self.setText(_line(pieces))


def _line(pieces: list[tuple[int, str]]) -> str:
    return GAP.join(words for _, words in pieces)
