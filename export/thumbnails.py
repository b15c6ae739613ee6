"""A small picture of each style, painted on one photo, for whoever chooses: `FOLDER/thumbnails/NAME.webp`.

`python -m export` makes it with the style. `python -m export.thumbnails [FOLDER]` makes those of all styles of a folder
(default: of those that come with the program), where they were exported before there were any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

from training.checkpoint import load_vector
from weights.catalog import Entry, Style, installed_styles
from weights.command_line import in_one_sentence
from weights.errors import exit_code
from weights.files import replacing
from weights.folders import WEIGHTS, search_path, thumbnail_path

PHOTO = WEIGHTS.parent / "realtime" / "samples" / "astronaut.jpg"
"""Eileen Collins, by NASA (public domain): a face, cloth and edges, which every style treats in its own way."""

SIZE = (320, 240)
"""Width and height: twice what a gallery shows, for screens of high density."""

_CROP = (0, 0, 512, 384)  # left, top, right, bottom: 4:3, painted as large as it is, for strokes as a window shows them
_QUALITY = 82


def paint_thumbnail(model: Path, vector: Path | None, thumbnail: Path) -> None:
    """Paint the photo with the network `model`, and in a trunk with the bold strokes of `vector`; write `thumbnail`."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    with Image.open(PHOTO) as photo:
        frame = np.asarray(photo.convert("RGB").crop(_CROP))
    inputs = {"frame": frame, "strength": np.ones((), np.float32), "keep_colors": np.zeros((), np.float32)}
    if vector is not None:
        inputs["style"] = load_vector(vector)[0][1].numpy()
    (painted,) = session.run(None, inputs)
    with replacing(thumbnail) as temporary:
        small = Image.fromarray(painted).resize(SIZE, Image.Resampling.LANCZOS)
        small.save(temporary, "WEBP", quality=_QUALITY, method=6)


def put_thumbnails(staged: Path, entries: list[Entry], trunk: Path | None = None) -> None:
    """Paint those of `entries`, whose files lie in `staged`, into it; `trunk` is the network of a lone vector."""
    for entry in entries:
        vector = staged / entry.vector if entry.vector else None
        paint_thumbnail(trunk or staged / entry.model, vector, thumbnail_path(staged, entry.card.name))


def refresh(folder: Path) -> list[Style]:
    """Paint those of all styles of `folder` anew; returns the styles. Raises InputError."""
    found = [s for s in installed_styles([folder, *search_path()]) if folder in (s.folder, s.folder.resolve())]
    for style in found:
        if style.model is not None:
            paint_thumbnail(style.model, style.vector, style.thumbnail)
    return found


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser("python -m export.thumbnails", description="Paint the gallery's small pictures.")
    made.add_argument("folder", nargs="?", type=Path, default=WEIGHTS, help="a folder of styles; weights/ if not given")
    return made


def main() -> int:
    """Paint what the command line names."""
    folder = in_one_sentence(parser().parse_args, "python -m export.thumbnails").folder
    print(f"{len(refresh(folder))} thumbnails in {folder / 'thumbnails'}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
