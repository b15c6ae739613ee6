"""The whole way: two training steps, export, a clip, a still; and a grey ramp that survives it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from export.__main__ import export
from export.frame_model import FrameModel
from export.to_onnx import to_onnx
from realtime.styles.stylizer import Stylizer
from tests.conftest import MakeClip, picture
from training.generators import Generator
from training.johnson import Settings, train
from training.settings import LoopSettings
from weights.card import Card

av = pytest.importorskip("av")


class Same(Generator):
    """Gives its input back, through the tanh range that real networks use inside."""

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 + 0.5 * torch.tanh(torch.atanh((2 * x - 1).clamp(-1 + 1e-6, 1 - 1e-6)))


def test_a_grey_ramp_survives_the_whole_way(tmp_path: Path) -> None:
    """uint8 -> torch half -> ONNX -> live side: every grey, at an odd size, comes back as itself."""
    to_onnx(FrameModel(Same()), Card("same", "Same", "test", "test"), tmp_path / "same.onnx")
    ramp = np.repeat(np.resize(np.arange(256, dtype=np.uint8), (19, 273))[..., None], 3, axis=2)
    painted = Stylizer(tmp_path / "same.onnx", device="cpu")(np.ascontiguousarray(ramp))
    assert np.array_equal(painted, ramp)


def test_train_export_and_paint(tmp_path: Path, make_clip: MakeClip) -> None:
    from realtime.__main__ import main

    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(3):
        Image.fromarray(picture(48, 56, seed=4 * i)).save(photos / f"{i}.jpg")
    loop = LoopSettings(photos, size=32, batch=1, steps=2)
    train(Settings(photos / "0.jpg", "mine", loop, width=16, blocks=1, out=tmp_path / "run"))
    installed = tmp_path / "installed"
    export(tmp_path / "run", installed / "mine.onnx")

    clip = make_clip("in.mp4", audio="aac")
    common = ["--style", "mine", "--weights", str(installed), "--device", "cpu"]
    assert main([str(clip), "-o", str(tmp_path / "out.mp4"), *common]) in (0, None)
    assert main([str(photos / "1.jpg"), "-o", str(tmp_path / "out.png"), *common]) in (0, None)
    with Image.open(tmp_path / "out.png") as still:
        assert still.size == (56, 48)
    with av.open(str(clip)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        times = [[f.time for f in c.decode(video=0)] for c in (before, after)]
        assert times[0] == times[1] and len(times[0]) == 12
        assert len(after.streams.audio) == 1
