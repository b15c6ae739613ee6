"""Installing: two at once both stay, a kill spoils no style, and an older trunk lives on for its own styles."""

import dataclasses
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from realtime.styles import open_style
from tests.conftest import picture, tiny_card, tiny_model, tiny_style, tiny_trunk, tiny_vector
from weights import install as module
from weights.catalog import Entry, installed_styles, read_catalog, write_catalog
from weights.errors import InputError
from weights.install import install, staging

IMAGE = picture(24, 32)
ROOT = Path(__file__).resolve().parents[1]


def put(folder: Path, make: Callable[[Path], list[Entry]]) -> None:
    """Install what `make` writes into a folder and gives the entries of."""
    with staging(folder) as staged:
        install(folder, staged, make(staged))


def colour(style: str, folder: Path) -> list[int]:
    painted: list[int] = open_style(style, folder, "cpu", 1)(IMAGE)[0, 0].tolist()
    return painted


def first(folder: Path) -> list[Entry]:
    """The trunk `pack` with `red` and `blue`."""
    return tiny_trunk(folder, "pack", {"red": (1, 0, 0), "blue": (0, 0, 1)}, numbers="old")


def second(folder: Path) -> list[Entry]:
    """Another trunk `pack`, with a darker `red`, and with `green`."""
    return tiny_trunk(folder, "pack", {"red": (0.6, 0, 0), "green": (0, 1, 0)}, numbers="new")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != module.LOCK}


def test_what_is_installed_is_there_and_nothing_else(tmp_path: Path) -> None:
    put(tmp_path / "a", first)
    assert names(tmp_path / "a") == {"catalog.json", "pack.onnx", "red.safetensors", "blue.safetensors"}
    assert colour("red", tmp_path / "a") == [255, 0, 0]


def test_an_older_trunk_lives_on_for_the_styles_that_need_it(tmp_path: Path) -> None:
    put(tmp_path, first)
    put(tmp_path, second)
    assert {style: colour(style, tmp_path) for style in ("red", "blue", "green")} == {
        "red": [153, 0, 0],
        "blue": [0, 0, 255],
        "green": [0, 255, 0],
    }
    assert len(list(tmp_path.glob("pack.*.onnx"))) == 1
    put(tmp_path, lambda staged: tiny_trunk(staged, "pack", {"blue": (0, 0, 0.6)}, numbers="new"))
    assert colour("blue", tmp_path) == [0, 0, 153]
    assert names(tmp_path) == {"catalog.json", "pack.onnx", *(f"{n}.safetensors" for n in ("red", "blue", "green"))}


def test_a_trunk_exported_again_is_the_same_trunk(tmp_path: Path) -> None:
    """Its card may say more than before; its numbers, and so its styles, are the same."""

    def again(staged: Path) -> list[Entry]:
        card = dataclasses.replace(tiny_card("pack", numbers="old"), license="CC0")
        red = tiny_card("red", "pack", "old")
        digest = tiny_model(staged / "pack.onnx", "flat", card)
        return [Entry(red, "pack.onnx", digest, "red.safetensors", tiny_vector(staged, red, (0, 1, 1)))]

    put(tmp_path, first)
    put(tmp_path, again)
    assert (colour("red", tmp_path), colour("blue", tmp_path)) == ([0, 255, 255], [0, 0, 255])
    assert not list(tmp_path.glob("pack.*.onnx"))


def test_a_style_of_another_kind_takes_the_name(tmp_path: Path) -> None:
    put(tmp_path, first)
    put(tmp_path, lambda staged: [tiny_style(staged, "red", "inverse")])
    assert colour("red", tmp_path) == [255 - int(v) for v in IMAGE[0, 0]]
    put(tmp_path, lambda staged: [tiny_style(staged, "pack", "same")])
    assert colour("pack", tmp_path) == IMAGE[0, 0].tolist()
    assert colour("blue", tmp_path) == [0, 0, 255]


def test_entries_of_files_that_went_are_dropped(tmp_path: Path) -> None:
    put(tmp_path, first)
    (tmp_path / "blue.safetensors").unlink()
    put(tmp_path, lambda staged: [tiny_style(staged, "negative", "inverse")])
    assert {e.card.name for e in read_catalog(tmp_path)} == {"red", "negative"}


class Killed(BaseException):
    """Stands for a kill: nothing catches it, and what was under way stays as it is."""


def test_a_kill_at_any_moment_leaves_styles_that_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every rename and removal of a file in its turn is the last."""
    put(tmp_path / "before", first)
    real = {name: getattr(Path, name) for name in ("replace", "unlink")}
    done = 0
    for last in range(100):
        folder = tmp_path / str(last)
        shutil.copytree(tmp_path / "before", folder)
        left = last

        def mortal(self: Path, *others: object, name: str, **more: object) -> object:
            nonlocal left
            if threading.current_thread() is threading.main_thread():  # an engine's own thread may compile meanwhile
                left -= 1
                if left < 0:
                    raise Killed
            return real[name](self, *others, **more)

        with staging(folder) as staged, monkeypatch.context() as patched:
            entries = second(staged)
            for name in real:
                patched.setattr(Path, name, lambda self, *o, name=name, **k: mortal(self, *o, name=name, **k))
            try:
                install(folder, staged, entries)
            except Killed:
                pass
            else:
                done = last
        known = {style.card.name for style in installed_styles(folder)}
        assert known >= {"red", "blue"}
        assert colour("red", folder) in ([255, 0, 0], [153, 0, 0])
        assert colour("blue", folder) == [0, 0, 255]
        assert "green" not in known or colour("green", folder) == [0, 255, 0]
        put(folder, second)
        assert colour("red", folder) == [153, 0, 0] and colour("blue", folder) == [0, 0, 255]
        assert len(names(folder)) == 6, "and the next one tidies up"
        if done:
            break
    assert done > 5, "all the steps were tried"


WRITER = """
import sys
import threading
from pathlib import Path
from tests.conftest import tiny_card
from weights.catalog import Entry
from weights.install import install, staging
folder, who = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for i in range(15):
    with staging(folder) as staged:
        (staged / f"{who}-{i}.onnx").write_text(who)
        install(folder, staged, [Entry(tiny_card(f"{who}-{i}"), f"{who}-{i}.onnx", "")])
"""


def test_two_that_install_at_once_both_stay(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "styles")]
    both = [
        subprocess.Popen([*command, who], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who in ("one", "two")
    ]
    for writer in both:
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    for writer in both:
        writer.communicate("go\n", timeout=60)
    assert [writer.returncode for writer in both] == [0, 0]
    there = {entry.card.name for entry in read_catalog(tmp_path / "styles")}
    assert there == {f"{who}-{i}" for who in ("one", "two") for i in range(15)}


def test_who_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    with filelock.FileLock(tmp_path / module.LOCK), pytest.raises(InputError, match="Another program is installing"):
        put(tmp_path, first)
    assert names(tmp_path) == set()


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"Can't install into .*file"):
        put(tmp_path / "file", first)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    put(tmp_path, first)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InputError, match="No space left on device"):
        put(tmp_path, second)
    assert colour("red", tmp_path) == [255, 0, 0]


def test_a_damaged_catalogue_is_made_anew(tmp_path: Path) -> None:
    put(tmp_path, first)
    rows = read_catalog(tmp_path)
    (tmp_path / "catalog.json").write_text('{"styles": [{"card": null}]}')
    with staging(tmp_path) as staged:
        entries = [tiny_style(staged, "negative", "inverse")]
        install(tmp_path, staged, entries, rebuild=lambda _: rows)
    assert {e.card.name for e in read_catalog(tmp_path)} == {"red", "blue", "negative"}
    write_catalog([], tmp_path)
