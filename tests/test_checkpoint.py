"""Weights that describe themselves, and a training's state."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from training import checkpoint
from training.checkpoint import (
    bound,
    load_generator,
    load_state,
    load_vector,
    read_card,
    save_generator,
    save_state,
    save_vector,
    trunk_hash,
    vectors_beside,
)
from training.generators import Lite, LiteTrunk
from training.predictor.network import load_predictor
from weights.card import METADATA_KEY, Card
from weights.errors import InputError

ROOT = Path(__file__).resolve().parents[1]

CARD = Card("tiny", "Tiny", "johnson", "lite", {"width": 16, "blocks": 1})


def test_a_network_comes_back_from_its_file_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    lite = Lite(16, 1).eval()
    save_generator(tmp_path / "tiny.safetensors", lite, CARD)
    again, card = load_generator(tmp_path / "tiny.safetensors")
    x = torch.rand(1, 3, 16, 16)
    assert card == CARD
    assert torch.equal(again(x), lite(x))


def test_files_that_are_no_styles_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(InputError, match="no file"):
        load_generator(path)
    path.write_bytes(b"junk")
    with pytest.raises(InputError, match="can't be read as safetensors"):
        load_generator(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="no Livebrush card"):
        load_generator(path)
    save_file({"a": torch.zeros(1)}, path, metadata={METADATA_KEY: CARD.to_json()})
    with pytest.raises(InputError, match="don't fit"):
        load_generator(path)
    save_file({"a": torch.zeros(1)}, path, metadata={METADATA_KEY: replace(CARD, architecture="predictor").to_json()})
    with pytest.raises(InputError, match=r"x\.safetensors can't be used here: There is no architecture 'predictor'"):
        load_generator(path)
    save_generator(path, Lite(16, 1), CARD)
    with pytest.raises(InputError, match=r"x\.safetensors can't be used here: This is no predictor but 'lite'"):
        load_predictor(path)


NO_ROOM = """
import resource, sys
import subprocess
import sys
from pathlib import Path
import torch
from training import checkpoint
from training.generators import Lite
from weights.card import Card
from weights.errors import InputError
folder, card = Path(sys.argv[1]), Card("tiny", "", "", "lite", {"width": 16, "blocks": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for save in (
    lambda: checkpoint.save_generator(folder / "a.safetensors", Lite(16, 1), card),
    lambda: checkpoint.save_vector(folder / "b.safetensors", torch.zeros(4000), card),
    lambda: checkpoint.save_state(folder, {"a": torch.zeros(4000)}),
):
    try:
        save()
    except InputError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits")
def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_ROOM, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert [line.partition(" (")[0] for line in said] == [
        f"Can't write {tmp_path / name}" for name in ("a.safetensors", "b.safetensors", "checkpoint.pt")
    ]
    assert not list(tmp_path.iterdir())


class Foreign:
    """What no checkpoint should hold."""


def test_a_state_comes_back_and_a_damaged_one_is_said(tmp_path: Path) -> None:
    save_state(tmp_path, {"step": 3, "w": torch.arange(4)})
    state = load_state(tmp_path)
    assert state["step"] == 3 and torch.equal(state["w"], torch.arange(4))
    (tmp_path / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(InputError, match="can't be read"):
        load_state(tmp_path)
    torch.save(Foreign(), tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match="can't be read") as said:
        load_state(tmp_path)
    assert "\n" not in str(said.value)
    torch.save([1, 2], tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match="can't be read"):
        load_state(tmp_path)
    with pytest.raises(InputError, match="nothing to resume"):
        load_state(tmp_path / "elsewhere")


def test_a_card_is_read_without_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_generator(tmp_path / "tiny.safetensors", Lite(16, 1), CARD)
    monkeypatch.setattr(checkpoint, "_numbers", lambda *_: pytest.fail("the numbers were read"))
    assert read_card(tmp_path / "tiny.safetensors") == CARD


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(tmp_path: Path, value: float) -> None:
    lite = Lite(16, 1)
    lite.style.data[3] = value
    save_generator(tmp_path / "tiny.safetensors", lite, CARD)
    with pytest.raises(InputError, match=r"tiny\.safetensors holds numbers that are not finite"):
        load_generator(tmp_path / "tiny.safetensors")


@pytest.mark.parametrize(
    "arguments",
    [
        {"width": 10**9, "blocks": 1},
        {"width": 1e9},
        {"width": 16, "blocks": 10**9},
        {"width": -1},
        {"width": True, "stem": "x"},
        {"width": 4096, "blocks": 4096},
    ],
)
def test_a_card_can_not_fill_the_memory(tmp_path: Path, arguments: dict[str, object]) -> None:
    """The network is built for real only when its shapes are those of the file."""
    path = tmp_path / "huge.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={METADATA_KEY: Card("x", "", "", "lite", arguments).to_json()})
    with pytest.raises(InputError):
        load_generator(path)


def test_a_file_too_large_for_a_style_is_not_loaded(tmp_path: Path) -> None:
    with (tmp_path / "huge.safetensors").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match=r"huge\.safetensors .* too large for a style"):
        read_card(tmp_path / "huge.safetensors")


TRUNK = Card("pack", "Pack", "multistyle", "lite-trunk", {"width": 16, "blocks": 1})
RED = Card("red", "Red", "multistyle", "lite-trunk", {"width": 16, "blocks": 1}, trunk="pack")


def trunk_of(seed: int) -> LiteTrunk:
    torch.manual_seed(seed)
    return LiteTrunk(16, 1)


def test_a_trunks_hash_is_of_its_numbers_alone(tmp_path: Path) -> None:
    trunk = trunk_of(0)
    save_generator(tmp_path / "a.safetensors", trunk, bound(TRUNK, trunk))
    again, card = load_generator(tmp_path / "a.safetensors")
    assert trunk_hash(again) == trunk_hash(trunk) == card.trunk_hash
    assert len(card.trunk_hash) == 64
    assert trunk_hash(trunk.half()) != trunk_hash(trunk_of(1))
    last = list(trunk_of(0).parameters())[-1]
    other = trunk_of(0)
    list(other.parameters())[-1].data.flatten()[-1] += 1e-6 * last.abs().max()
    assert trunk_hash(other) != card.trunk_hash


def save_run(folder: Path, trunk: LiteTrunk, of: LiteTrunk) -> Path:
    """A run's trunk with the vector of another's training perhaps."""
    save_generator(folder / "pack.safetensors", trunk, bound(TRUNK, trunk))
    save_vector(folder / "styles" / "red.safetensors", trunk.plain_style(), bound(RED, of))
    return folder / "pack.safetensors"


def test_the_vectors_beside_a_trunk_are_its_own(tmp_path: Path) -> None:
    trunk = trunk_of(0)
    path = save_run(tmp_path / "run", trunk, trunk)
    assert [p.name for p in vectors_beside(path)] == ["red.safetensors"]
    with pytest.raises(InputError, match=r"red\.safetensors belongs to another trunk called pack .*newstyle"):
        vectors_beside(save_run(tmp_path / "mixed", trunk, trunk_of(1)))


def test_among_neighbours_a_trunk_knows_its_own_by_hash(tmp_path: Path) -> None:
    trunk, newer = trunk_of(0), trunk_of(1)
    save_generator(tmp_path / "pack.safetensors", newer, bound(TRUNK, newer))
    for name, own in (("red", trunk), ("blue", newer)):
        card = bound(Card(name, "", "", "lite-trunk", RED.arguments, trunk="pack"), own)
        save_vector(tmp_path / f"{name}.safetensors", own.plain_style(), card)
    save_generator(tmp_path / "alone.safetensors", Lite(16, 1), CARD)
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    assert [p.name for p in vectors_beside(tmp_path / "pack.safetensors")] == ["blue.safetensors"]


def test_a_vector_is_told_from_a_network(tmp_path: Path) -> None:
    save_vector(tmp_path / "red.safetensors", torch.arange(3.0), RED)
    vector, card = load_vector(tmp_path / "red.safetensors")
    assert vector.tolist() == [[0, 1, 2], [0, 1, 2]] and card == RED
    save_vector(tmp_path / "red.safetensors", torch.arange(6.0).reshape(2, 3), RED)
    assert load_vector(tmp_path / "red.safetensors")[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    save_generator(tmp_path / "tiny.safetensors", Lite(16, 1), CARD)
    with pytest.raises(InputError, match="not a style vector"):
        load_vector(tmp_path / "tiny.safetensors")
