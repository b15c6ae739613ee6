"""The pictures of a run as a contact sheet or a film."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from training.images import save_image, sheet, to_tensor
from weights.files import replacing

_FPS = 12
_SHEET_CELLS = 24
_SHEET_SIDE = 256


def save_film(frames: Sequence[np.ndarray], path: Path) -> None:
    """Write (H, W, 3) uint8 RGB frames of any sizes: an .mp4 at 12 a second, else a sheet of 24 at most."""
    if path.suffix == ".mp4":
        _save_mp4(frames, path)
    else:
        _save_sheet(frames, path)


def _fitted(frame: np.ndarray, width: int, height: int) -> Image.Image:
    return Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS)


def _save_sheet(frames: Sequence[np.ndarray], path: Path) -> None:
    count = min(len(frames), _SHEET_CELLS)
    chosen = [frames[round(i * (len(frames) - 1) / max(1, count - 1))] for i in range(count)]
    height, width = chosen[-1].shape[:2]
    scale = min(1.0, _SHEET_SIDE / max(height, width))
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    columns = math.ceil(math.sqrt(count))
    tiles = [to_tensor(np.asarray(_fitted(frame, w, h))) for frame in chosen]
    save_image(sheet([tiles[i : i + columns] for i in range(0, count, columns)]), path)


def _save_mp4(frames: Sequence[np.ndarray], path: Path) -> None:
    height, width = (side - side % 2 for side in frames[-1].shape[:2])  # H.264 with 4:2:0 colour wants even sides
    with replacing(path) as temporary, av.open(str(temporary), "w") as out:
        video = out.add_stream("libx264", rate=_FPS, options={"crf": "18"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        for number, frame in enumerate(frames):
            shot = av.VideoFrame.from_ndarray(np.asarray(_fitted(frame, width, height)), format="rgb24")
            shot.pts, shot.time_base = number, Fraction(1, _FPS)
            out.mux(video.encode(shot))
        out.mux(video.encode(None))
