"""L-BFGS, Adam, the hand-over between them, and what happens where the loss is not a number."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from gatys.descent import Plan, descend
from gatys.lbfgs import LBFGS
from gatys.problem import Value
from weights.errors import InputError


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Small pictures are faster on one core, and far faster where others use the cores too."""
    torch.set_num_threads(1)


class Bowl:
    """sum c (x - goal)^2 with very different c; minimal at `goal` clipped to [0, 1]."""

    def __init__(self, goal: float = 0.6, broken: tuple[int, ...] = ()) -> None:
        self.scales = torch.logspace(0, 3, 3 * 4 * 4).view(1, 3, 4, 4)
        self.goal, self.broken, self.calls = goal, broken, 0

    def __call__(self, x: Tensor) -> Value:
        self.calls += 1
        gap = x - self.goal
        loss = (self.scales * gap.square()).sum().item()
        if self.calls in self.broken:
            loss = float("nan")
        return Value({"content": loss}, 2 * self.scales * gap)


def start() -> Tensor:
    return torch.full((1, 3, 4, 4), 0.1)


def test_lbfgs_finds_the_bottom_and_never_rises() -> None:
    steps = list(descend(Bowl(), start(), Plan("lbfgs", 60)))
    losses = [step.total for step in steps]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 1e-5 * losses[0]
    assert torch.allclose(steps[-1].picture, torch.full_like(start(), 0.6), atol=0.03)


def test_lbfgs_needs_about_one_evaluation_a_step() -> None:
    bowl = Bowl()
    assert len(list(descend(bowl, start(), Plan("lbfgs", 20)))) == 20
    assert bowl.calls <= 26


def test_pixels_stay_between_black_and_white() -> None:
    last = list(descend(Bowl(goal=1.4), start(), Plan("lbfgs", 40)))[-1]
    assert torch.equal(last.picture, torch.ones_like(start()))


def test_a_short_history_is_kept() -> None:
    optimizer = LBFGS(Bowl(), start(), history=3)
    for _ in range(8):
        optimizer.step()
    assert len(optimizer._pairs) == 3


def test_adam_walks_down_and_keeps_the_best() -> None:
    steps = list(descend(Bowl(), start(), Plan("adam", 40, lr=0.03)))
    assert steps[-1].total < 0.02 * steps[0].total
    assert all(a.total >= b.total for a, b in pairwise(steps))


def test_adam_hands_over_to_lbfgs() -> None:
    bowl = Bowl()
    steps = list(descend(bowl, start(), Plan("lbfgs", 40, adam_steps=5, lr=0.01)))
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert steps[4].total > 1000 * steps[-1].total
    moved = (steps[4].picture - start()).abs().max().item()
    assert moved == pytest.approx(5 * 0.01, rel=0.1)  # Adam's first steps are as long as its rate


def test_a_run_goes_on_where_it_was() -> None:
    steps = list(descend(Bowl(), start(), Plan("lbfgs", 9), done=6))
    assert [step.number for step in steps] == [7, 8, 9]


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_not_a_number_goes_back_to_the_last_good_picture_and_says_so(optimizer: str) -> None:
    plan = Plan(optimizer, 30, lr=0.02)  # type: ignore[arg-type]
    steps = list(descend(Bowl(broken=(5,)), start(), plan))
    notes = [step.note for step in steps if step.note]
    assert len(notes) == 1 and "last good picture with a smaller step" in notes[0]
    assert steps[-1].total < 0.5 * steps[0].total
    assert all(step.total == step.total for step in steps)  # none is not a number


def test_never_a_number_is_said_in_words() -> None:
    with pytest.raises(InputError, match="not a number"):
        list(descend(Bowl(broken=tuple(range(99))), start(), Plan("lbfgs", 30)))
