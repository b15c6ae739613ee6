"""L-BFGS over the pixels, which stay in [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor

from gatys.preconditioner import SpectralPreconditioner
from gatys.problem import Objective, Value

_ARMIJO = 1e-4
_TRIES = 12
FIRST_STEP = 0.01
"""Mean change of a pixel in the very first step, before the curvature is known."""


class NotFinite(ArithmeticError):
    """The loss or its gradient became infinite or not a number."""


def finite(value: Value) -> Value:
    """`value` itself; raises NotFinite."""
    if not (abs(value.total) < float("inf") and bool(torch.isfinite(value.gradient).all())):
        raise NotFinite
    return value


class LBFGS:
    """Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.4) with projection on the box [0, 1].

    Pixels that stand at a bound and would leave it are held; a step is halved until the loss falls enough (Armijo), so
    that the loss never rises, and almost every step costs one evaluation. `history` pairs of pictures are kept. The
    first guess of the inverse Hessian is a SpectralPreconditioner, not the identity: a third fewer steps.
    """

    def __init__(self, objective: Objective, x: Tensor, history: int, first_step: float = FIRST_STEP) -> None:
        self.objective, self.history, self.first_step = objective, history, first_step
        self.x = x.clamp(0, 1)
        self.value = finite(objective(self.x))
        self.evaluations = 1
        self._preconditioner = SpectralPreconditioner(self.x)
        self._pairs: list[tuple[Tensor, Tensor, float]] = []

    def step(self) -> bool:
        """Move to a better picture; False where there is none to be found. Raises NotFinite."""
        while True:
            if self._try(self._direction()):
                return True
            if not self._pairs:
                return False
            self._pairs.clear()

    def _free_gradient(self) -> Tensor:
        """The gradient without the pixels that are held at a bound."""
        g = self.value.gradient
        return g.masked_fill(((self.x <= 0) & (g > 0)) | ((self.x >= 1) & (g < 0)), 0)

    def _direction(self) -> Tensor:
        """The two-loop recursion on the free gradient."""
        g = self._free_gradient()
        if not self._pairs:
            d = self._preconditioner(g)
            return d * (-self.first_step / d.abs().mean().clamp_min(1e-30))
        q, alphas = g.clone(), []
        for s, y, rho in reversed(self._pairs):
            alphas.append(rho * _dot(s, q))
            q.add_(y, alpha=-alphas[-1])
        s, y, rho = self._pairs[-1]
        q = self._preconditioner(q).mul_(1 / (rho * _dot(y, self._preconditioner(y))))
        for (s, y, rho), alpha in zip(self._pairs, reversed(alphas), strict=True):
            q.add_(s, alpha=alpha - rho * _dot(y, q))
        q.neg_()
        return q.masked_fill_((g == 0) & (self.value.gradient != 0), 0)

    def _try(self, direction: Tensor) -> bool:
        t = 1.0
        for _ in range(_TRIES):
            x = (self.x + t * direction).clamp_(0, 1)
            move = x - self.x
            slope = _dot(self.value.gradient, move)
            if slope >= 0:
                return False
            value = finite(self.objective(x))
            self.evaluations += 1
            if value.total <= self.value.total + _ARMIJO * slope:
                self._remember(move, value.gradient - self.value.gradient)
                self.x, self.value = x, value
                return True
            t *= min(0.5, max(0.1, -slope / (2 * (value.total - self.value.total - slope))))
        return False

    def _remember(self, s: Tensor, y: Tensor) -> None:
        curvature = _dot(s, y)
        if curvature > 1e-10 * _dot(y, y):
            if len(self._pairs) >= self.history:
                self._pairs.pop(0)
            self._pairs.append((s, y, 1 / curvature))
            self._preconditioner.learn(s, y)


def _dot(a: Tensor, b: Tensor) -> float:
    return torch.dot(a.flatten(), b.flatten()).item()
