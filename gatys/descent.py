"""The way down: Adam, L-BFGS or the one after the other, and the return to the last good picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gatys.lbfgs import FIRST_STEP, LBFGS, NotFinite, finite
from gatys.problem import Objective
from weights.errors import InputError

_RESTARTS = 6


@dataclass(frozen=True)
class Plan:
    """How to go down at one size (settings.Settings explains the words)."""

    optimizer: Literal["lbfgs", "adam"]
    steps: int
    adam_steps: int = 0
    lr: float = 0.02
    history: int = 50


@dataclass(frozen=True)
class Step:
    """One step taken: the best picture so far (1, 3, H, W), its weighted terms, and what there is to say."""

    number: int
    picture: Tensor
    terms: Mapping[str, float]
    note: str = ""

    @property
    def total(self) -> float:
        return sum(self.terms.values())


class Adam:
    """Adam (Kingma & Ba 2015) over the pixels, which stay in [0, 1]; the same face as LBFGS."""

    def __init__(self, objective: Objective, x: Tensor, lr: float) -> None:
        self.objective = objective
        self.x = x.clamp(0, 1)
        self.value = finite(objective(self.x))
        self._optimizer = torch.optim.Adam([self.x], lr=lr)

    def step(self) -> bool:
        """Take one step. Raises NotFinite."""
        x = self.x
        x.grad = self.value.gradient
        self._optimizer.step()
        x.clamp_(0, 1)
        self.value = finite(self.objective(x))
        return True


def descend(objective: Objective, x: Tensor, plan: Plan, done: int = 0) -> Iterator[Step]:
    """Yield after every step from `done` + 1 to the plan's last; ends early where nothing better can be found.

    Where the loss is not a number, goes on from the best picture so far with a quarter of the step length and says so
    in the step's note. Raises InputError where that doesn't help.
    """
    best, lowest, terms = x, float("inf"), {}
    shrink, restarts, note = 1.0, 0, ""
    while done < plan.steps:
        first_adam = plan.optimizer == "lbfgs" and done < plan.adam_steps
        last = min(plan.adam_steps, plan.steps) if first_adam else plan.steps
        try:
            optimizer = _optimizer(objective, best, plan, first_adam or plan.optimizer == "adam", shrink)
            while done < last:
                if not optimizer.step():
                    return
                done += 1
                if optimizer.value.total <= lowest:
                    lowest, terms = optimizer.value.total, dict(optimizer.value.terms)
                    best = optimizer.x if isinstance(optimizer, LBFGS) else optimizer.x.clone()
                yield Step(done, best, terms, note)
                note = ""
        except NotFinite:
            restarts, shrink = restarts + 1, shrink / 4
            if restarts > _RESTARTS:
                raise InputError(
                    f"The loss is not a number after {done} steps, however small they are: lower --beta and --alpha."
                ) from None
            note = f"step {done + 1}: the loss was not a number; back to the last good picture with a smaller step"


def _optimizer(objective: Objective, x: Tensor, plan: Plan, adam: bool, shrink: float) -> LBFGS | Adam:
    if adam:
        return Adam(objective, x.clone(), plan.lr * shrink)
    return LBFGS(objective, x, plan.history, FIRST_STEP * shrink)
