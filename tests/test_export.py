"""Export: the frame function's contract, parity, the card inside, and nothing written where it fails."""

import dataclasses
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from export import __main__ as export_module
from export import parity as parity_module
from export.__main__ import export, find_weights, write_model
from export.catalog import entry_of
from export.frame_model import LUMA, FrameModel
from export.parity import SIZES, probe_frame
from realtime.styles import open_style
from training.checkpoint import save_generator
from training.generators import Generator, Johnson, Lite
from weights.card import METADATA_KEY, Card
from weights.catalog import Entry, read_catalog
from weights.errors import InputError
from weights.files import sha256

CARD = Card("tiny", "Tiny", "johnson", "lite", {"width": 16, "blocks": 1})


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    torch.manual_seed(0)
    save_generator(folder / "run" / "tiny.safetensors", Lite(16, 1), CARD)
    path, card = export(folder / "run", folder / "tiny.onnx")
    assert card.parity is not None and card.parity <= 1
    return path


def run(path: Path, frame: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0) -> np.ndarray:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    scalars = {"strength": np.array(strength, np.float32), "keep_colors": np.array(keep_colors, np.float32)}
    painted: np.ndarray = session.run(None, {"frame": frame, **scalars})[0]
    return painted


@pytest.mark.parametrize("size", [*SIZES, (16, 16), (17, 18), (19, 16)])
def test_any_size_comes_back_as_it_went_in(style: Path, size: tuple[int, int]) -> None:
    painted = run(style, probe_frame(*size))
    assert painted.shape == (*size, 3) and painted.dtype == np.uint8


def test_the_inputs_are_the_contracts(style: Path) -> None:
    session = ort.InferenceSession(str(style), providers=["CPUExecutionProvider"])
    assert [(i.name, i.type, len(i.shape)) for i in session.get_inputs()] == [
        ("frame", "tensor(uint8)", 3),
        ("strength", "tensor(float)", 0),
        ("keep_colors", "tensor(float)", 0),
    ]
    assert [o.name for o in session.get_outputs()] == ["painted"]


def test_no_strength_gives_the_frame_back_to_the_bit(style: Path) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    for frame in (ramp, probe_frame(33, 47)):
        assert np.array_equal(run(style, frame, strength=0.0), frame)
        assert np.array_equal(run(style, frame, strength=0.0, keep_colors=1.0), frame)


def test_strength_goes_in_even_steps_from_frame_to_painting(style: Path) -> None:
    frame = probe_frame(32, 32)
    full = run(style, frame).astype(float)
    half = run(style, frame, strength=0.5).astype(float)
    assert np.abs(half - (full + frame) / 2).max() <= 1


def test_kept_colours_are_the_frames_and_the_luminance_the_paintings(style: Path) -> None:
    frame = (probe_frame(32, 32) // 4 + 96).astype(np.uint8)  # away from 0 and 255, where clamping would mix in
    painted, kept = run(style, frame).astype(float), run(style, frame, keep_colors=1.0).astype(float)
    luma = np.array(LUMA)
    inside = (kept > 0).all(axis=2) & (kept < 255).all(axis=2)
    assert inside.mean() > 0.9
    assert np.abs((kept @ luma - painted @ luma)[inside]).max() <= 1.5
    chroma = kept - (kept @ luma)[..., None] - (frame - (frame @ luma)[..., None])
    assert np.abs(chroma[inside]).max() <= 1.5


class HalfGrey(Generator):
    """Returns values that fall between two greys."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 0 + 100.7 / 255


def test_values_are_rounded_not_truncated() -> None:
    frame = torch.zeros(16, 16, 3, dtype=torch.uint8)
    painted = FrameModel(HalfGrey())(frame, torch.tensor(1.0), torch.tensor(0.0))
    assert painted.unique().tolist() == [101]


@pytest.mark.slow
def test_johnson_exports_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    arguments = {"width": 4, "blocks": 1, "upsampling": "transposed", "norm": "batch"}
    card = Card("paper", "Paper", "johnson", "johnson", arguments)
    save_generator(tmp_path / "paper.safetensors", Johnson("transposed", "batch", 1, 4), card)
    assert (export(tmp_path / "paper.safetensors", tmp_path / "out" / "paper.onnx")[1].parity or 0) <= 1


def test_the_card_and_its_parity_travel_inside(style: Path) -> None:
    entry = entry_of(style)
    assert dataclasses.replace(entry.card, parity=None) == CARD
    assert entry.card.parity in (0.0, 1.0)
    assert read_catalog(style.parent) == [entry]
    assert style.with_suffix(".safetensors").exists()


def test_the_file_tells_nothing_of_the_machine(style: Path) -> None:
    proto = onnx.load(style)
    assert {p.key for p in proto.metadata_props} == {METADATA_KEY}
    text = style.read_bytes()
    assert b"site-packages" not in text and b".py" not in text and str(Path.cwd()).encode() not in text


def test_nothing_is_written_where_parity_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_generator(tmp_path / "run" / "tiny.safetensors", Lite(16, 1), CARD)
    monkeypatch.setattr(parity_module, "TOLERANCE", -1)
    with pytest.raises(InputError, match="nothing was written"):
        export(tmp_path / "run", tmp_path / "out" / "tiny.onnx")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def exporter_of_one(style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes what was exported for torch's export, which takes seconds."""
    data = style.read_bytes()
    monkeypatch.setattr(export_module, "to_onnx", lambda model, card, path: path.write_bytes(data))
    monkeypatch.setattr(export_module, "parity", lambda *_: 1.0)


@pytest.mark.parametrize("kind", [".onnx", ".safetensors", ".json"])
@pytest.mark.usefixtures("exporter_of_one")
def test_a_full_disk_is_said_and_what_was_there_stays(
    style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    export(style.with_suffix(".safetensors"), tmp_path / "tiny.onnx")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def full(write: Callable[..., int]) -> Callable[..., int]:
        def written(path: Path, *data: Any, **options: Any) -> int:
            if path.suffix == kind:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(path, *data, **options)

        return written

    for name in ("write_bytes", "write_text"):
        monkeypatch.setattr(Path, name, full(getattr(Path, name)))
    with pytest.raises(InputError, match="the disk is full, so make room"):
        export(style.with_suffix(".safetensors"), tmp_path / "tiny.onnx")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("exporter_of_one")
def test_a_newer_export_takes_the_place_of_the_older(style: Path, tmp_path: Path) -> None:
    source = style.with_suffix(".safetensors")
    export(source, tmp_path / "tiny.onnx")
    (tmp_path / "tiny.onnx").rename(tmp_path / "old.onnx")
    export(source, tmp_path / "tiny.onnx")
    assert [e.model for e in read_catalog(tmp_path)] == ["tiny.onnx"]


@pytest.fixture
def quick(style: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exporting its numbers again takes the model that is there."""

    def write(model: FrameModel, card: Card, path: Path) -> Card:
        path.write_bytes(style.read_bytes())
        return entry_of(path).card

    monkeypatch.setattr(export_module, "write_model", write)
    return style.with_suffix(".safetensors")


def test_a_style_goes_into_the_users_folder(quick: Path, own_styles: Path) -> None:
    path, card = export(quick)
    assert path == own_styles / "tiny.onnx" and path.exists()
    assert read_catalog(own_styles) == [Entry(card, "tiny.onnx", sha256(path))]
    assert open_style("tiny", device="cpu").path == path


def test_shipped_styles_go_among_the_programs(quick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr("sys.argv", ["export", str(quick), "--shipped"])
    assert export_module.main() == 0
    assert [e.model for e in read_catalog(tmp_path / "weights")] == ["tiny.onnx"]


def test_a_damaged_catalogue_is_mended_by_the_next_export(quick: Path, tmp_path: Path) -> None:
    """As its sentence says: from the cards in the files."""
    export(quick, tmp_path / "first.onnx")
    (tmp_path / "catalog.json").write_text('{"styles": [{"card": null}]}')
    (tmp_path / "foreign.onnx").write_bytes(b"no")
    export(quick, tmp_path / "second.onnx")
    assert {e.model for e in read_catalog(tmp_path)} == {"second.onnx"}, "of one name: the newer file"


class NotANumber(Generator):
    """Paints what is no number, with numbers that are."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / 0 - x / 0


def test_a_network_that_paints_no_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what is no number"):
        write_model(FrameModel(NotANumber()), CARD, tmp_path / "nan.onnx")


def test_damaged_numbers_are_not_exported(tmp_path: Path) -> None:
    lite = Lite(16, 1)
    lite.style.data[0] = float("nan")
    save_generator(tmp_path / "tiny.safetensors", lite, CARD)
    with pytest.raises(InputError, match=r"tiny\.safetensors holds numbers that are not finite"):
        export(tmp_path / "tiny.safetensors", tmp_path / "out" / "tiny.onnx")
    assert not (tmp_path / "out").exists()


def test_of_several_the_run_folders_own_is_taken(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "tiny"
    for name in ("tiny", "tiny-reverse"):
        save_generator(run / f"{name}.safetensors", Lite(16, 1), dataclasses.replace(CARD, name=name))
    assert find_weights(run).stem == "tiny"
    (run / "tiny.safetensors").rename(run / "other.safetensors")
    with pytest.raises(InputError, match=r"2 \.safetensors files"):
        find_weights(run)


def test_bad_sources_are_said(tmp_path: Path, style: Path) -> None:
    with pytest.raises(InputError, match=r"0 \.safetensors files"):
        export(tmp_path)
    with pytest.raises(InputError, match=r"must end in \.onnx"):
        export(style.with_suffix(".safetensors"), tmp_path / "x.pt")
    (tmp_path / "bad.onnx").write_bytes(b"\xff\xff")
    with pytest.raises(InputError, match="can't be read as ONNX"):
        entry_of(tmp_path / "bad.onnx")
