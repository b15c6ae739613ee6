"""Cameras of this machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import cv2

from realtime.frames import Image, rgb_from_bgr
from realtime.live.camera_names import (
    BACKEND,
    Found,
    Mode,
    find_camera,
    no_such_camera,
    numbered_camera,
    read_mode,
    with_mode,
)
from realtime.live.sources import Source
from weights.errors import InputError

_LAST = 9999  # OpenCV adds its backend's number to larger ones, or can't count them at all

_MISSED_SECONDS = 0.3  # a frame or two may be missing


class Camera(Source):
    """A webcam by its number; `found` is what the system tells of it, and `mode` what it is asked for."""

    live = True

    def __init__(
        self, index: int, height: int | None = None, mode: Mode | None = None, found: Found | None = None
    ) -> None:
        if index > _LAST:
            raise InputError(_no_camera(index))
        self._camera = cv2.VideoCapture(index, BACKEND)
        self._label = found.text if found else f"Camera {index}"
        if not self._camera.isOpened():
            raise InputError(_no_camera(index))
        self._ask(mode or (Mode(height, round(height * 16 / 9)) if height is not None and height > 480 else None))
        if not self._camera.read()[0]:
            self._camera.release()
            raise InputError(
                f"{self._label} gives no picture: close the other program that uses it, or choose another (--source)."
            )
        super().__init__(found.text if found else f"camera {index}", float(self._camera.get(cv2.CAP_PROP_FPS)))
        self.identity = with_mode(found.text, mode) if found else ""

    def _ask(self, mode: Mode | None) -> None:
        if mode is not None:
            if mode.height > 480:
                # Above 480 lines a USB camera is too slow without compression.
                self._camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            self._camera.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width)
            self._camera.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height)
            if mode.fps:
                self._camera.set(cv2.CAP_PROP_FPS, mode.fps)
        self._camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not the oldest

    def read(self) -> Image | None:
        deadline = time.monotonic() + _MISSED_SECONDS
        while not self._stopped.is_set():
            ok, image = self._camera.read()
            if ok:
                return rgb_from_bgr(image)  # type: ignore[arg-type]
            if time.monotonic() > deadline:
                raise InputError(f"{self._label} has stopped giving pictures: plug it in again.")
            self._stopped.wait(_MISSED_SECONDS / 10)
        return None

    def close(self) -> None:
        super().close()
        self._camera.release()


def open_camera(text: str, height: int | None = None) -> Camera:
    """The camera that `text` names: a number or a name, and perhaps a size and a rate ("HD Webcam@1280x720@30").

    `height` is what it is asked for where `text` says nothing. Raises InputError.
    """
    camera, mode = read_mode(text)
    if camera.isdecimal():
        index = int(camera)
        return Camera(index, height, mode, numbered_camera(index))
    found = find_camera(camera)
    if found is None:
        raise no_such_camera(camera)
    return Camera(found.index, height, mode, found)


def check_camera(text: str) -> None:
    """Raise InputError where there is surely no camera that `text` names; the camera itself isn't asked."""
    camera, _ = read_mode(text)
    if not camera.isdecimal():
        if find_camera(camera) is None:
            raise no_such_camera(camera)
        return
    index = int(camera)
    if index > _LAST or (sys.platform == "linux" and not Path(f"/dev/video{index}").exists()):
        raise InputError(_no_camera(index))


def _no_camera(index: int) -> str:
    if sys.platform == "linux":
        device = Path(f"/dev/video{index}")
        if device.exists():
            return f"Camera {index} can't be opened: close the program that uses {device}, or join the group 'video'."
        found = sorted(int(p.name[5:]) for p in Path("/dev").glob("video*") if p.name[5:].isdecimal())
        others = f"there is {', '.join(map(str, found))}" if found else "no camera is plugged in"
        return f"There is no camera {index} here ({others}): plug one in, or choose a clip or an address (--source)."
    return f"There is no camera {index} here, or another program uses it: plug one in, or choose a clip (--source)."
