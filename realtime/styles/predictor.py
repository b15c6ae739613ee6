"""A style in one look at a painting (Ghiasi et al. 2017): a network from a picture to the vectors of a trunk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from realtime.frames import Image, check_image, over_white, resize
from realtime.stills import check_memory, read_still
from realtime.styles.engines import reason
from realtime.styles.onnx_file import read_predictor
from realtime.styles.vectors import Vector
from weights.errors import InputError

SHORT_SIDE = 256
"""Lines or columns, whichever are fewer, at which a picture is looked at, where the predictor's card says no `size`."""

_MOST_LINES = 2048  # a card may come from a stranger
_LONGEST = 4  # sides: of a longer strip the middle is looked at
_SILENT = 4  # ONNX Runtime's log level "fatal": what goes wrong comes back as an exception, in words


class Predictor:
    """Predicts styles for one trunk, on the processor.

    >>> predictor = Predictor(Path("weights/predictor.onnx"))
    >>> fine, bold = predictor.predict(read_painting(Path("mine.jpg")))

    `card` is the predictor's, `trunk_hash` in it the trunk's; `short_side` the size at which it looks at a picture.
    Calls from several threads are safe. Raises InputError where the file is no predictor.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        """`threads` is the number of CPU threads, 0 for one per core."""
        model = read_predictor(path)
        self.path, self.card = path, model.card
        size = self.card.arguments.get("size", SHORT_SIDE)
        if not isinstance(size, int) or not 16 <= size <= _MOST_LINES:
            raise InputError(f"{path} wants pictures of the size {size!r}, so it is no predictor of Livebrush.")
        self.short_side = size
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, _SILENT
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the live picture needs the cores
        try:
            self._session = ort.InferenceSession(model.data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own classes share no base but Exception
            raise InputError(f"{path} can't be read ({reason(error)}): put its own file back.") from error

    def predict(self, picture: Image) -> Vector:
        """The vectors `(2, L) float32`, for fine and bold strokes, of the style of `picture`, `(H, W, 3) uint8 RGB`.

        Raises ValueError for another kind of array, InputError where no style comes of it.
        """
        small = _looked_at(check_image(picture), self.short_side)
        try:
            (vectors,) = self._session.run(["style"], {"painting": small})
        except Exception as error:
            raise InputError(f"{self.path} can't predict a style ({reason(error)}): try another picture.") from error
        if vectors.ndim != 2 or len(vectors) != 2 or not np.isfinite(vectors).all():
            raise InputError(f"{self.path} predicts no style of this picture: try another one.")
        return np.asarray(vectors, np.float32)


def _looked_at(picture: Image, short_side: int) -> Image:
    """`picture` with its short side at `short_side`; of a long strip the middle, as it would fill the memory."""
    h, w = picture.shape[:2]
    most = _LONGEST * min(h, w)
    top, left = max(0, h - most) // 2, max(0, w - most) // 2
    picture = np.ascontiguousarray(picture[top : top + most, left : left + most])
    h, w = picture.shape[:2]
    scale = short_side / min(h, w)
    return resize(picture, (max(short_side, round(h * scale)), max(short_side, round(w * scale))))


def read_painting(path: Path, lines: int = 2 * SHORT_SIDE) -> Image:
    """The picture in `path` as one looks at it: upright, in sRGB, over white where it is transparent.

    A large one may come smaller, but with at least so many `lines` and columns. Raises InputError where it can't be
    read or is too large for the memory.
    """
    check_memory(str(path), path, SHORT_SIDE)
    try:
        still = read_still(path, lines)
        return over_white(still.image, still.alpha)
    except (cv2.error, MemoryError) as error:
        raise InputError(f"{path} is too large for the memory: choose a smaller picture.") from error
