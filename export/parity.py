"""Whether ONNX Runtime paints what torch paints: the check that stands between a network and its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor

from export.frame_model import FrameModel
from weights.errors import InputError

SIZES = ((480, 640), (361, 479), (96, 33))
"""Heights and widths compared: a camera's, an odd one, a small one."""

TOLERANCE = 1
"""Largest difference of a channel, in 1/255: rounding may fall either way, nothing more."""

CONTROLS = ((1.0, 0.0), (0.6, 0.3))
"""(strength, keep_colors) at which each size is compared."""


def probe_frame(height: int, width: int) -> np.ndarray:
    """(H, W, 3) uint8: smooth gradients, an edge and noise, the same on every machine."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    smooth = np.stack([x, y, 0.5 + 0.5 * np.sin(12 * x + 7 * y)], axis=2)
    smooth[height // 3 : height // 2] = 1 - smooth[height // 3 : height // 2]
    noise = np.random.default_rng(0).normal(0, 0.05, smooth.shape)
    return np.asarray(np.clip((smooth + noise) * 255, 0, 255), dtype=np.uint8)


def parity(model: FrameModel, path: Path, styles: Sequence[Tensor] = ()) -> float:
    """The largest difference in 1/255 over SIZES, CONTROLS and a trunk's `styles`; InputError above TOLERANCE."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    worst = 0
    for height, width in SIZES:
        frame = torch.from_numpy(probe_frame(height, width))
        for strength, keep in CONTROLS:
            common = {"frame": frame, "strength": torch.tensor(strength), "keep_colors": torch.tensor(keep)}
            for inputs in [{**common, "style": style} for style in styles] or [common]:
                worst = max(worst, difference(model, session, inputs))
    if worst > TOLERANCE:
        raise InputError(
            f"ONNX Runtime and torch differ by {worst}/255 (at most {TOLERANCE}/255 may); nothing was written."
        )
    return float(worst)


def difference(model: FrameModel, session: ort.InferenceSession, inputs: dict[str, Tensor]) -> int:
    """The largest difference of a channel between the two paintings, in 1/255.

    Raises InputError for another shape, and where the network paints what is no number: as bytes, both would agree.
    """
    (got,) = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    finite: list[bool] = []
    hook = model.generator.register_forward_hook(lambda _, __, painted: finite.append(bool(painted.isfinite().all())))
    with torch.no_grad(), hook:
        expected = model(**inputs).numpy()
    if not all(finite):
        raise InputError("The network paints what is no number (its weights are damaged); nothing was written.")
    if got.shape != expected.shape:
        raise InputError(f"ONNX Runtime paints {got.shape} where torch paints {expected.shape}; nothing was written.")
    return int(np.abs(got.astype(int) - expected.astype(int)).max())
