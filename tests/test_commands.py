"""The trainings' and export's command lines: help, and bad input said in one sentence with exit code 2."""

import ast
import importlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from weights.errors import exit_code

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (
    *("training.johnson", "training.multistyle", "training.newstyle", "training.cyclegan.__main__"),
    *("training.evaluate", "training.shipped", "training.bench", "export.__main__"),
    *("gatys.__main__", "gatys.study", "gatys.reconstruct", "gatys.compare", "gatys.bench"),
    *("gatys.report.__main__", "gatys.report.curves", "realtime.__main__", "realtime.bench.__main__", "realtime.sheet"),
)

HANGS_UP = """
import sys
from weights.errors import exit_code
def main():
    for _ in range(99999):
        print("style")
sys.exit(exit_code(main))
"""


def run(monkeypatch: pytest.MonkeyPatch, module: str, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    return exit_code(importlib.import_module(module).main)


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_helps(module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        run(monkeypatch, module, "--help")
    assert done.value.code == 0
    assert f"python -m {module.removesuffix('.__main__')}" in capsys.readouterr().out


@pytest.mark.parametrize("room", ["training", "gatys", "export"])
def test_what_an_option_means_is_one_line(room: str) -> None:
    """A help breaks off, and goes on in the next line, where such a text does."""
    for path in (ROOT / room).rglob("*.py"):
        for kind in (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ClassDef)):
            for field, text in pairwise(kind.body):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    assert "\n" not in ast.unparse(text.value), f"{path.name}: {ast.unparse(field)}"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("training.johnson --style-image none.jpg --photos x --name a", "no picture none.jpg"),
        ("training.cyclegan.__main__ --photos nowhere --paintings x --name a", "no folder nowhere"),
        ("training.newstyle none.jpg --name a --trunk none.safetensors", "no file none.safetensors"),
        ("training.multistyle --paintings nowhere --photos x --name a", "no folder nowhere"),
        ("training.evaluate styles a.safetensors --paintings x --photos x", "no folder x"),
        ("export.__main__ none.safetensors", "no file none.safetensors"),
    ],
)
def test_bad_input_is_one_sentence(
    line: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *line.split()) == 2
    said = capsys.readouterr().err
    assert said.startswith("livebrush: ") and words in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("module", COMMANDS)
def test_an_option_that_there_is_not_is_one_sentence(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, module, "--nonsense", "1") == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1
    assert said.err.endswith(f": see python -m {module.removesuffix('.__main__')} --help.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't tell a writer that the reader hung up")
def test_a_reader_that_hangs_up_is_no_error() -> None:
    command = [sys.executable, "-c", HANGS_UP]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        assert writer.stdout.readline() == b"style\n"
        writer.stdout.close()
        assert writer.stderr.read() == b"" and writer.wait(60) == 0
