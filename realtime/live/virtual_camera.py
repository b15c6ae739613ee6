"""What is painted as a camera that other programs can choose; through `pyvirtualcam`, which need not be installed.

That package is under the GPL: Livebrush neither brings nor needs it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from realtime.frames import framed
from realtime.live.outputs import Painted, QueuedOutput
from weights.errors import InputError

_RATE = 30.0  # what the device says of itself; frames are sent as they come

_DRIVER = {
    "linux": "install v4l2loopback and load it with `sudo modprobe v4l2loopback exclusive_caps=1`",
    "win32": "install OBS Studio, which brings one",
    "darwin": "install OBS Studio, and start and stop its virtual camera once",
}


class VirtualCamera(QueuedOutput):
    """Sends frames to the first virtual camera that is free; `device` is its name while it runs, "" before.

    The camera has the size of the first frame; others are fitted into that.
    """

    def __init__(self) -> None:
        super().__init__("virtual camera", room=2)
        self.device = ""
        self._module: Any = None
        self._camera: Any = None

    def open(self) -> None:
        """Load the package; raises InputError where it isn't installed."""
        try:
            import pyvirtualcam
        except ImportError as error:
            raise InputError(
                "The virtual camera needs a package that isn't installed: python -m pip install pyvirtualcam (GPL-2)."
            ) from error
        self._module = pyvirtualcam

    def write(self, painted: Painted) -> None:
        """Send one frame; raises InputError where there is no virtual camera."""
        if self._camera is None:
            h, w = painted.image.shape[:2]
            h, w = h - h % 2, w - w % 2  # 4:2:0, as most devices have it
            try:
                self._camera = self._module.Camera(w, h, _RATE)
            except RuntimeError as error:
                mend = _DRIVER.get(sys.platform, "install its driver")
                raise InputError(f"There is no virtual camera here that is free: {mend}.") from error
            self.device = str(self._camera.device)
        self._camera.send(framed(painted.image, (self._camera.height, self._camera.width)))

    def finish(self) -> None:
        """Give the camera back."""
        self.device = ""
        if self._camera is not None:
            with suppress(RuntimeError):
                self._camera.close()
