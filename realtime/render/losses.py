"""What could not be read of a clip: counted while it is read, and said at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av


class Losses:
    """Counts what is read of `path`, whose pictures are the stream `video` of `container`.

    `damaged` counts pieces that were passed over; `whole` says whether it is read from its beginning to its end.
    """

    def __init__(self, path: Path, container: Any, video: Any) -> None:
        self._name, self._container = path.name, container
        self.said = int(video.frames or 0)
        self._rate = float(video.average_rate or video.guessed_rate or 0)
        self._counts_ticks = container.format.name == "avi"
        self._packets, self.damaged = 0, 0
        self._end = 0.0  # of what was read, in seconds
        self.toned, self.whole = False, True

    def saw(self, packet: Any) -> None:
        """`packet`, of any track, was read."""
        if packet.pts is not None:
            self._end = max(self._end, float((packet.pts + (packet.duration or 0)) * packet.time_base))

    def count(self, packet: Any) -> None:
        """`packet`, of the pictures, was read."""
        self._packets += packet.size > 0
        self.damaged += bool(packet.is_corrupt)
        if self._counts_ticks and packet.pts is not None:  # of an AVI, which leaves out what repeats
            self._packets = max(self._packets, packet.pts + 1)

    def begin_anew(self) -> None:
        """What follows is read from elsewhere."""
        self._packets, self.damaged = 0, 0

    def of_tone(self) -> list[str]:
        """What was lost of the brightness, in words."""
        return [f"{self._name} is HDR: its brightness was toned down to BT.709."] if self.toned else []

    def notes(self, painted: int) -> list[str]:
        """What was lost, in words, where so many frames were `painted`."""
        notes = self.of_tone()
        if self.damaged:
            lost = self._packets - painted if self.whole else 0
            pieces = "1 damaged piece" if self.damaged == 1 else f"{self.damaged} damaged pieces"
            frames = f": {lost} of its frames are lost" if lost > 0 else ""
            notes.append(f"{pieces} of {self._name} passed over{frames}.")
        return [*notes, *self._breaks_off()] if self.whole else notes

    def _breaks_off(self) -> list[str]:
        if self._packets < self.said:
            return [f"{self._name} breaks off: {self.said - self._packets} of its {self.said} frames are missing."]
        if self.said or not self._container.duration or "matroska" not in self._container.format.name:
            return []
        missing = self._container.duration / av.time_base - self._end
        if not (missing > 1 or missing > 0.1 * self._end):
            return []
        frames = f", some {round(missing * self._rate)} frames," if self._rate else ""
        return [f"{self._name} breaks off: its last {missing:.1f} seconds{frames} are missing."]
