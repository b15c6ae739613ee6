"""The steadiness loss: nothing for a steady painter, something for one that shimmers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch
from torch import Tensor

from tests.conftest import MakeClip
from training import temporal
from training.generators import Generator
from training.images import save_image
from training.steadiness import (
    Pair,
    clip_pairs,
    flow_error,
    noise_gain,
    read_flo,
    rim_error,
    shift_error,
    true_pairs,
    visible,
)
from weights.errors import InputError


class Same(Generator):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Grid(Generator):
    """Adds a pattern fixed to the screen: what moves under it shimmers."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.arange(x.shape[2])[:, None] + torch.arange(x.shape[3])[None]
        return 0.5 * x + 0.5 * (y % 2)


class Loud(Generator):
    def forward(self, x: Tensor) -> Tensor:
        return 0.5 + 3 * (x - 0.5)


@pytest.fixture
def photo() -> Tensor:
    torch.manual_seed(0)
    return 0.3 + 0.4 * torch.rand(1, 3, 64, 72)


def test_the_steadiness_loss_of_the_identity_is_the_noise(photo: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(8):
        torch.manual_seed(seed)
        loss = temporal.steadiness_loss(Same(), photo, photo)
        assert loss < temporal.NOISE**2 * 1.2
    monkeypatch.setattr(temporal, "NOISE", 0.0)
    assert temporal.steadiness_loss(Same(), photo, photo) == 0


def test_a_pattern_fixed_to_the_screen_is_punished(photo: Tensor) -> None:
    losses = []
    for seed in range(8):
        torch.manual_seed(seed)
        losses.append(temporal.steadiness_loss(Grid(), photo, Grid()(photo)).item())
    assert max(losses) == pytest.approx(0.25, abs=0.02)  # half of the shifts turn the pattern round


class Framed(Generator):
    """Adds `middle`, and in the outermost 8 pixels `rim` in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.middle, self.rim = torch.nn.Parameter(torch.tensor(0.1)), torch.nn.Parameter(torch.tensor(0.3))

    def forward(self, x: Tensor) -> Tensor:
        inside = torch.nn.functional.pad(torch.ones_like(x[..., 8:-8, 8:-8]), (8, 8, 8, 8))
        return x + torch.where(inside > 0, self.middle, self.rim)


def test_the_rim_learns_from_the_middle_and_not_the_middle_from_the_rim(photo: Tensor) -> None:
    for seed in range(8):
        torch.manual_seed(seed)
        painter = Framed()
        loss = temporal.steadiness_loss(painter, photo, painter(photo))
        loss.backward()  # type: ignore[no-untyped-call]
        assert loss > 0.005
        assert painter.rim.grad is not None and painter.middle.grad is not None
        assert painter.rim.grad > 0.1
        assert abs(painter.middle.grad) < 0.01


@pytest.mark.parametrize("side", [32, 128, 256, 480])
def test_the_window_lies_inside_the_picture(side: int) -> None:
    seen = []

    def painter(x: Tensor) -> Tensor:
        seen.append(x.shape[-1])
        return x

    for _ in range(20):
        temporal.steadiness_loss(painter, torch.zeros(1, 3, side, side), torch.zeros(1, 3, side, side))
    assert set(seen) == {side - 2 * (16 if side >= 256 else 8)}


def test_the_measures_on_painters_that_are_known(photo: Tensor) -> None:
    assert noise_gain(Same(), photo) == pytest.approx(1)
    assert noise_gain(Loud(), photo) == pytest.approx(3, rel=1e-3)
    assert [shift_error(Same(), photo, k) for k in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert shift_error(Grid(), photo, 1) == pytest.approx(0.5)
    assert shift_error(Grid(), photo, 2) == 0
    wide = torch.nn.functional.interpolate(photo, size=(128, 144))
    assert rim_error(Same(), wide) == rim_error(Loud(), wide) == 0
    area, middle = 96 * 112, 64 * 80
    of_8 = (area - 80 * 96) / (area - middle)  # what is 8 pixels wide, of what is 16 pixels wide
    assert rim_error(Framed(), wide) == pytest.approx(0.2 * of_8**0.5, rel=1e-3)


def moving_pair(dx: int, dy: int) -> Pair:
    """A smooth picture and itself moved by whole pixels, with that flow."""
    y, x = torch.meshgrid(torch.linspace(0, 1, 48), torch.linspace(0, 1, 64), indexing="ij")
    wide = torch.stack([x, y, (x + y) / 2])[None]
    flow = torch.tensor([float(dx), float(dy)]).expand(1, 40, 52, 2)
    first, second = wide[:, :, 4:44, 6:58], wide[:, :, 4 - dy : 44 - dy, 6 - dx : 58 - dx]
    return Pair(first, second, flow, torch.ones(1, 1, 40, 52, dtype=torch.bool))


def test_the_flow_error_on_painters_that_are_known() -> None:
    pair = moving_pair(3, -2)
    assert flow_error(Same(), pair) == pytest.approx(0, abs=1e-6)
    assert flow_error(Grid(), moving_pair(1, 0)) == pytest.approx(0.5, abs=0.01)
    assert flow_error(Grid(), moving_pair(1, 1)) == pytest.approx(0, abs=0.01)  # the grid repeats on the diagonal


def test_what_leaves_the_picture_or_changes_colour_is_not_judged() -> None:
    pair = moving_pair(3, 0)
    seen = visible(pair)
    assert seen[..., :-3].all() and not seen[..., -3:].any()
    hidden = pair.second.clone()
    hidden[:, :, 10:20] = 0.0
    assert not visible(replace(pair, second=hidden))[:, :, 12:18, 20:40].any()


def test_flow_files_are_read_and_bad_ones_are_said(tmp_path: Path) -> None:
    flow = np.arange(2 * 8 * 12, dtype=np.float32).reshape(8, 12, 2) / 100
    flow[0, 0] = 2e9
    head = np.float32(202021.25).tobytes() + np.array([12, 8], "<i4").tobytes()
    folder = tmp_path / "pairs" / "one"
    folder.mkdir(parents=True)
    (folder / "flow.flo").write_bytes(head + flow.tobytes())
    for name in ("frame0.png", "frame1.png"):
        save_image(torch.rand(1, 3, 8, 12), folder / name)
    assert np.array_equal(read_flo(folder / "flow.flo"), flow)
    (pair,) = true_pairs(tmp_path / "pairs")
    assert pair.first.shape == (1, 3, 8, 8) and not pair.known[0, 0, 0, 0] and pair.known.sum() == 63
    (folder / "flow.flo").write_bytes(head + flow.tobytes()[:-8])
    with pytest.raises(InputError, match="cut off"):
        read_flo(folder / "flow.flo")
    (folder / "flow.flo").write_bytes(b"PIEH")
    with pytest.raises(InputError, match=r"no \.flo"):
        read_flo(folder / "flow.flo")


class LongClip:
    """Stands for an open clip of 60 frames; remembers which of them were made into pictures."""

    def __init__(self, made: list[int]) -> None:
        self.made = made

    def __enter__(self) -> LongClip:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def demux(self, video: int) -> list[SimpleNamespace]:
        return [SimpleNamespace(size=1)] * 60 + [SimpleNamespace(size=0)]

    def decode(self, video: int) -> Iterator[SimpleNamespace]:
        def picture(number: int) -> np.ndarray:
            self.made.append(number)
            return np.full((32, 32, 3), number, np.uint8)

        for number in range(60):
            yield SimpleNamespace(to_ndarray=lambda format, number=number: picture(number))


def test_of_a_long_clip_only_the_frames_to_compare_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(av, "open", lambda _: LongClip(made))
    assert len(list(clip_pairs(Path("long.mp4"), count=3))) == 3
    assert made == [0, 1, 19, 20, 38, 39]


def test_a_clip_of_few_frames_gives_what_pairs_it_has(make_clip: MakeClip) -> None:
    assert len(list(clip_pairs(make_clip("b.mp4", pts=[0, 512, 1024]), count=4))) == 2


def test_where_nothing_moves_that_is_said(make_clip: MakeClip, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no clip")
    for path, words in (
        (make_clip("c.mp4", pts=[0]), "has one frame"),
        (tmp_path / "none.mp4", "can't be read"),
        (tmp_path / "text.mp4", "can't be read"),
    ):
        with pytest.raises(InputError, match=words):
            list(clip_pairs(path))
    with pytest.raises(InputError, match="holds no folders with"):
        list(true_pairs(tmp_path))


def test_a_clips_flow_is_estimated(make_clip: MakeClip) -> None:
    pairs = list(clip_pairs(make_clip("a.mp4", size=(64, 96)), count=3))
    assert len(pairs) == 3
    assert pairs[0].first.shape == (1, 3, 64, 96)
    assert pairs[0].flow.abs().median() < 0.5  # its corner stands still
    assert flow_error(Same(), pairs[0]) < flow_error(Loud(), pairs[0])
