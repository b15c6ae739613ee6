"""Clips and network streams, played at their own pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
from av.error import ExitError, FFmpegError

from realtime.av_frames import ToImage, reason_of, turns_sideways
from realtime.frames import Image
from realtime.live.sources import Source
from weights.errors import InputError

_OPEN_SECONDS, _READ_SECONDS = 8.0, 8.0
_LATE_SECONDS = 0.5
_DAMAGED_IN_A_ROW = 100  # pieces: more than that are no accident


class Clip(Source):
    """A video file; played at its own rate where `paced`."""

    def __init__(
        self,
        path: Path | str,
        *,
        loop: bool = False,
        paced: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target, self._loop, self._clock = str(path), loop, clock
        self._to_image = ToImage(fast=True)
        self._container: Any = None
        self._frames: Iterator[Any] = iter(())
        rate = self._open()
        super().__init__(self._target if self.live else Path(self._target).name, rate, paced)
        self._start: float | None = None  # what the clock showed at media time 0
        self._over = 0.0  # media time at which the last frame is over

    def _open(self) -> float:
        try:
            self._container = av.open(self._target, timeout=(_OPEN_SECONDS, _READ_SECONDS))
            if not self._container.streams.video:
                self._container.close()
                raise InputError(f"{self._target} holds no video: choose another file or address.")
            stream = self._container.streams.video[0]
            # A thread for each frame holds as many frames back as there are threads; slices hold none.
            stream.thread_type = "SLICE" if self.live else "AUTO"
            self._frames = self._decoded(stream)
            return float(stream.average_rate or 0)
        except (FFmpegError, OSError, ValueError) as error:
            raise InputError(self._broken(_reason(error, _OPEN_SECONDS))) from error

    def _decoded(self, stream: Any) -> Iterator[Any]:
        """The frames of `stream`; what is damaged is passed over. Raises FFmpegError where nothing else comes."""
        damaged = 0
        for packet in self._container.demux(stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                damaged += 1
                if damaged > _DAMAGED_IN_A_ROW:
                    raise
                continue
            if frames:
                damaged = 0
            yield from frames

    def _broken(self, reason: str) -> str:
        return f"{self._target} can't be read as a video ({reason}): choose another file."

    def read(self) -> Image | None:
        frame = self._next()
        if frame is None and self._loop and not self._stopped.is_set():
            self._container.close()
            self._open()
            self._start, self._over = None, 0.0
            frame = self._next()
        if frame is None:
            return None
        if self.paced and not self.live:
            self._wait_until_due(self._time_of(frame))
        if self._stopped.is_set():
            return None
        self.pixel_aspect = self._aspect_of(frame)
        return self._to_image(frame)

    def _time_of(self, frame: Any) -> float:
        """Media time of `frame`; where it has none, as in a bare stream, it follows at the rate."""
        media_time = self._over if frame.time is None else float(frame.time)
        self._over = media_time + (1 / self.fps if self.fps else 0)
        return media_time

    def _aspect_of(self, frame: Any) -> float:
        aspect = float(self._container.streams.video[0].sample_aspect_ratio or 1)  # 0 where the file doesn't say
        if aspect <= 0 or aspect == 1:
            return 1.0
        return 1 / aspect if turns_sideways(frame) else aspect

    def _next(self) -> Any:
        if self._stopped.is_set():
            return None
        try:
            return next(self._frames, None)
        except (FFmpegError, OSError) as error:
            raise InputError(self._broken(_reason(error, _READ_SECONDS))) from error

    def _wait_until_due(self, media_time: float) -> None:
        now = self._clock()
        if self._start is None or now > self._start + media_time + _LATE_SECONDS:
            self._start = now - media_time  # the first frame, or after a pause: play on from here, don't rush
        self._stopped.wait(max(0.0, self._start + media_time - now))

    def close(self) -> None:
        super().close()
        self._container.close()


class Stream(Clip):
    """A network stream: http (also motion JPEG), rtsp and whatever else PyAV opens."""

    live = True

    def __init__(self, address: str) -> None:
        super().__init__(address)

    def _broken(self, reason: str) -> str:
        return f"The stream {self._target} can't be read ({reason}): check the address, and that it is sent."

    def _next(self) -> Any:
        if self._stopped.is_set():
            return None
        reason, cause = "no more frames", None
        try:
            frame = next(self._frames, None)
        except (FFmpegError, OSError) as error:
            frame, reason, cause = None, _reason(error, _READ_SECONDS), error
        if frame is None and not self._stopped.is_set():
            raise InputError(f"The stream {self._target} has ended ({reason}): start it again.") from cause
        return frame


def _reason(error: Exception, seconds: float) -> str:
    if isinstance(error, ExitError):  # PyAV's own timeout
        return f"nothing has come for {seconds:g} seconds"
    return reason_of(error)
