"""`python -m realtime.sheet photo.jpg … -o sheet.jpg`: the photos in a row, and then a row of them in each style."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from realtime.frames import Image, resize
from realtime.stills import StillPicture, read_still, write_still
from realtime.styles import Opener
from realtime.styles.pictures import is_picture
from realtime.suffixes import WRITABLE
from weights.catalog import installed_styles
from weights.command_line import in_one_sentence
from weights.errors import InputError, exit_code
from weights.files import check_output
from weights.folders import Folders, search_path

GAP = 6
CAPTION = 26


@dataclass(frozen=True)
class SheetOptions:
    """What the sheet shows; the defaults stand here."""

    photos: tuple[Path, ...] = ()
    output: Path = Path("livebrush-sheet.jpg")
    styles: tuple[str, ...] = ()
    height: int = 240
    columns: int = 1
    device: str = "auto"
    weights: Folders = field(default_factory=search_path)


def captioned(row: list[Image], text: str) -> Image:
    """Equally high pictures side by side on white, under a line of text: `(CAPTION + h + GAP, W, 3)`.

    Where the text is too long, only what stands before its first ": " is written.
    """
    gap = np.full((row[0].shape[0], GAP, 3), 255, np.uint8)
    line = np.concatenate([part for picture in row for part in (picture, gap)][:-1], axis=1)
    page = np.full((CAPTION + line.shape[0] + GAP, line.shape[1], 3), 255, np.uint8)
    (length, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    if length > line.shape[1]:
        text = text.partition(": ")[0]
    cv2.putText(page, text, (2, CAPTION - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (60, 60, 60), 1, cv2.LINE_AA)
    page[CAPTION : CAPTION + line.shape[0]] = line
    return page


def in_columns(rows: list[Image], columns: int) -> Image:
    """Equally large pictures, line by line in so many columns on white."""
    height, width = rows[0].shape[:2]
    lines = -(-len(rows) // columns)
    page = np.full((lines * height, columns * (width + 2 * GAP) - 2 * GAP, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        top, left = i // columns * height, i % columns * (width + 2 * GAP)
        page[top : top + height, left : left + width] = row
    return page


def make_sheet(options: SheetOptions) -> Image:
    """The sheet as one picture. Photos are painted at their own size and then shown `height` lines high."""
    if not options.photos:
        raise InputError("Name at least one photo for the sheet.")
    if min(options.columns, options.height) < 1:
        raise InputError("--columns and --height must be 1 or more.")
    photos = [read_still(path).image for path in options.photos]

    def shown(pictures: list[Image]) -> list[Image]:
        return [resize(p, (options.height, round(p.shape[1] * options.height / p.shape[0]))) for p in pictures]

    opener = Opener(options.weights, options.device)
    rows = [captioned(shown(photos), "photo")]
    for name in options.styles or [style.card.name for style in installed_styles(options.weights)]:
        paint = opener(name)
        picture, name = paint.card.picture, Path(name).name if is_picture(name) else name
        text = f"{name}: {picture.title}, {picture.painter}" if picture.painter else f"{name}: {paint.card.title}"
        rows.append(captioned(shown([paint(photo) for photo in photos]), text))
    return in_columns(rows, min(options.columns, len(rows)))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    default = SheetOptions()
    made = argparse.ArgumentParser("python -m realtime.sheet", description="One sheet of photos in every style.")
    made.add_argument("photos", nargs="+", type=Path, help="the photos")
    made.add_argument("-o", dest="output", type=Path, metavar="OUT", default=default.output, help="the sheet to write")
    made.add_argument(
        "--styles", nargs="+", default=default.styles, metavar="NAME", help="which, also pictures; all if not given"
    )
    made.add_argument("--height", type=int, default=default.height, metavar="N", help="lines of each picture shown")
    made.add_argument("--columns", type=int, default=default.columns, metavar="N", help="styles side by side")
    made.add_argument("--device", default=default.device, metavar="D", help="auto, cpu or cuda")
    made.add_argument("--weights", action="append", default=[], metavar="DIR", help="folders of styles, as realtime's")
    return made


def main() -> int:
    """Make the sheet that the command line asks for."""
    values = vars(in_one_sentence(parser().parse_args, "python -m realtime.sheet"))
    values |= {name: tuple(values[name]) for name in ("photos", "styles")}
    options = SheetOptions(**{**values, "weights": search_path(values["weights"])})
    check_output(options.output, WRITABLE, *options.photos)
    write_still(StillPicture(make_sheet(options)), options.output)
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
