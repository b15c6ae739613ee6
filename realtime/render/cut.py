"""What of a clip lies within a Trim: its frames, and the packets and chapters beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from realtime.render.picture import Timed
from realtime.timeline import Trim


class Cut:
    """Takes what is read of one clip in its order, all times being those after the start of `trim` was taken off.

    The frame that is seen at the start belongs to it, from then on; sound is cut between two packets.
    """

    def __init__(self, trim: Trim) -> None:
        self._trims, self._length = bool(trim), trim.length
        self._before: Timed | None = None  # the last frame that began earlier than the start
        self.begun = False  # whether a frame was shown
        self._past: set[int] = set()  # tracks that lie behind the end
        self.over = False

    def push(self, timed: Timed, time_base: Fraction) -> list[Timed]:
        """The frames that are known to be shown, now that `timed` is."""
        if not self._trims:
            self.begun = True
            return [timed]
        if self.over:
            return []
        if timed.pts < 0:
            self._before = timed
            return []
        self.over = self._length is not None and timed.pts * time_base >= self._length
        shown = self._first(timed.pts)
        if not self.over:
            shown.append(timed)
        self.begun = self.begun or bool(shown)
        return [self._ended(frame, time_base) for frame in shown]

    def last(self, time_base: Fraction) -> list[Timed]:
        """Those that are left when all frames were given: where the last one goes on after the start, that one."""
        before = self._before
        if before is None or self.begun or before.pts + before.duration <= 0:
            return []
        self.begun = True
        return [self._ended(frame, time_base) for frame in self._first(before.pts + before.duration)]

    def frames(self, timed: Iterable[Timed], time_base: Fraction) -> Iterator[Timed]:
        """All of `timed` that are shown."""
        for frame in timed:
            yield from self.push(frame, time_base)
            if self.over:
                return
        yield from self.last(time_base)

    def takes(self, packet: Any) -> bool:
        """Whether `packet`, of sound or subtitles, is heard or seen; what hangs over is cut off of a subtitle."""
        if not self._trims or packet.pts is None:
            return True
        start, end = packet.pts, packet.pts + (packet.duration or 0)
        if self._length is not None and start * packet.time_base >= self._length:
            self._past.add(packet.stream.index)
            return False
        if packet.stream.type == "audio" and packet.stream.codec_context.name == "opus":
            return bool(start >= 0)  # Matroska and WebM have no place for what would lie before 0
        if start < 0 and end <= 0:
            return False
        if packet.stream.type == "subtitle":
            self._shorten(packet)
        return True

    def passes(self, packet: Any) -> None:
        """Note a `packet` of the pictures that is not decoded."""
        if self._length is not None and packet.dts is not None and packet.dts * packet.time_base >= self._length:
            self.over = True

    def done(self, sound: Iterable[Any]) -> bool:
        """Whether nothing can follow, the clip having the tracks of `sound`."""
        return self.over and all(stream.index in self._past for stream in sound)

    def chapters(self, chapters: list[Any]) -> list[Any]:
        """Those of `chapters` that are left, cut to what is."""
        kept = []
        for chapter in chapters if self._trims else ():
            last = chapter["end"] if self._length is None else int(self._length / chapter["time_base"])
            start, end = max(0, chapter["start"]), min(chapter["end"], last)
            if start < end:
                kept.append({**chapter, "start": start, "end": end})
        return kept if self._trims else chapters

    def _first(self, until: int) -> list[Timed]:
        """The frame that is seen at the start, where another one follows only at `until`."""
        before, self._before = self._before, None
        return [before._replace(pts=0, duration=until)] if before is not None and until > 0 else []

    def _ended(self, timed: Timed, time_base: Fraction) -> Timed:
        if self._length is None or not timed.duration:
            return timed
        left = max(1, int(self._length / time_base) - timed.pts)
        return timed._replace(duration=min(timed.duration, left))

    def _shorten(self, packet: Any) -> None:
        start, end = max(0, packet.pts), packet.pts + (packet.duration or 0)
        if self._length is not None:
            end = min(end, int(self._length / packet.time_base))
        packet.pts = packet.dts = start
        packet.duration = max(0, end - start)
