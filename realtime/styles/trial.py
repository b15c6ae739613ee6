"""A picture to try a network on, and whether a coarser precision shows in what is painted of it."""

from __future__ import annotations

import numpy as np

from realtime.frames import Image
from realtime.styles.engines import Feeds
from realtime.styles.onnx_file import ModelFile
from weights.card import VECTOR_KEY

MAX, MEAN = 3, 0.5
"""Differences in 1/255 that nobody sees: of all channels but one in a hundred thousand, and in the mean."""

_SIZE = (96, 128)


def trial(model: ModelFile) -> Feeds:
    """All inputs of the network: slopes, an edge and some grain; in a trunk the style whose numbers are all 1."""
    h, w = _SIZE
    down, right = np.mgrid[0:h, 0:w] / np.array([h, w]).reshape(2, 1, 1)
    slopes = np.stack([down, right, (1 - down) * right], axis=-1)
    edge = np.where(np.hypot(down - 0.5, right - 0.5) < 0.3, 0.6, 0.0)[..., None]
    grain = np.random.default_rng(0).normal(0, 0.03, (h, w, 3))
    frame = (np.clip(np.abs(slopes - edge) + grain, 0, 1) * 255).astype(np.uint8)
    feeds = {"frame": frame, "strength": np.ones((), np.float32), "keep_colors": np.zeros((), np.float32)}
    return feeds | {VECTOR_KEY: np.ones(model.style_length, np.float32)} if model.style_length else feeds


def shows(fine: Image, coarse: Image) -> bool:
    """Whether two paintings of one frame are further apart than MAX or MEAN."""
    difference = np.abs(fine.astype(np.int16) - coarse)
    return bool(np.count_nonzero(difference > MAX) > difference.size // 100_000 or difference.mean() > MEAN)
