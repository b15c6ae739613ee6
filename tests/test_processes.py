"""Trainings in several processes: one network, one word about a stop, and nobody left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from tests.johnson_fakes import LOSS, change, tiny_training
from training import loop
from training.checkpoint import load_generator
from training.johnson import Settings, train
from training.run import Run
from weights.errors import InputError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return tiny_training(tmp_path)


def test_all_processes_stop_where_the_first_one_is_asked_to(tmp_path: Path) -> None:
    """The first one alone hears a `kill`; a Ctrl-C may reach the others some steps earlier."""
    said: list[Any] = []

    def tell(mine: Any) -> Any:
        said.append(mine)
        return mine

    first, other = Run(tmp_path, LOSS, 60.0), Run(tmp_path, LOSS, 60.0, writes=False)
    for step, of_other in zip(first.steps(0, 9, {}), other.steps(0, 9, {}), strict=True):
        assert step == of_other
        if step == 2:
            other._asked_to_stop = True
        if step == 4:
            first._asked_to_stop = True
        due = [first.due(tell), other.due(lambda _: said[-1])]
        assert due == [step == 4] * 2
        if due[0]:
            with pytest.raises(SystemExit) as quiet:
                other.saved()
            assert quiet.value.code == 0, "else its starter kills the first one, which may still be writing"
            with pytest.raises(KeyboardInterrupt):
                first.saved()
            break
    first.close()


@pytest.mark.parametrize(
    ("process", "kind", "words"), [(0, InputError, "There is nothing to resume"), (1, SystemExit, "^2$")]
)
def test_what_all_processes_refuse_is_said_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, process: int, kind: type[BaseException], words: str
) -> None:
    fabric = SimpleNamespace(world_size=2, local_rank=process, device=torch.device("cpu"))
    monkeypatch.setattr(loop, "launched", lambda *_: fabric)
    with pytest.raises(kind, match=words):
        train(change(settings, resume=True))


WAITS = """
import os, sys, time, types
class Fabric:
    def __init__(self, **_): pass
    def launch(self):
        print(os.getpid(), flush=True)
        time.sleep(60)
sys.modules["lightning_fabric"] = types.SimpleNamespace(Fabric=Fabric)  # it takes seconds to load
from training.processes import launched
launched("cpu", 2, "32-true")
"""
BEGINS = f"""
import os, subprocess, sys
subprocess.run([sys.executable, "-c", {WAITS!r}], env={{**os.environ, "LIVEBRUSH_STARTER": str(os.getpid())}})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there a process doesn't lose its parent")
def test_a_process_that_waits_for_a_killed_one_ends() -> None:
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen([sys.executable, "-c", BEGINS], cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        waiting = psutil.Process(int(process.stdout.readline()))
        process.kill()
        assert not psutil.wait_procs([waiting], timeout=10)[1]


@pytest.mark.slow
@pytest.mark.parametrize("patience", [0, 1])
def test_two_processes_train_one_network(settings: Settings, tmp_path: Path, patience: int) -> None:
    """Two gloo processes share the batch: half the photos each, one set of weights at the end.

    With patience both stop at one step, although the clock of each asks for checkpoints at other steps.
    """
    root = Path(__file__).resolve().parents[1]
    flags = {
        "style-image": settings.style_image,
        "photos": settings.loop.photos,
        "name": "stripes",
        "width": 16,
        "blocks": 1,
        "size": 32,
        "batch": 1,
        "steps": 30 if patience else 3,
        "lr": 0.0 if patience else 5e-3,
        "patience": patience,
        "checkpoint-minutes": 0.0005 if patience else 4,
        "threads": 1,
        "style-size": 64,
        "out": tmp_path / "both",
        "accelerator": "cpu",
        "devices": 2,
    }
    line = [part for key, value in flags.items() for part in (f"--{key}", str(value))]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "training.johnson", *line]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, card = load_generator(tmp_path / "both" / "stripes.safetensors")
    assert card.training["steps"] < 30 if patience else card.training["steps"] == 3
    assert done.stderr.count(f"step {card.training['steps']}: validation") == 1  # one of the two speaks and writes
