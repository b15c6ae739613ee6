"""Weights with their card in a .safetensors file; a training's state in the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.generators import Generator, build
from weights.card import METADATA_KEY, Card
from weights.errors import InputError
from weights.files import replacing

STATE = "checkpoint.pt"
VECTOR = "style"


def save_generator(path: Path | str, generator: torch.nn.Module, card: Card) -> None:
    """Write the network's numbers and its card, whole or not at all."""
    numbers = {name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()}
    with replacing(path) as temporary:
        save_file(numbers, temporary, metadata={METADATA_KEY: card.to_json()})


def _read(path: Path | str) -> tuple[dict[str, Tensor], Card]:
    """All numbers as float32, and the card. Raises InputError."""
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            numbers = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: give a run folder or a .safetensors file.") from None
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} can't be read as safetensors ({error}): train or download it again.") from error
    if METADATA_KEY not in metadata:
        raise InputError(f"{path} carries no Livebrush card: it is not a style made by this project.")
    return numbers, Card.from_json(metadata[METADATA_KEY], str(path))


def load_generator(path: Path | str) -> tuple[Generator, Card]:
    """The network that the file's card describes, in evaluation mode, float32; and the card. Raises InputError."""
    numbers, card = _read(path)
    generator = build(card.architecture, card.arguments)
    try:
        generator.load_state_dict(numbers)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"The numbers in {path} don't fit its architecture {card.architecture!r} ({reason})."
        ) from error
    return generator.eval(), card


def save_vector(path: Path | str, vector: Tensor, card: Card) -> None:
    """Write one style vector, (style_length,), and its card, whole or not at all."""
    with replacing(path) as temporary:
        save_file({VECTOR: vector.detach().cpu().clone()}, temporary, metadata={METADATA_KEY: card.to_json()})


def read_card(path: Path | str) -> Card:
    """The card of a .safetensors file. Raises InputError."""
    return _read(path)[1]


def load_vector(path: Path | str) -> tuple[Tensor, Card]:
    """The style vector, (style_length,) float32, and its card. Raises InputError."""
    numbers, card = _read(path)
    if VECTOR not in numbers or not card.trunk:
        raise InputError(f"{path} is a network of its own, not a style vector.")
    return numbers[VECTOR], card


def vectors_beside(trunk: Path) -> list[Path]:
    """The style vectors of the trunk file: those in styles/ beside it (a run), else its own among its neighbours."""
    if (trunk.parent / "styles").is_dir():
        return sorted((trunk.parent / "styles").glob("*.safetensors"))
    return sorted(p for p in trunk.parent.glob("*.safetensors") if _trunk_of(p) == trunk.stem)


def _trunk_of(path: Path) -> str:
    with safe_open(str(path), framework="pt") as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
    return Card.from_json(text, str(path)).trunk if text else ""


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write a training's state to `folder`/checkpoint.pt, whole or not at all."""
    with replacing(folder / STATE) as temporary:
        torch.save(state, temporary)


def load_state(folder: Path) -> dict[str, Any]:
    """The state that save_state wrote; plain tensors and numbers only. Raises InputError."""
    path = folder / STATE
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state
    except FileNotFoundError:
        raise InputError(f"There is nothing to resume: {path} is missing; train without --resume.") from None
    except Exception as error:  # a damaged pickle raises whatever its bytes spell
        raise InputError(f"The checkpoint {path} can't be read ({error}): delete it and train anew.") from error
