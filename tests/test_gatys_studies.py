"""The commands beside the renderer: reconstruction, studies, comparison with a fast network, benchmark."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import gatys
from gatys import bench, compare, figures, reconstruct, study
from gatys.bench import BenchOptions, Clock
from gatys.compare import Comparison, steps_in_words
from gatys.preconditioner import SpectralPreconditioner
from gatys.reconstruct import Reconstruction, papers_layers, specs
from gatys.settings import Settings, preset
from tests.conftest import picture, tiny_card, tiny_model, tiny_style
from training.objective import LossSettings, Objective, reference_descent
from training.perceptual import VGG, load_vgg
from weights.catalog import Entry, read_catalog, write_catalog
from weights.errors import InputError


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Small pictures are faster on one core, and far faster where others use the cores too."""
    torch.set_num_threads(1)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(picture(36, 48)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    stripes = np.zeros((48, 48, 3), np.uint8)
    stripes[:, ::6] = stripes[:, 1::6] = (250, 60, 20)
    Image.fromarray(stripes).save(tmp_path / "painting.png")
    return tmp_path / "painting.png"


def test_the_preconditioner_is_symmetric_and_positive() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(2, 1, 3, 15, 22, dtype=torch.float64)
    preconditioner = SpectralPreconditioner(a)
    assert torch.equal(preconditioner(a), a)
    preconditioner.learn(torch.randn_like(a), torch.randn_like(a))
    assert (a * preconditioner(b)).sum().item() == pytest.approx((preconditioner(a) * b).sum().item(), rel=1e-9)
    assert (a * preconditioner(a)).sum().item() > 0


def test_the_preconditioner_learns_what_the_loss_feels() -> None:
    """A loss with a hundredfold curvature for lightness: lightness is to be moved a hundredth as far."""
    preconditioner = SpectralPreconditioner(torch.zeros(1, 3, 16, 16))
    lightness = torch.ones(1, 3, 1, 1)
    for seed in range(20):
        step = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
        grey = step.mean(1, keepdim=True) * lightness
        preconditioner.learn(step, (step - grey) + 100 * grey)
    grey, any_colour = lightness * torch.randn(1, 1, 16, 16), torch.randn(1, 3, 16, 16)
    assert preconditioner(grey).norm() < 0.3 * preconditioner(any_colour).norm()


def test_figure_1_names_the_papers_layers() -> None:
    whole, shipped = VGG("vgg19"), load_vgg()
    assert papers_layers("content", whole) == tuple(f"relu{i}_2" for i in range(1, 6))
    assert papers_layers("content", shipped)[-1] == "relu5_1"  # the shipped network ends there
    captions, losses = zip(*specs("style", papers_layers("style", whole)), strict=True)
    assert captions[0] == "relu1_1" and captions[-1] == "relu1_1 … relu5_1"
    assert [len(loss.style_layers) for loss in losses] == [1, 2, 3, 4, 5]
    assert all(loss.alpha == 0 for loss in losses)


@pytest.mark.parametrize("what", ["content", "style"])
def test_reconstruction_draws_a_sheet(tmp_path: Path, photo: Path, what: str) -> None:
    options = Reconstruction(
        what, photo, tmp_path / "sheet.png", layers=("relu1_1", "relu2_1"), size=32, steps=3  # type: ignore[arg-type]
    )  # fmt: skip
    with Image.open(reconstruct.reconstruct_all(options)) as sheet:
        assert sheet.width > sheet.height > 100


def test_a_picture_too_small_is_said_before_the_work(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=r"The painting at .* smaller"):
        reconstruct.reconstruct_all(Reconstruction("style", photo, tmp_path / "sheet.png", size=32, steps=1))
    assert not capsys.readouterr().err


def test_reconstruction_from_a_shallow_layer_comes_back(photo: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    options = Reconstruction("content", photo, steps=60)
    goal = torch.from_numpy(picture(24, 32)).permute(2, 0, 1)[None].float() / 255
    loss = next(iter(specs("content", ("relu1_1",))))[1]
    found = reconstruct.reconstruct(load_vgg(), loss, goal, options)
    assert (found.picture - goal).abs().mean() < 0.05
    with pytest.raises(InputError, match="--steps 0"):
        reconstruct.reconstruct(load_vgg(), loss, goal, dataclasses.replace(options, steps=0))


def test_the_studies_vary_one_thing_each(photo: Path, painting: Path) -> None:
    ratio = study.variants(study.Study("ratio", photo, painting, ratios=(1e-2, 1e-3)))
    assert [settings.alpha / settings.beta for _, settings in ratio] == pytest.approx([1e-2, 1e-3])
    layer = study.variants(study.Study("layer", photo, painting))
    assert [settings.content_layers for _, settings in layer][3] == ("relu4_2",)
    assert len({settings.beta for _, settings in layer}) == 1
    with pytest.raises(InputError, match="--ratios"):
        study.variants(study.Study("ratio", photo, painting, ratios=(0.0,)))


def test_a_study_draws_a_sheet_with_unweighted_losses(
    photo: Path, painting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = study.Study("ratio", photo, painting, tmp_path / "sheet.png", ratios=(1e-2, 1e-4), size=48, steps=2)
    real = study.variants

    def shallow(options: study.Study) -> list[tuple[str, Settings]]:
        layers = {"content_layers": ("relu2_1",), "style_layers": ("relu1_1", "relu2_1")}
        return [(words, dataclasses.replace(s, **layers)) for words, s in real(options)]  # type: ignore[arg-type]

    monkeypatch.setattr(study, "variants", shallow)
    captions: list[str] = []
    draw = figures.captioned_sheet

    def spy(rows: list[list[figures.Captioned]], title: str, path: Path, cell: float = 3.2) -> None:
        captions.extend(item.caption for row in rows for item in row)
        draw(rows, title, path, cell)

    monkeypatch.setattr(study, "captioned_sheet", spy)
    assert study.study(options).exists()
    assert captions[1].startswith("α/β = 0.01\ncontent ") and captions[2].startswith("α/β = 0.0001\n")


@pytest.fixture
def fast_style(tmp_path: Path) -> Path:
    """The catalogue's `same` style, which changes nothing, with the losses of a training on its card."""
    settings = LossSettings(
        content_layer="relu2_2", style_layers=("relu1_2", "relu2_2"), style_size=48, content_weight=1e-5
    )
    card = dataclasses.replace(tiny_card("same"), training=settings.summary())
    entries = [Entry(card, "same.onnx", tiny_model(tmp_path / "same.onnx", "same", card))]
    write_catalog([*entries, tiny_style(tmp_path, "negative", "inverse")], tmp_path)
    return tmp_path


def test_comparison_counts_the_steps(
    photo: Path, painting: Path, fast_style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Comparison(
        photo, "same", painting, out=fast_style / "sheet.png", weights=(fast_style,), size=48, steps=6, threads=1
    )
    (row,) = compare.run(options)
    assert row.fast.total == pytest.approx(row.photo.total)  # it changes nothing
    assert row.steps is not None and row.steps <= 1  # so that the photo itself, but for rounding, is as good
    assert row.slow.total < row.fast.total and row.slow.seconds > 0
    assert options.out.exists() and "fast network" in capsys.readouterr().out
    assert steps_in_words(dataclasses.replace(row, steps=None), options) == "more than 6"


def test_comparison_of_a_folder_and_of_the_wrong_style(
    photo: Path, painting: Path, fast_style: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.png").write_bytes(photo.read_bytes())
    options = Comparison(folder, "same", painting, tmp_path / "s.png", (fast_style,), size=32, steps=1, count=2)
    assert [row.name for row in compare.run(options)] == ["0", "1"]
    with pytest.raises(InputError, match="doesn't say with which losses"):
        compare.run(dataclasses.replace(options, style="negative"))
    with pytest.raises(InputError, match="no style called 'none'"):
        compare.run(dataclasses.replace(options, style="none"))


def test_a_style_of_a_trunk_is_opened_with_its_vector(pack: Path) -> None:
    entry = next(entry for entry in read_catalog(pack) if entry.vector)
    options = Comparison(Path("p.jpg"), entry.card.name, Path("a.jpg"), weights=(pack,), threads=1)
    stylizer = compare.open_style(options)
    assert stylizer.card.name == entry.card.name and stylizer.vector is not None
    painted = stylizer(np.zeros((16, 16, 3), np.uint8))
    assert painted.reshape(-1, 3).std(0).max() == 0  # a trunk of the tests fills the frame with the style's colour


def test_the_reference_descent_starts_at_the_photo() -> None:
    torch.manual_seed(0)
    photo, painting = torch.rand(1, 3, 24, 24), torch.rand(1, 3, 24, 24)
    settings = LossSettings(content_layer="relu2_2", style_layers=("relu1_2",), style_size=24)
    steps = reference_descent(Objective(load_vgg(), (painting, settings)), photo)
    (first, start), (second, moved) = next(steps), next(steps)
    assert torch.equal(start, photo) and not torch.equal(moved, photo) and second < first


def test_the_race_gives_each_its_own_clock(photo: Path, painting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = preset

    def shallow(*arguments: object) -> Settings:
        layers = {"content_layers": ("conv2_2",), "style_layers": ("conv1_1", "conv2_1")}
        changes = {**layers, "layer_weights": (1.0, 1.0)}
        return dataclasses.replace(real(*arguments), **changes)  # type: ignore[arg-type]

    monkeypatch.setattr(bench, "preset", shallow)
    theirs, ours = bench.race(BenchOptions(photo, painting, size=32, steps=21, threads=1))
    assert len(theirs.curve) == 2  # two calls of torch.optim.LBFGS, 20 evaluations each
    assert len(ours.curve) > 20 and ours.curve[-1][1] < ours.curve[0][1]
    assert theirs.seconds > 0 and ours.seconds > 0


def test_a_clock_says_when_a_loss_was_reached() -> None:
    clock = Clock(iter([4.0, 3.0, 1.0]))
    while clock.running:
        clock.advance()
    assert clock.seconds_to(3.5) == clock.curve[1][0]
    assert clock.seconds_to(0.5) is None


def test_the_bench_can_be_imported_where_there_is_no_resource(
    photo: Path, painting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no module `resource`: speed is measured there all the same, and memory is declined in words."""
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setattr(gatys, "bench", bench)  # put back after the import below
    monkeypatch.delitem(sys.modules, "gatys.bench")
    there = importlib.import_module("gatys.bench")
    with pytest.raises(InputError, match="can't be measured on this system"):
        there.peak(there.BenchOptions(photo, painting, peak=64))


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_peak_memory_is_in_the_systems_unit(monkeypatch: pytest.MonkeyPatch, system: str, unit: int) -> None:
    resource = pytest.importorskip("resource")
    usage = SimpleNamespace(ru_maxrss=3 * 2**20)
    monkeypatch.setattr(resource, "getrusage", lambda _: usage)
    monkeypatch.setattr(sys, "platform", system)
    assert bench.peak_of_children() == 3 * 2**20 * unit
