"""Weights with their card in a .safetensors file; a training's state in the run folder."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from training.generators import Generator, build
from weights.card import METADATA_KEY, VECTOR_KEY, Card
from weights.errors import InputError, first_line
from weights.files import replacing
from weights.limits import MAX_MODEL, check_size

STATE = "checkpoint.pt"

N = TypeVar("N", bound=torch.nn.Module)

MAX_ARGUMENT = 4096
MAX_ARGUMENTS = 64
"""The largest number that a card may give for building a network: it may come from a stranger."""


def save_generator(path: Path | str, generator: torch.nn.Module, card: Card) -> None:
    """Write the network's numbers and its card, whole or not at all."""
    numbers = {name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()}
    with replacing(path) as temporary:
        temporary.write_bytes(save(numbers, {METADATA_KEY: card.to_json()}))  # save_file's errors are not the disk's


@contextmanager
def _opened(path: Path | str) -> Iterator[tuple[Any, Card]]:
    """The open file, whose numbers are not read yet, and its card. Raises InputError."""
    try:
        check_size(Path(path), MAX_MODEL)
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            if METADATA_KEY not in metadata:
                raise InputError(f"{path} carries no Livebrush card: it is not a style made by this project.")
            yield file, Card.from_json(metadata[METADATA_KEY], str(path))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: give a run folder or a .safetensors file.") from None
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} can't be read as safetensors ({error}): train or download it again.") from error


def _numbers(file: Any, path: Path | str) -> dict[str, Tensor]:
    """All numbers of an open file as float32, by name. Raises InputError for NaN and infinity."""
    numbers = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a dict)
    if not all(value.isfinite().all() for value in numbers.values()):
        raise InputError(f"{path} holds numbers that are not finite: train it again, with a smaller --lr.")
    return numbers


def load_generator(path: Path | str) -> tuple[Generator, Card]:
    """The network that the file's card describes, in evaluation mode, float32; and the card. Raises InputError."""
    return load_network(path, build)


def load_network(path: Path | str, build: Callable[[str, Mapping[str, Any]], N]) -> tuple[N, Card]:
    """What `build` makes of the card's architecture and arguments, with the file's numbers, in evaluation mode.

    Raises InputError.
    """
    with _opened(path) as (file, card):
        if card.is_vector:
            raise InputError(f"{path} is a style vector of the trunk {card.trunk}: give the file of a network.")
        _check_shapes(file, card, path, build)
        network = build(card.architecture, card.arguments)
        network.load_state_dict(_numbers(file, path))
    return network.eval(), card


def _check_shapes(
    file: Any, card: Card, path: Path | str, build: Callable[[str, Mapping[str, Any]], torch.nn.Module]
) -> None:
    """Raise InputError where the card describes another network than the file holds; takes no memory for either."""
    arguments = [v for value in card.arguments.values() for v in (value if isinstance(value, list) else [value])]
    if len(arguments) > MAX_ARGUMENTS or any(isinstance(v, int | float) and abs(v) > MAX_ARGUMENT for v in arguments):
        raise InputError(f"The card in {path} describes a network too large to build: train it again.")
    try:
        with torch.device("meta"):
            skeleton = build(card.architecture, card.arguments)
    except InputError as error:
        raise InputError(f"{path} can't be used here: {error}") from error
    except (RuntimeError, ValueError) as error:
        raise InputError(f"The card in {path} describes no network ({first_line(error)}): train it again.") from error
    expected = {name: list(value.shape) for name, value in skeleton.state_dict().items()}
    got = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 (not a dict)
    wrong = sorted(name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name))
    if wrong:
        name = wrong[0]
        raise InputError(
            f"The numbers in {path} don't fit its architecture {card.architecture!r} "
            f"({name} is {got.get(name, 'missing')}, not {expected.get(name, 'there')}): train it again."
        )


def trunk_hash(trunk: torch.nn.Module) -> str:
    """The sha256 (hex) of a trunk's numbers as float32, with their names and shapes.

    It is the same in the run, in the exported files and after exporting again, whatever else their cards say.
    """
    digest = hashlib.sha256()
    for name, value in sorted(trunk.state_dict().items()):
        digest.update(f"{name} {list(value.shape)}\n".encode())
        digest.update(value.detach().cpu().float().contiguous().numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def bound(card: Card, trunk: torch.nn.Module) -> Card:
    """The card of `trunk`, or of a style vector for it, tied to its numbers."""
    return replace(card, trunk_hash=trunk_hash(trunk))


def save_vector(path: Path | str, vector: Tensor, card: Card) -> None:
    """Write a style's vectors, (2, style_length) for fine and bold strokes or (style_length,) for both, and its card.

    The file appears whole or not at all.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(save({VECTOR_KEY: vector.detach().cpu().clone()}, {METADATA_KEY: card.to_json()}))


def read_card(path: Path | str) -> Card:
    """The card of a .safetensors file, whose numbers are not read. Raises InputError."""
    with _opened(path) as (_, card):
        return card


def load_vector(path: Path | str) -> tuple[Tensor, Card]:
    """The vectors of a style's fine and bold strokes, (2, style_length) float32, and its card. Raises InputError."""
    with _opened(path) as (file, card):
        if VECTOR_KEY not in file.keys() or not card.trunk:  # noqa: SIM118 (not a dict)
            raise InputError(f"{path} is a network of its own, not a style vector.")
        vectors = _numbers(file, path)[VECTOR_KEY]
    if vectors.ndim == 0 or vectors.shape[:-1] not in ((), (1,), (2,)):
        raise InputError(f"{path} holds no style vector (it is {list(vectors.shape)}): train it again.")
    return vectors.expand(2, -1), card


def load_with_trunk(path: Path) -> tuple[Generator, Tensor, Card]:
    """A style vector's trunk, which is beside it or above it, its vectors (2, style_length) and its card.

    Raises InputError where either can't be read or they don't belong together.
    """
    vectors, card = load_vector(path)
    beside = [folder / f"{card.trunk}.safetensors" for folder in (path.parent, path.parent.parent)]
    found = next((p for p in beside if p.exists()), beside[0])
    trunk, trunk_card = load_generator(found)
    card.check_trunk(trunk_card, path)
    return trunk, vectors, card


def vectors_beside(trunk: Path) -> list[Path]:
    """The style vectors of the trunk file: those in styles/ beside it (a run), else its own among its neighbours.

    Raises InputError where one in styles/ belongs to another trunk.
    """
    own = read_card(trunk)
    if (trunk.parent / "styles").is_dir():
        found = sorted((trunk.parent / "styles").glob("*.safetensors"))
        for path in found:
            read_card(path).check_trunk(own, path)
        return found
    return sorted(p for p in trunk.parent.glob("*.safetensors") if _is_style_of(own, p))


def _is_style_of(trunk: Card, path: Path) -> bool:
    try:
        card = read_card(path)
    except InputError:  # the loss network, say, or a file that is just being written
        return False
    return card.is_vector and bool(trunk.trunk_hash) and card.trunk_hash == trunk.trunk_hash


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write a training's state to `folder`/checkpoint.pt, whole or not at all."""
    with replacing(folder / STATE) as temporary:
        buffer = io.BytesIO()
        torch.save(state, buffer)
        temporary.write_bytes(buffer.getbuffer())


def load_state(folder: Path) -> dict[str, Any]:
    """The state that save_state wrote; plain tensors and numbers only. Raises InputError."""
    path = folder / STATE
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"There is nothing to resume: {path} is missing; train without --resume.") from None
    except Exception as error:  # a damaged pickle raises whatever its bytes spell, in many lines
        reason = first_line(error)
        raise InputError(f"The checkpoint {path} can't be read ({reason}): delete it and train anew.") from error
    if not isinstance(state, dict):
        raise InputError(f"The checkpoint {path} can't be read (it holds no state): delete it and train anew.")
    return state
