"""The steadiness loss: nothing for a steady painter, something for one that shimmers."""

import pytest
import torch
from torch import Tensor

from training import temporal
from training.evaluate import noise_gain, shift_error
from training.generators import Generator


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
        loss = temporal.steadiness_loss(Same(), photo, temporal.centre(photo))
        assert loss < temporal.NOISE**2 * 1.2
    monkeypatch.setattr(temporal, "NOISE", 0.0)
    assert temporal.steadiness_loss(Same(), photo, temporal.centre(photo)) == 0


def test_a_pattern_fixed_to_the_screen_is_punished(photo: Tensor) -> None:
    losses = []
    for seed in range(8):
        torch.manual_seed(seed)
        losses.append(temporal.steadiness_loss(Grid(), photo, Grid()(temporal.centre(photo))).item())
    assert max(losses) == pytest.approx(0.25, abs=0.02)  # half of the shifts turn the pattern round


def test_the_measures_on_painters_that_are_known(photo: Tensor) -> None:
    assert noise_gain(Same(), photo) == pytest.approx(1)
    assert noise_gain(Loud(), photo) == pytest.approx(3, rel=1e-3)
    assert [shift_error(Same(), photo, k) for k in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert shift_error(Grid(), photo, 1) == pytest.approx(0.5)
    assert shift_error(Grid(), photo, 2) == 0
