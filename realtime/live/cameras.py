"""Cameras of this machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import cv2

from realtime.frames import Image, rgb_from_bgr
from realtime.live.sources import Source
from weights.errors import InputError

_LAST = 9999  # OpenCV adds its backend's number to larger ones, or can't count them at all

_MISSED_SECONDS = 0.3  # a frame or two may be missing


class Camera(Source):
    """A webcam by its number."""

    live = True

    def __init__(self, index: int, height: int | None = None) -> None:
        if index > _LAST:
            raise InputError(_no_camera(index))
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
        deadline = time.monotonic() + _MISSED_SECONDS
        while not self._stopped.is_set():
            ok, image = self._camera.read()
            if ok:
                return rgb_from_bgr(image)  # type: ignore[arg-type]
            if time.monotonic() > deadline:
                raise InputError(f"Camera {self._index} has stopped giving pictures: plug it in again.")
            self._stopped.wait(_MISSED_SECONDS / 10)
        return None

    def close(self) -> None:
        super().close()
        self._camera.release()


def check_camera(index: int) -> None:
    """Raise InputError where there is surely no camera `index`; the camera itself isn't asked."""
    if index > _LAST or (sys.platform == "linux" and not Path(f"/dev/video{index}").exists()):
        raise InputError(_no_camera(index))


def _no_camera(index: int) -> str:
    if sys.platform == "linux":
        device = Path(f"/dev/video{index}")
        if device.exists():
            return f"Camera {index} can't be opened: close the program that uses {device}, or join the group 'video'."
        found = sorted(int(p.name[5:]) for p in Path("/dev").glob("video*") if p.name[5:].isdecimal())
        others = f"there is {', '.join(map(str, found))}" if found else "no camera is plugged in"
        return f"There is no camera {index} here ({others}): plug one in, or give --source a clip or an address."
    return f"There is no camera {index} here, or another program uses it: plug one in, or give --source a clip."
