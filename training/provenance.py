"""What a card tells of a training, the commit it was made at, and the way into the installed styles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from training.objective import LossSettings
from training.settings import LoopSettings
from weights.errors import InputError

TOLD = ("size", "zoom", "batch", "optimizer", "lr", "schedule", "ema", "steady_weight", "seed")


def commit() -> str:
    """The project's commit, empty outside a checkout or without git."""
    command = ["git", "-C", str(Path(__file__).resolve().parents[1]), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def training_summary(loop: LoopSettings, loss: LossSettings, steps: int, losses: dict[str, float]) -> dict[str, Any]:
    """What a card tells of a training: its losses' settings, how it ran, what it reached."""
    kept = {name: getattr(loop, name) for name in TOLD}
    if loop.teacher:
        kept["teacher_weight"] = loop.teacher_weight
    return {**loss.summary(), **kept, "steps": steps, **{f"val_{k}": round(v, 5) for k, v in losses.items()}}


def install(weights: Path) -> None:
    """Export in a process of its own: this half may not import that room. Raises InputError where it fails."""
    if subprocess.run([sys.executable, "-m", "export", str(weights)], check=False).returncode:
        raise InputError(f"{weights} was trained but could not be exported: run  python -m export {weights}")
