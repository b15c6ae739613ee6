"""The training bench measures steps that do the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch._dynamo.testing import CompileCounterWithBackend

from tests.conftest import picture
from tests.test_loop import compile_with
from training.bench import Bench, Ours, Plain, main, rates
from training.objective import LossSettings


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "photos").mkdir()
    for i in range(2):
        Image.fromarray(picture(48, 64, seed=i)).save(tmp_path / "photos" / f"{i}.png")
    return Bench(
        tmp_path / "photos" / "0.png", tmp_path / "photos", size=32, style_size=32, batch=1, rounds=1, threads=1
    )


@pytest.mark.parametrize("cached", [True, False])
def test_the_plain_step_changes_the_network_as_ours_does(cached: bool) -> None:
    painting, photo = torch.rand(1, 3, 64, 64), torch.rand(2, 3, 48, 48)
    settings = LossSettings(scales="one")
    ours, plain = Ours(settings, painting, "32-true"), Plain(settings, painting, cached)
    plain.network.load_state_dict(ours.network.state_dict())
    ours(photo)
    plain(photo)
    for a, b in zip(ours.network.parameters(), plain.network.parameters(), strict=True):
        assert a.grad is not None and b.grad is not None
        assert torch.allclose(a.grad, b.grad, rtol=1e-3, atol=1e-5 * float(a.grad.abs().max() + 1))


def test_every_kind_is_measured(bench: Bench) -> None:
    kinds = list(rates(bench))
    assert kinds[:3] == ["plain", "plain, cached", "32-true, one scale"]
    assert [kind.partition(", ")[2] for kind in kinds[3:5]] == ["one scale", "two scales"]
    assert kinds[5:] == ["crops of photos read", "crops, resident"]


@pytest.mark.slow
def test_a_compiled_step_is_measured_where_it_is_asked_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = CompileCounterWithBackend("eager")
    compile_with(seen, monkeypatch)
    kinds = list(rates(replace(bench, compile=True)))
    assert kinds[5].endswith(", two scales, compiled") and seen.frame_count >= 2


def test_the_command_prints_the_ratios(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--style-image", str(bench.style_image), "--photos", str(bench.photos)]
    monkeypatch.setattr(
        "sys.argv",
        ["bench", *given, "--size", "32", "--style-size", "32", "--batch", "1", "--rounds", "1", "--threads", "1"],
    )
    assert main() == 0
    assert capsys.readouterr().out.count("images a second") == 7
