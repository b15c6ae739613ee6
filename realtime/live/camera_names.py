"""Which cameras there are, by their names; and how a camera, a size and a rate are said in one text.

A camera's number changes with what else is plugged in: its name does not, and finds it again.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2

from weights.errors import InputError

BACKEND = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_ANY)
"""What OpenCV opens cameras through here; numbers are this one's."""

_MODE = re.compile(r"^(?P<camera>.+?)@(?P<w>\d{2,5})x(?P<h>\d{2,5})(?:@(?P<fps>\d{1,3}))?$")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mode:
    """A size and a rate to ask of a camera, which takes what it has that is nearest; `fps` 0: as it likes."""

    height: int
    width: int
    fps: int = 0

    def __str__(self) -> str:
        return f"{self.width}x{self.height}" + (f"@{self.fps}" if self.fps else "")


MODES = tuple(Mode(h, w, fps) for h, w in ((360, 640), (480, 640), (720, 1280), (1080, 1920)) for fps in (30, 60))
"""What most cameras have some of. (No library tells on every system what a camera has.)"""


@dataclass(frozen=True)
class Found:
    """A camera that is plugged in: `text` is what `--source` takes, and no other camera's; `name` is its maker's."""

    text: str
    name: str
    index: int


def list_cameras() -> list[Found]:
    """The cameras that are plugged in, in the order of their numbers; [] where the system doesn't tell.

    Takes up to some tenths of a second; opens none.
    """
    try:
        from cv2_enumerate_cameras import enumerate_cameras

        there: Sequence[Any] = sorted(enumerate_cameras(BACKEND), key=lambda camera: int(camera.index))
    except Exception as error:  # each system's own kinds
        _log.warning("cameras can't be listed: %s", error, exc_info=error)
        return []
    found: list[Found] = []
    for camera in there:
        name = " ".join(str(camera.name or "").split()) or f"Camera {camera.index}"
        same = sum(other.name == name for other in found)
        found.append(Found(f"{name} #{same + 1}" if same else name, name, int(camera.index)))
    return found


def find_camera(text: str) -> Found | None:
    """The camera whose text is `text`, capitals aside, or the only one in whose name it stands; None without one."""
    cameras, wanted = list_cameras(), text.casefold()
    exact = [camera for camera in cameras if camera.text.casefold() == wanted]
    alike = [camera for camera in cameras if wanted in camera.text.casefold()]
    return exact[0] if exact else alike[0] if len(alike) == 1 else None


def numbered_camera(index: int) -> Found | None:
    """The camera of this number, None where the system doesn't tell of it."""
    return next((camera for camera in list_cameras() if camera.index == index), None)


def with_mode(camera: str, mode: Mode | None) -> str:
    """The text for `camera`, a name or a number, at a size and rate: "HD Webcam@1280x720@30"."""
    return camera if mode is None else f"{camera}@{mode}"


def read_mode(text: str) -> tuple[str, Mode | None]:
    """The two parts that `with_mode` made `text` of."""
    said = _MODE.match(text)
    if said is None:
        return text, None
    return said["camera"], Mode(int(said["h"]), int(said["w"]), int(said["fps"] or 0))


def no_such_camera(text: str) -> InputError:
    """What is said of a name that no camera has."""
    names = ", ".join(camera.text for camera in list_cameras())
    there = f"the cameras are {names}" if names else "no camera is plugged in"
    return InputError(
        f"There is no file {text}, and no camera of that name ({there}): --source takes a camera's name or number, "
        "a file, or an address like http://host/stream."
    )
