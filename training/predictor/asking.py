"""Ask a predictor for the style of a painting in a file."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from training.predictor.network import StylePredictor
from training.predictor.views import looked_at, view_of


@torch.no_grad()
def predicted_style(predictor: StylePredictor, painting: Path) -> Tensor:
    """(2, style_length): the vectors of fine and bold strokes that `predictor` says of the picture.

    Raises InputError where it can't be read.
    """
    seen: Tensor = predictor(looked_at(view_of(painting, 0, seed=0)))
    return seen
