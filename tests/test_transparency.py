"""Where a clip that is written can't hold transparency, it is laid over white, as a still's, and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from realtime.render.clip import paint_clip
from tests.conftest import same
from tests.read_back import images

HIDDEN = (200, 20, 20)


def clip(path: Path, codec: str, pix_fmt: str, alpha: int) -> Path:
    """Some frames, transparent in their right half, where they hide a colour."""
    picture = np.full((48, 64, 4), (20, 40, 180, 255), np.uint8)
    picture[:, 32:] = (*HIDDEN, alpha)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=25)  # whatever kind the codec is of
        stream.height, stream.width, stream.pix_fmt = 48, 64, pix_fmt
        for i in range(3):
            frame = av.VideoFrame.from_ndarray(picture, format="rgba").reformat(format=pix_fmt)
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("in.mov", "qtrle", "argb"),
        ("png.mov", "png", "rgba"),
        ("pro.mov", "prores_ks", "yuva444p10le"),
        ("in.webm", "libvpx-vp9", "yuva420p"),
    ],
)
def test_what_is_transparent_becomes_white_and_is_said(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    summary = paint_clip(clip(tmp_path / name, codec, pix_fmt, alpha=0), tmp_path / "out.mp4", same)
    (note,) = summary.notes
    assert note.startswith(f"The transparency of {name} became white: ")
    left, right = (part.mean((0, 1)) for part in np.split(images(tmp_path / "out.mp4")[0], 2, axis=1))
    assert np.abs(left - (20, 40, 180)).max() < 6
    assert right.min() > 245
    opaque = clip(tmp_path / name, codec, pix_fmt, alpha=255)
    assert paint_clip(opaque, tmp_path / "out.mp4", same).notes == []


@pytest.mark.parametrize("name", ["in.gif", "in.webp"])
def test_moving_pictures_too(tmp_path: Path, name: str) -> None:
    pages = []
    for i in range(3):
        pixels = np.full((48, 64, 4), (20, 40 + 60 * i, 180, 255), np.uint8)
        pixels[:, 32:] = (*HIDDEN, 0)
        pages.append(Pillow.fromarray(pixels))
    pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:], duration=40, disposal=2, lossless=True)
    summary = paint_clip(tmp_path / name, tmp_path / "out.mp4", same)
    (note,) = summary.notes
    assert note.startswith(f"The transparency of {name} became white: ")
    assert images(tmp_path / "out.mp4")[0][:, 36:].mean() > 240
