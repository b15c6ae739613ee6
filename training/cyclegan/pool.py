"""The pool of earlier fakes that the discriminators are shown: Shrivastava 2017, as Zhu 2017 (section 4) uses it."""

from __future__ import annotations

import torch
from torch import Tensor


class FakePool:
    """The last fakes, at most `size` of them; 0 for no pool. Its randomness is torch's own."""

    def __init__(self, size: int = 50) -> None:
        self.size = size
        self.kept: list[Tensor] = []

    def exchange(self, fakes: Tensor) -> Tensor:
        """(N, 3, H, W) new fakes -> as many to show to the discriminator, without gradient.

        While the pool fills, the new ones. Then each new one is shown itself or, one time in two, takes the place of
        a random kept one, which is shown instead.
        """
        return torch.stack([self._exchange_one(fake) for fake in fakes.detach()])

    def _exchange_one(self, fake: Tensor) -> Tensor:
        if len(self.kept) < self.size:
            self.kept.append(fake.clone())
            return fake
        if not self.size or torch.rand(()).item() < 0.5:
            return fake
        place = int(torch.randint(self.size, ()).item())
        shown, self.kept[place] = self.kept[place], fake.clone()
        return shown

    def contents(self, like: Tensor) -> Tensor:
        """(n, 3, H, W): all kept fakes in their places; (0, 3, H, W) of `like` (…, 3, H, W) where there are none."""
        return torch.stack(self.kept) if self.kept else like.new_empty(0, *like.shape[-3:])

    def fill(self, contents: Tensor) -> None:
        """Take over what `contents` gave."""
        self.kept = list(contents.clone())
