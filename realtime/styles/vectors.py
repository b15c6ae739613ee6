"""Style vectors: `(2, L) float32`, what a trunk needs to know of a style. Read from safetensors; no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from weights.card import VECTOR_KEY
from weights.errors import InputError
from weights.limits import MAX_VECTOR, check_size

Vector = NDArray[np.float32]
"""A style's vectors `(2, L) float32`, for fine and for bold strokes: the scales and shifts of all normalisations of its
trunk (Dumoulin 2017). A style that was learned once has the same for both."""


def read_vector(path: Path, length: int | None = None) -> Vector:
    """The vectors in `path`, `(2, length) float32`, of any length for None.

    Raises InputError where they are damaged or for another trunk.
    """
    try:
        check_size(path, MAX_VECTOR)
        numbers = load(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"The style vector {path} is missing: export its style again.") from None
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"The style vector {path} can't be read ({error}): export its style again.") from error
    if VECTOR_KEY not in numbers:
        raise InputError(f"{path} holds no style vector: export its style again.")
    vector = np.asarray(numbers[VECTOR_KEY], np.float32)
    if length is None:
        length = vector.shape[-1] if vector.ndim else 0
    if vector.shape not in ((length,), (2, length)):
        got = "x".join(map(str, vector.shape))
        raise InputError(f"The style vector {path} has {got} numbers where its trunk takes {length}: export it again.")
    if not np.isfinite(vector).all():
        raise InputError(f"The style vector {path} is damaged (not all of it are numbers): export its style again.")
    return both_strokes(vector)


def both_strokes(vector: Vector) -> Vector:
    """`(L,)` or `(2, L)` -> `(2, L)`."""
    return np.broadcast_to(vector, (2, vector.shape[-1]))


def at_stroke(vector: Vector, stroke: float) -> NDArray[np.float32]:
    """`(L,) float32`: the vector of strokes from fine (0) to bold (1)."""
    fine, bold = vector
    return np.asarray(fine + np.float32(stroke) * (bold - fine), np.float32)


def mix(vectors: Sequence[Vector], weights: Sequence[float]) -> Vector:
    """The weighted sum of `vectors`, of their shape; blending is this (Dumoulin 2017, section 3.3)."""
    return np.asarray(np.tensordot(np.asarray(weights, np.float32), np.stack(vectors), axes=1), np.float32)
