"""What the style of a picture has grown to: vectors fitted to it, in a folder of the user's for each picture and trunk.

A fit (`training.newstyle`, in a process of its own) writes FITTED there now and then; where that is better than all
before, `take_better` makes it BEST, which stands in the prediction's place from then on.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from realtime.frames import Image, fit
from realtime.stills import StillPicture, write_still
from realtime.styles.predictor import read_painting
from realtime.styles.vectors import Vector, read_vector
from weights.card import METADATA_KEY, Card
from weights.errors import InputError
from weights.files import replacing, sha256
from weights.folders import user_folder
from weights.limits import MAX_VECTOR, check_size

_log = logging.getLogger(__name__)

PAINTING, FITTED, BEST, CHECKPOINT = "painting.png", "fitted.safetensors", "best.safetensors", "checkpoint.pt"

_LONGEST = 2  # sides: of a longer strip the middle is fitted, as its pixels cost much
_MOST_LINES, _FEWEST_LINES = 1024, 16  # of the painting that is fitted


@dataclass(frozen=True)
class Grown:
    """How far a fit was when it wrote its vector: after so many `steps`, at the `loss` of a photo held out."""

    steps: int
    loss: float


def digest_of(picture: Path) -> str:
    """The sha256 (hex) of the file, computed once for as long as it is the same. Raises InputError."""
    try:
        state = picture.stat()
        return _digest(picture, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise InputError(f"{picture} can't be read ({error.strerror}): check the name.") from error


@lru_cache(maxsize=64)
def _digest(picture: Path, _time: int, _size: int) -> str:
    return sha256(picture)


@dataclass(frozen=True)
class Origin:
    """A picture, by the sha256 (hex) of its file, and a trunk, by its hash: what a style was made of."""

    digest: str
    trunk_hash: str

    @property
    def place(self) -> Path:
        """The folder of the fits; it may not be there."""
        return user_folder("refined") / f"{self.digest[:32]}-{self.trunk_hash[:16]}"


def refined_vector(picture: Path, trunk_hash: str, length: int) -> Vector | None:
    """The best vectors `(2, length)` that were fitted to `picture`, None where there are none that can be read."""
    if not user_folder("refined").is_dir():
        return None
    best = Origin(digest_of(picture), trunk_hash).place / BEST
    if not best.is_file():
        return None
    try:
        return read_vector(best, length)
    except InputError as error:  # the prediction does
        _log.warning("%s", error)
        return None


def put_painting(picture: Path, place: Path) -> Path:
    """What is to be fitted of `picture`, as one looks at it, as a file in `place` that every reader reads.

    Raises InputError where it can't be read or written.
    """
    painting = place / PAINTING
    if not painting.is_file():
        write_still(StillPicture(_fitted_to(read_painting(picture, _MOST_LINES))), painting)
    return painting


def _fitted_to(picture: Image) -> Image:
    h, w = picture.shape[:2]
    most = _LONGEST * min(h, w)
    top, left = max(0, h - most) // 2, max(0, w - most) // 2
    middle = np.ascontiguousarray(picture[top : top + most, left : left + most])
    h, w = middle.shape[:2]
    lines = min(max(min(h, w), _FEWEST_LINES), _MOST_LINES)
    return fit(middle, round(lines * h / min(h, w)))


def grown(place: Path, file: str = BEST) -> Grown | None:
    """How far the vector in `file` of `place` is, None where there is none that can be read."""
    path = place / file
    try:
        check_size(path, MAX_VECTOR)
        with safe_open(path, "numpy") as opened:
            told = Card.from_json((opened.metadata() or {})[METADATA_KEY], str(path)).training
        return Grown(int(told["steps"]), float(told["val_total"]))
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, InputError, KeyError, ValueError, TypeError) as error:
        _log.warning("%s says nothing of its fit (%s)", path, error)
        return None


def take_better(place: Path) -> bool:
    """Make the vector fitted last the best one where it is; whether it was.

    Raises InputError where it can't be written.
    """
    fitted, best = grown(place, FITTED), grown(place)
    if fitted is None or not math.isfinite(fitted.loss) or (best is not None and fitted.loss >= best.loss):
        return False
    data = (place / FITTED).read_bytes()
    with replacing(place / BEST) as temporary:
        temporary.write_bytes(data)
    return True
