"""A style ready to paint, whatever engine paints it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np

from realtime.file_options import MOST_LINES
from realtime.frames import Image, check_image
from realtime.styles.engine_choice import open_engine
from realtime.styles.engines import Feeds, Wanted, reason
from realtime.styles.onnx_file import ModelFile, read_model
from realtime.styles.vectors import Vector, at_stroke, both_strokes
from weights.card import VECTOR_KEY, Card
from weights.errors import InputError

MIN_SIDE = 16
"""The shortest side of a frame that a style can paint, in pixels."""

_NO_MEMORY = ("failed to allocate", "bad_alloc", "out of memory", "not enough memory", "bad allocation")


class Stylizer:
    """Paints frames with one style.

    >>> from realtime.styles import open_style
    >>> paint = open_style("starry-night")                # an installed style, whatever its kind
    >>> painted = paint(frame, strength=0.8)
    >>> paint = Stylizer("somewhere/wave.onnx")           # the file of a network of its own

    `device` is what is really used, "cpu", "cuda" or one of OpenVINO's; `engine` and `precision` say with what;
    `runs_on` says the three for a status line, as in "CPU · OpenVINO bf16"; `note` says in one line why a faster one
    is not used, where that is news; `card` is the style's card. `style_length` is how many numbers a style of this
    network has, 0 where the network is one style itself; a trunk paints once `with_vector` has given it a `vector`.
    Stylizers of one trunk share their `network`, the engine. Calls from several threads are safe.

    Raises InputError where the file is no Livebrush style, or where a device or an engine that is named can't be had.
    """

    vector: Vector | None = None

    def __init__(
        self,
        file: Path | str | ModelFile,
        device: str = "auto",
        threads: int = 0,
        engine: str = "auto",
        precision: str = "auto",
    ) -> None:
        """`threads` is the number of CPU threads, 0 for one per core; the words are `realtime.styles.engines`' own."""
        model = file if isinstance(file, ModelFile) else read_model(file)
        self.path, self.card, self.style_length = model.path, model.card, model.style_length
        self._engine, self._note = open_engine(model, Wanted(engine, device, precision, threads))

    @property
    def note(self) -> str:
        """Why nothing faster paints now, "" mostly."""
        return getattr(self._engine, "lost", "") or self._note

    @property
    def device(self) -> str:
        """What paints now; another where a GPU is lost."""
        return self._engine.device

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self._engine.name

    @property
    def precision(self) -> str:
        """That of the convolutions."""
        return self._engine.precision

    @property
    def at_once(self) -> int:
        """How many threads it paints fastest for, each a frame: more than 1 where one frame doesn't fill the device."""
        return self._engine.at_once

    @property
    def network(self) -> object:
        """What stylizers of one trunk, and no others, have in common."""
        return self._engine

    @property
    def runs_on(self) -> str:
        """Device, engine and precision, as in "CPU · OpenVINO bf16"."""
        return f"{self.device.upper()} · {self.engine} {self.precision}"

    def with_vector(self, vector: Vector, card: Card | None = None) -> Stylizer:
        """The same network painting with `vector`; opens nothing, costs microseconds.

        `vector` is `(2, style_length) float32`, for fine and bold strokes, or `(style_length,)` for both; `card` is
        what the new stylizer says of itself. Raises ValueError for another length, and in a network of its own.
        """
        length = self.style_length
        if not length or vector.shape not in ((length,), (2, length)) or vector.dtype != np.float32:
            raise ValueError(f"got {vector.dtype} {vector.shape} != expected float32 (2, {length}) or ({length},)")
        other = copy.copy(self)
        other.vector, other.card = both_strokes(vector), card or self.card
        return other

    def __call__(self, image: Image, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0) -> Image:
        """The painted picture, same shape and dtype as `image`, `(H, W, 3) uint8 RGB` with sides from 16 up.

        `strength` in [0, 1] fades from the photo (0) to the painting (1); `keep_colors` in [0, 1] brings the photo's
        own colours back; `stroke` in [0, 1] goes from fine strokes to bold ones, where the style has both. Raises
        ValueError for another kind of array or number, InputError for a frame too small or too large for the memory,
        and for a trunk without a vector.
        """
        image = check_image(image)
        h, w = image.shape[:2]
        _check_size(h, w)
        if self.style_length and self.vector is None:
            raise InputError(f"{self.path} is shared by many styles: open one of them by its name.")
        feeds = _feeds(image, strength, keep_colors, self.vector, stroke)
        try:
            painted = self._engine.run(feeds)
        except Exception as error:  # the engines' own classes share no base but Exception
            raise InputError(_run_trouble(error, self.path, h, w)) from error
        if painted.shape != image.shape:
            raise InputError(f"{self.path} paints {painted.shape} of {image.shape}, so it is no Livebrush style.")
        return painted

    def prepare(self, height: int, width: int) -> None:
        """Make frames of this size as fast as they get; returns when they are.

        Not needed for the picture: a new size is painted at once, and is made faster meanwhile. Between the two a
        channel may differ by a rounding, so whoever wants the same twice prepares first. Raises InputError where the
        memory or the frame is too small.
        """
        _check_size(height, width)
        try:
            self._engine.prepare(height, width)
        except Exception as error:
            raise InputError(_run_trouble(error, self.path, height, width)) from error

    def ready(self, height: int, width: int) -> bool:
        """Whether frames of this size are as fast as they get."""
        return self._engine.ready(height, width)

    def warm_up(self, height: int, width: int) -> None:
        """Prepare for frames of this size and paint a grey one, so that the first isn't slower than the rest."""
        self.prepare(height, width)
        self(np.full((height, width, 3), 128, np.uint8))


def _feeds(image: Image, strength: float, keep_colors: float, vector: Vector | None, stroke: float) -> Feeds:
    """All inputs of the graph, by name."""
    scalars = {"strength": _unit("strength", strength), "keep_colors": _unit("keep_colors", keep_colors)}
    stroke = float(_unit("stroke", stroke))
    if vector is None:
        return {"frame": image, **scalars}
    return {"frame": image, **scalars, VECTOR_KEY: at_stroke(vector, stroke)}


def _unit(name: str, value: float) -> Any:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"got {name}={value} != expected a number in [0, 1]")
    return np.asarray(value, np.float32)


def _check_size(h: int, w: int) -> None:
    if min(h, w) < MIN_SIDE:
        enough = -(-MIN_SIDE * h // min(h, w))
        mend = f"paint it larger, with --height {enough}" if enough <= MOST_LINES else "choose a wider one"
        raise InputError(f"A picture of {w}x{h} is too small to paint, as it needs {MIN_SIDE} pixels a side: {mend}.")


def _run_trouble(error: Exception, path: Path, h: int, w: int) -> str:
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _NO_MEMORY):
        smaller = max(MIN_SIDE, h // 2)
        return f"A picture of {w}x{h} is too large for the memory: paint it smaller, with --height {smaller}."
    return f"{path} can't paint a picture of {w}x{h} ({reason(error)}): make it anew with python -m export."
