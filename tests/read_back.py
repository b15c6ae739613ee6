"""What the tests read back of files that were written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from realtime.av_frames import ToImage


def read_picture(path: Path | str) -> np.ndarray:
    """(H, W, 3 or 4) uint8 RGB(A), as OpenCV finds it in the file."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB))


def time_of(shown: av.VideoFrame | av.Packet[Any]) -> Fraction:
    """When it is to be shown, in seconds."""
    assert shown.pts is not None and shown.time_base is not None
    return shown.pts * shown.time_base


def frames(path: Path) -> list[Any]:
    with av.open(str(path)) as clip:
        return list(clip.decode(video=0))


def images(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as clip:
        return [ToImage()(frame) for frame in clip.decode(video=0)]


def times(path: Path) -> list[Fraction]:
    return [time_of(frame) for frame in frames(path)]


def audio(path: Path) -> list[tuple[bytes, Fraction]]:
    with av.open(str(path)) as clip:
        return [(bytes(p), time_of(p)) for p in clip.demux(audio=0) if p.dts is not None]
