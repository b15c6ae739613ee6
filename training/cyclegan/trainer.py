"""CycleGAN's two generators, its losses and one step of its training: Zhu et al. 2017.

X are the photos, Y the paintings; G paints photos, F gives a painting back as a photo. Every picture is in [0, 1]; the
paper's are in [-1, 1], where differences are twice as large, and its weights are meant for those: see SPAN.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn

from training.cyclegan.discriminators import (
    Discriminators,
    adversarial_loss,
    discriminator_loss,
    init_normal,
    split_scores,
)
from training.cyclegan.pool import FakePool
from training.cyclegan.settings import Method
from training.generators import build
from training.objective import total
from training.temporal import steadiness_loss
from weights.errors import InputError

SPAN = 2.0
"""L1 in the papers' [-1, 1] over L1 in [0, 1]."""


class GeneratorPair(nn.Module):
    """G and F; one call gives every picture that the losses are about."""

    def __init__(self, method: Method, size: int) -> None:
        super().__init__()
        self.to_painting = build(method.architecture, method.arguments(size))
        self.to_photo = build(method.architecture, method.arguments(size, method.reverse_width))
        if method.architecture == "resnet":
            self.apply(init_normal)

    def forward(self, photo: Tensor, painting: Tensor, identity: bool) -> dict[str, Tensor]:
        """painted G(x), photo_again F(G(x)), photographed F(y), painting_again G(F(y)); with `identity` also
        painting_same G(y) and photo_same F(x)."""
        painted, photographed = self.to_painting(photo), self.to_photo(painting)
        views = {
            "painted": painted,
            "photo_again": self.to_photo(painted),
            "photographed": photographed,
            "painting_again": self.to_painting(photographed),
        }
        if identity:
            views |= {"painting_same": self.to_painting(painting), "photo_same": self.to_photo(photo)}
        return views


def l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of pictures in [0, 1], as it would be in the papers' [-1, 1]."""
    return SPAN * F.l1_loss(a, b)


def cycle_terms(views: dict[str, Tensor], photo: Tensor, painting: Tensor, method: Method) -> dict[str, Tensor]:
    """Cycle losses (equation 2) and identity losses (section 5.2), weighted; `views` are those of GeneratorPair."""
    weight = method.cycle_weight
    terms = {
        "cycle_photo": weight * l1(views["photo_again"], photo),
        "cycle_painting": weight * l1(views["painting_again"], painting),
    }
    if method.identity:
        same = l1(views["painting_same"], painting) + l1(views["photo_same"], photo)
        terms["identity"] = weight * method.identity * same
    return terms


def learning_rate(lr: float, step: int, steps: int) -> float:
    """Constant in the first half, then linear: to lr / half in the last step, 0 after it (appendix 7.1)."""
    half = steps // 2
    return lr * min(1.0, (steps - step) / (steps - half))


class Average:
    """The exponential moving average of both generators' numbers; over few steps it follows faster."""

    def __init__(self, network: GeneratorPair, decay: float) -> None:
        self.network: GeneratorPair = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Follow `network`, which has just made step number `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, now in zip(self.network.parameters(), network.parameters(), strict=True):
            mean.lerp_(now.detach(), 1 - decay)


class Trainer:
    """Networks, optimisers, pools and average of one training, on `fabric`'s device."""

    def __init__(self, fabric: Fabric, method: Method, size: int, steps: int, channels_last: bool = False) -> None:
        self.fabric, self.method, self.steps = fabric, method, steps
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.generators = GeneratorPair(method, size).to(fabric.device, memory_format=layout)  # type: ignore[call-overload]
        self.discriminators = Discriminators(method.ndf).to(fabric.device, memory_format=layout)  # type: ignore[call-overload]
        betas = (0.5, 0.999)
        self.generators_adam = torch.optim.Adam(self.generators.parameters(), lr=method.lr, betas=betas)
        self.discriminators_adam = torch.optim.Adam(self.discriminators.parameters(), lr=method.lr, betas=betas)
        self.photo_pool, self.painting_pool = FakePool(method.pool), FakePool(method.pool)
        self.average = Average(self.generators, method.ema)

    @property
    def exported(self) -> GeneratorPair:
        """The networks to show and to export: the average, or those in training where there is none."""
        return self.average.network if self.method.ema else self.generators

    def parts(self) -> dict[str, Any]:
        """Everything with a state_dict of its own."""
        return {
            "generators": self.generators,
            "discriminators": self.discriminators,
            "generators_adam": self.generators_adam,
            "discriminators_adam": self.discriminators_adam,
            "average": self.average.network,
        }

    def state(self) -> dict[str, Any]:
        """All that a resumed training needs but the step; the pools of all processes, so every process must ask."""
        state = {name: part.state_dict() for name, part in self.parts().items()}
        for name, pool in (("photo_pool", self.photo_pool), ("painting_pool", self.painting_pool)):
            kept = pool.contents(torch.empty(3, 0, 0, device=self.fabric.device))
            gathered: Any = self.fabric.all_gather(kept)  # without a first dimension where there is one process
            state[name] = gathered.reshape(self.fabric.world_size, *kept.shape).cpu()
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave; call before `launch`."""
        for name, part in self.parts().items():
            part.load_state_dict(state[name])
        for name, pool in (("photo_pool", self.photo_pool), ("painting_pool", self.painting_pool)):
            pool.fill(state[name][self.fabric.global_rank].to(self.fabric.device))

    def launch(self) -> None:
        """Hand the networks to Fabric: precision, and gradients shared among processes."""
        self.generate, self.generator_optimizer = self.fabric.setup(self.generators, self.generators_adam)
        self.discriminate, self.discriminator_optimizer = self.fabric.setup(
            self.discriminators, self.discriminators_adam
        )

    def step(self, step: int, photo: Tensor, painting: Tensor) -> dict[str, float]:
        """One step of G and F, then one of the discriminators; the weighted terms. Raises InputError."""
        for group in (*self.generators_adam.param_groups, *self.discriminators_adam.param_groups):
            group["lr"] = learning_rate(self.method.lr, step, self.steps)
        views, terms = self._step_of_generators(photo, painting)
        terms |= self._step_of_discriminators(photo, painting, views)
        self.average.update(self.generators, step)
        values = {name: term.item() for name, term in terms.items()}
        if not all(abs(value) < float("inf") for value in values.values()):
            raise InputError(
                f"The loss is not a number at step {step}: train again with a smaller --lr than {self.method.lr}."
            )
        return values

    def _step_of_generators(self, photo: Tensor, painting: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The views, and the terms of G and F."""
        m = self.method
        self.discriminators.requires_grad_(False)
        views = self.generate(photo, painting, bool(m.identity))
        with self.fabric.autocast():  # the bare discriminators: their gradients are not wanted, nor shared
            of_photos, of_paintings = self.discriminators(views["photographed"], views["painted"])
        terms = {
            "gan_painting": adversarial_loss(of_paintings.float(), True, m.loss),
            "gan_photo": adversarial_loss(of_photos.float(), True, m.loss),
            **cycle_terms(views, photo, painting, m),
        }
        if m.steady_weight:
            with self.fabric.autocast():
                unsteady = steadiness_loss(self.generators.to_painting, photo, views["painted"])
            terms["steady"] = m.steady_weight * unsteady
        self.generator_optimizer.zero_grad()
        self.fabric.backward(total(terms))
        self.generator_optimizer.step()
        return views, terms

    def _step_of_discriminators(self, photo: Tensor, painting: Tensor, views: dict[str, Tensor]) -> dict[str, Tensor]:
        """The terms of D_X and D_Y, each of real pictures and of fakes from its pool."""
        self.discriminators.requires_grad_(True)
        photos = torch.cat([photo, self.photo_pool.exchange(views["photographed"])])
        paintings = torch.cat([painting, self.painting_pool.exchange(views["painted"])])
        of_photos, of_paintings = self.discriminate(photos, paintings)
        terms = {
            "discriminator_photo": discriminator_loss(*split_scores(of_photos), self.method.loss),
            "discriminator_painting": discriminator_loss(*split_scores(of_paintings), self.method.loss),
        }
        self.discriminator_optimizer.zero_grad()
        self.fabric.backward(total(terms))
        self.discriminator_optimizer.step()
        return terms
