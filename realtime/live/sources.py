"""Where frames come from: a camera, a network stream, a clip or a still, all behind one shape."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from realtime.frames import Image
from realtime.stills import is_still, read_still


class Source:
    """Yields frames `(H, W, 3) uint8 RGB`.

    `live` sources go on whether they are read or not (camera, stream); the others wait. A `paced` source hands out
    frames at their own times, another as fast as they are read. `fps` is the nominal rate in frames a second, 0 where
    unknown. `pixel_aspect` is the width of a pixel of the frame read last over its height. `identity` is the text by
    which it is found again, "" where that is the one it was opened by. `read` belongs to one thread; `stop` may be
    called from any.
    """

    live = False
    identity = ""
    pixel_aspect = 1.0

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
    """The source that `text` names: a camera's number or name, an address (http://, rtsp://), a clip or a still.

    A camera's size and rate may follow: "0@1280x720", "HD Webcam@1920x1080@60"; else `height` is what it is asked for.
    `loop` starts a clip again at its end; `paced=False` reads a clip as fast as it decodes instead of at its own rate.
    Raises InputError with the mend.
    """
    from realtime.live.cameras import open_camera
    from realtime.live.clips import Clip, Stream

    if "://" in text:
        return Stream(text)
    path = _file(text)
    if path is None:
        return open_camera(text, height)
    return Still(path) if is_still(path) else Clip(path, loop=loop, paced=paced)


def _file(text: str) -> Path | None:
    """The file that `text` names, None where it names a camera."""
    path = Path(text)
    return path if not text.isdecimal() and path.exists() else None


def check_source(text: str) -> None:
    """Raise InputError where it is sure at once that `text` can't be opened; devices and networks aren't asked."""
    from realtime.live.cameras import check_camera
    from realtime.live.clips import Clip

    if "://" in text:
        return
    path = _file(text)
    if path is None:
        check_camera(text)
    elif path.is_file() and not is_still(path):
        Clip(path).close()


def describe(text: str) -> str:
    """How to speak of the source that `text` names: "camera 0", a camera's or a file's name, or an address."""
    camera = text.partition("@")[0]
    if camera.isdecimal():
        return f"camera {camera}"
    return text if "://" in text else Path(text).name


class Still(Source):
    """One picture: read once, then the end; the live loop paints its last frame again when a setting changes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.name)
        self._image: Image | None = read_still(path).image

    def read(self) -> Image | None:
        image, self._image = self._image, None
        return image
