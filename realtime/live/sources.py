"""Where frames come from: a camera, a network stream, a clip or a still, all behind one shape."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
from av.error import FFmpegError

from realtime.av_frames import ToImage, reason_of
from realtime.frames import Image, rgb_from_bgr
from realtime.stills import is_still, read_still
from weights.errors import InputError

_OPEN_SECONDS, _READ_SECONDS = 8.0, 8.0
_LATE_SECONDS = 0.5


class Source:
    """Yields frames `(H, W, 3) uint8 RGB`.

    `live` sources go on whether they are read or not (camera, stream); the others wait. A `paced` source hands out
    frames at their own times, another as fast as they are read. `fps` is the nominal rate in frames a second, 0 where
    unknown. `read` belongs to one thread; `stop` may be called from any.
    """

    live = False

    def __init__(self, name: str, fps: float = 0.0, paced: bool = True) -> None:
        self.name, self.fps, self.paced = name, fps, paced
        self._stopped = threading.Event()

    def read(self) -> Image | None:
        """The next frame, None at the end or after `stop`; raises InputError where the source breaks down."""
        raise NotImplementedError

    def stop(self) -> None:
        """End a `read` that waits, from another thread; the reading thread closes."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the camera or file."""
        self._stopped.set()

    def __iter__(self) -> Iterator[Image]:
        while (image := self.read()) is not None:
            yield image

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(text: str, *, height: int | None = None, loop: bool = False, paced: bool = True) -> Source:
    """The source that `text` names: a camera's number, an address (http://, rtsp://), a clip or a still.

    `height` is what a camera is asked for; `loop` starts a clip again at its end; `paced=False` reads a clip as fast
    as it decodes instead of at its own rate. Raises InputError with the mend.
    """
    if text.isdecimal():
        return Camera(int(text), height)
    if "://" in text:
        return Stream(text)
    path = Path(text)
    if not path.exists():
        raise InputError(
            f"There is no file {text}: --source takes a camera's number, a file or an address like http://host/stream."
        )
    return Still(path) if is_still(path) else Clip(path, loop=loop, paced=paced)


class Camera(Source):
    """A webcam by its number."""

    live = True

    def __init__(self, index: int, height: int | None = None) -> None:
        backend = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_DSHOW}.get(sys.platform, cv2.CAP_ANY)
        self._index = index
        self._camera = cv2.VideoCapture(index, backend)
        if not self._camera.isOpened():
            raise InputError(_no_camera(index))
        if height is not None and height > 480:
            # Above 480 lines a USB camera is too slow without compression.
            self._camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            self._camera.set(cv2.CAP_PROP_FRAME_WIDTH, round(height * 16 / 9))
            self._camera.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self._camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not the oldest
        if not self._camera.read()[0]:
            self._camera.release()
            raise InputError(
                f"Camera {index} gives no picture: close the other program that uses it, or give --source."
            )
        super().__init__(f"camera {index}", float(self._camera.get(cv2.CAP_PROP_FPS)))

    def read(self) -> Image | None:
        if self._stopped.is_set():
            return None
        ok, image = self._camera.read()
        if not ok:
            raise InputError(f"Camera {self._index} has stopped giving pictures: plug it in again and restart.")
        return rgb_from_bgr(image)  # type: ignore[arg-type]

    def close(self) -> None:
        super().close()
        self._camera.release()


def _no_camera(index: int) -> str:
    if sys.platform == "linux":
        device = Path(f"/dev/video{index}")
        if device.exists():
            return f"Camera {index} can't be opened: close the program that uses {device}, or join the group 'video'."
        found = sorted(int(p.name[5:]) for p in Path("/dev").glob("video*") if p.name[5:].isdecimal())
        others = f"there is {', '.join(map(str, found))}" if found else "no camera is plugged in"
        return f"There is no camera {index} here ({others}): plug one in, or give --source a clip or an address."
    return f"There is no camera {index} here, or another program uses it: plug one in, or give --source a clip."


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

    def _open(self) -> float:
        try:
            self._container = av.open(self._target, timeout=(_OPEN_SECONDS, _READ_SECONDS))
            if not self._container.streams.video:
                self._container.close()
                raise InputError(f"{self._target} holds no video: choose another file or address.")
            stream = self._container.streams.video[0]
            stream.thread_type = "AUTO"
            self._frames = self._container.decode(stream)
            return float(stream.average_rate or 0)
        except (FFmpegError, OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(self._broken(error)) from error

    def _broken(self, error: Exception) -> str:
        return f"{self._target} can't be read as a video ({reason_of(error)}): choose another file."

    def read(self) -> Image | None:
        frame = self._next()
        if frame is None and self._loop and not self._stopped.is_set():
            self._container.close()
            self._open()
            self._start = None
            frame = self._next()
        if frame is None:
            return None
        if self.paced and not self.live and frame.time is not None:
            self._wait_until_due(float(frame.time))
        return None if self._stopped.is_set() else self._to_image(frame)

    def _next(self) -> Any:
        if self._stopped.is_set():
            return None
        try:
            return next(self._frames, None)
        except (FFmpegError, OSError) as error:
            raise InputError(self._broken(error)) from error

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

    def _broken(self, error: Exception) -> str:
        return f"The stream {self._target} can't be read ({reason_of(error)}): check the address, and that it is sent."

    def _next(self) -> Any:
        reason = "no more frames"
        try:
            frame = next(self._frames, None) if not self._stopped.is_set() else None
        except (FFmpegError, OSError) as error:
            frame, reason = None, reason_of(error)
        if frame is None and not self._stopped.is_set():
            raise InputError(f"The stream {self._target} has ended ({reason}): start it again and reopen it.")
        return frame


class Still(Source):
    """One picture: read once, then the end; the live loop paints its last frame again when a setting changes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.name)
        self._image: Image | None = read_still(path).image

    def read(self) -> Image | None:
        image, self._image = self._image, None
        return image
