"""The list of shipped weights: every stage is a command of its module, and making goes on where it stopped."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tyro

from training import johnson, multistyle, shipped
from training.checkpoint import STATE, load_generator, load_vector, save_generator, trunk_hash
from training.cyclegan import settings as cyclegan_settings
from training.generators import Lite
from weights.card import Card
from weights.catalog import read_catalog
from weights.errors import InputError
from weights.folders import WEIGHTS

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {
    "training.johnson": johnson.Settings,
    "training.multistyle": multistyle.Settings,
    "training.cyclegan": cyclegan_settings.Settings,
}
STAGES = [
    (recipe, stage)
    for file in (shipped.LIST, shipped.FOR_GPU)
    for recipe in shipped.recipes((), file)
    for stage in range(len(recipe["stages"]))
]

STAGE = """
import sys, time
from weights.errors import exit_code
import signal
def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("begun", flush=True)
    time.sleep(30)
exit(exit_code(main))
"""
"""What is stopped, and says so."""


@pytest.mark.parametrize(("recipe", "stage"), STAGES, ids=[f"{r['name']}-{s}" for r, s in STAGES])
def test_each_stage_is_a_command(recipe: dict[str, str], stage: int, tmp_path: Path) -> None:
    options = shipped.Options(Path("paintings"), Path("photos"), Path("landscapes"), out=tmp_path)
    module, *flags = shipped.command(recipe, stage, options)
    settings: Any = tyro.cli(SETTINGS[module], args=flags, config=(tyro.conf.OmitArgPrefixes,))
    assert settings.name == recipe["name"]
    of_folders = module == "training.cyclegan"
    assert (settings if of_folders else settings.loop).photos == Path("landscapes" if of_folders else "photos")
    assert "--resume" not in flags
    assert ("--init" in flags) == (stage > 0 or "init" in recipe["about"])


def test_what_is_finished_is_kept_and_what_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(shipped, "run", commands.append)
    recipe = shipped.recipes(("pack",))[0]
    card = Card("pack", "", "multistyle", "lite", {"width": 16, "blocks": 1})
    first, second = (tmp_path / f"pack-{i}" for i in range(2))
    done = Card(**{**card.__dict__, "training": {"steps": recipe["stages"][0]["steps"]}})
    save_generator(first / "pack.safetensors", Lite(16, 1), done)
    second.mkdir()
    (second / STATE).touch()
    shipped.make(shipped.Options(Path("a"), Path("b"), None, ("pack",), out=tmp_path, install=True))
    left = ["training.multistyle"] * (len(recipe["stages"]) - 1)
    assert [c[0] for c in commands] == [*left, "export"]
    assert commands[-1][-1] == "--shipped"
    assert "--resume" in commands[0] and str(second) in commands[0]


def test_unknown_names_are_said() -> None:
    with pytest.raises(InputError, match="has no mona-lisa: choose of pack"):
        shipped.recipes(("mona-lisa",))


def test_a_list_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("[", encoding="utf-8")
    for name in ("mine.json", "none.json"):
        with pytest.raises(InputError, match=f"{name} can't be read"):
            shipped.recipes((), tmp_path / name)
    for other in ("{}", '["pack"]', '[{"name": "pack"}]'):
        (tmp_path / "other.json").write_text(other, encoding="utf-8")
        with pytest.raises(InputError, match="no list of recipes"):
            shipped.recipes((), tmp_path / "other.json")


def test_each_list_has_its_own_runs() -> None:
    folders = {shipped.Options(Path("a"), Path("b"), recipes=file).folder for file in (shipped.LIST, shipped.FOR_GPU)}
    assert folders == {Path("runs/shipped"), Path("runs/gpu")}


def test_a_stop_leaves_the_stage_the_time_for_its_checkpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stage = "import sys, time, pathlib; time.sleep(1); pathlib.Path(sys.argv[1]).touch()"
    (tmp_path / "a_stage.py").write_text(stage, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    wait, asked = subprocess.Popen.wait, []

    def interrupted(self: Any, timeout: float | None = None) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        asked.append(1)
        return wait(self, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shipped.run(["a_stage", str(tmp_path / "checkpoint")])
    assert asked and (tmp_path / "checkpoint").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a process is ended there, not told to end")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_the_stage_starts_is_said_once(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a_stage.py").write_text(STAGE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(ROOT))))
    start = subprocess.Popen.__init__

    def slow(self: Any, command: list[str]) -> None:
        start(self, command, stdout=subprocess.PIPE, text=True)
        assert self.stdout.readline() == "begun\n"
        self.stdout.close()
        if number == signal.SIGINT:  # the terminal tells all of a group
            self.send_signal(number)
        os.kill(os.getpid(), number)

    monkeypatch.setattr(subprocess.Popen, "__init__", slow)
    with pytest.raises(SystemExit, match=str(shipped.STOPPED)):
        shipped.run(["a_stage"])
    assert capfd.readouterr().err == "livebrush: stopped.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a process is ended there, not told to end")
@pytest.mark.parametrize("to", ["the group", "the first alone"])
def test_a_stop_is_said_once_and_leaves_nobody_behind(to: str, tmp_path: Path) -> None:
    (tmp_path / "a_stage.py").write_text(STAGE, encoding="utf-8")
    whole = "import sys; from training import shipped; from weights.errors import exit_code; "
    whole += "sys.exit(exit_code(lambda: shipped.run(['a_stage'])))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    with subprocess.Popen(
        [sys.executable, "-c", whole],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        os.killpg(process.pid, signal.SIGINT) if to == "the group" else process.terminate()
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "livebrush: stopped.\n")


def test_a_gpu_shows_the_pack_a_million_pictures_and_makes_the_networks_of_the_papers() -> None:
    pack, johnson_like, cyclegan_like = shipped.recipes((), shipped.FOR_GPU)
    assert sum(stage["batch"] * stage["steps"] for stage in pack["stages"]) >= 1_000_000
    (stage,) = johnson_like["stages"]
    assert johnson_like["about"]["architecture"] == "johnson"
    assert (stage["size"], stage["batch"] * stage["steps"]) == (256, 160_000)  # section 4.1: two passes over COCO
    (stage,) = cyclegan_like["stages"]
    assert (cyclegan_like["about"]["architecture"], stage["size"]) == ("resnet", 256)


def test_the_shipped_vectors_belong_to_the_shipped_trunks() -> None:
    vectors = [entry for entry in read_catalog() if entry.vector]
    assert vectors
    for model in {entry.model for entry in vectors}:
        trunk, card = load_generator((WEIGHTS / model).with_suffix(".safetensors"))
        of_trunk = {load_vector(WEIGHTS / e.vector)[1].trunk_hash for e in vectors if e.model == model}
        assert of_trunk == {card.trunk_hash} == {trunk_hash(trunk)}
