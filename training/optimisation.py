"""How a training walks: its precision, optimiser, learning rate, moving average, and when to stop."""

from __future__ import annotations

import math
from typing import Any

import torch
from pytorch_optimizer import SOAP
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from training.settings import LoopSettings, Precision

Tensors = tuple[Tensor, ...] | list[Tensor]


class Painter(nn.Module):
    """What is trained: paints (N, 3, H, W) photos, each after the painting that `which` (N,) says."""

    def forward(self, photo: Tensor, which: Tensor) -> Tensor:
        raise NotImplementedError

    def groups(self) -> list[dict[str, Any]]:
        """What the optimiser trains, in groups as torch.optim takes them; `lr_scale` multiplies a group's rate."""
        return [{"params": [p for p in self.parameters() if p.requires_grad], "lr_scale": 1.0}]


def device_of(accelerator: str) -> torch.device:
    """Where a training of one process computes, as Lightning Fabric chooses by --accelerator."""
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    return torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")


def chosen_precision(wanted: Precision, accelerator: str) -> tuple[Precision, str]:
    """The precision to compute in, and words about it: bfloat16 where this machine has instructions for it.

    Gram matrices and losses are summed in float32 all the same, and the weights are float32.
    """
    if wanted != "auto":
        return wanted, wanted
    if accelerator != "cpu" and torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        where = f"the GPU {torch.cuda.get_device_name()}"
    else:
        # private names: torch has no public question for this yet
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        where = "the processor"
    if native:
        return "bf16-mixed", f"bf16-mixed, as {where} has bfloat16"
    return "32-true", f"32-true, as {where} has no bfloat16"


def optimizer_of(settings: LoopSettings, painter: Painter) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba 2015), or SOAP (Vyas 2025): Adam in the eigenbasis of each kernel's Shampoo statistics.

    The statistics cost nothing beside a pass through VGG. What has one dimension, as a style vector, is left to Adam.
    """
    if settings.optimizer == "adam":
        return torch.optim.Adam(painter.groups(), lr=settings.lr)
    soap: torch.optim.Optimizer = SOAP(
        painter.groups(), lr=settings.lr, betas=(0.9, 0.95), weight_decay=0.0, precondition_frequency=5
    )
    return soap


def learning_rate(settings: LoopSettings, step: int, steps: int) -> float:
    """A short rise over the first 20 steps, then constant or a cosine to 0 (Loshchilov & Hutter 2017)."""
    rise = min(1.0, (step + 1) / 20)
    if settings.schedule == "constant":
        return settings.lr * rise
    return settings.lr * rise * 0.5 * (1 + math.cos(math.pi * step / steps))


def compile_in_place(*networks: nn.Module) -> None:
    """Have torch.compile make the networks faster, for each shape anew when it is first met; others run as they are.

    Each shape for itself, lest what is computed depend on what came before: a resumed training would differ.
    """
    torch._dynamo.config.suppress_errors = True
    for network in networks:
        network.compile(dynamic=False)


def moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """A copy of `network` in evaluation mode whose weights follow it (Polyak & Juditsky 1992), faster at first.

    Tell it of each step with `update_parameters(network)`; its `module` is the averaged network. With `decay` 0 it is
    the network as it stands.
    """

    def follow(means: Tensors, now: Tensors, count: Tensor | int) -> None:
        seen = float(count)
        torch._foreach_lerp_(list(means), list(now), 1 - min(decay, (1 + seen) / (10 + seen)))

    average = AveragedModel(network, multi_avg_fn=follow)
    average.eval().requires_grad_(False)
    return average


class Patience:
    """Whether the validation loss has settled: `patience` checkpoints in a row within 0.5 % of the best."""

    def __init__(self, patience: int) -> None:
        self.left = self.patience = patience
        self.best = float("inf")

    def over(self, loss: float) -> bool:
        """Tell of one more validation loss; true where waiting has no more point."""
        if loss < 0.995 * self.best:
            self.best, self.left = loss, self.patience
        else:
            self.left -= 1
        return bool(self.patience) and self.left <= 0

    def state(self) -> dict[str, float]:
        """What a resumed training goes on with."""
        return {"best": self.best, "left": self.left}

    def load(self, state: dict[str, float]) -> None:
        """Take over what `state` gave, within the patience of now."""
        self.best, self.left = state["best"], min(self.patience, int(state["left"]))
