"""A tiny training of one painting, of seconds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.conftest import picture
from training.johnson import Settings
from training.objective import LossSettings
from training.settings import LoopSettings

LOSS = LossSettings(style_size=64, style_layers=("relu1_2", "relu2_2"), content_layer="relu2_2")


def tiny_training(root: Path) -> Settings:
    """Four photos, a painting of stripes, and settings that take some seconds."""
    (root / "photos").mkdir()
    for i in range(4):
        Image.fromarray(picture(64, 72, seed=5 * i)).save(root / "photos" / f"{i}.png")
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = (250, 60, 20)
    Image.fromarray(stripes).save(root / "painting.png")
    return Settings(
        style_image=root / "painting.png",
        name="stripes",
        width=16,
        deep=8,
        dilations=(1,),
        loop=LoopSettings(root / "photos", size=32, batch=2, steps=4, lr=5e-3, accelerator="cpu", threads=1),
        loss=LOSS,
        out=root / "run",
    )


def change(settings: Settings, **values: Any) -> Settings:
    """Settings with some values changed, those of the loop among them."""
    loop = {k: v for k, v in values.items() if k in {f.name for f in dataclasses.fields(LoopSettings)}}
    own = {k: v for k, v in values.items() if k not in loop}
    return dataclasses.replace(settings, loop=dataclasses.replace(settings.loop, **loop), **own)
