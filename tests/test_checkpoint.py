"""Weights that describe themselves, and a training's state."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from training.checkpoint import load_generator, load_state, save_generator, save_state
from training.generators import Lite
from weights.card import METADATA_KEY, Card
from weights.errors import InputError

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


def test_a_state_comes_back_and_a_damaged_one_is_said(tmp_path: Path) -> None:
    save_state(tmp_path, {"step": 3, "w": torch.arange(4)})
    state = load_state(tmp_path)
    assert state["step"] == 3 and torch.equal(state["w"], torch.arange(4))
    (tmp_path / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(InputError, match="can't be read"):
        load_state(tmp_path)
    with pytest.raises(InputError, match="nothing to resume"):
        load_state(tmp_path / "elsewhere")
