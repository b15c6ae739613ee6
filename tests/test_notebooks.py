"""The notebooks: committed with their outputs, free of functions of their own, and they run from a fresh kernel. The
report: its figures are there, its commands are accepted, and it has ten pages at most."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import tyro
from nbclient import NotebookClient

from gatys.report import __main__ as report
from gatys.report import curves
from tests.test_readme import PARSERS
from training import evaluate
from training.cyclegan.evaluate import CycleGAN

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = (ROOT / "demo.ipynb", ROOT / "training" / "train.ipynb")
LARGEST = 2_500_000
"""Bytes of a committed notebook at most: pictures in it are shown small."""

notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in code_cells(notebook):
        yield from cell.outputs


def python_of(source: str) -> ast.Module:
    """The cell without its magics."""
    return ast.parse("\n".join(line for line in source.splitlines() if not line.startswith(("%", "!"))))


def check_outputs(notebook: Any) -> None:
    """No error, nothing on stderr, no warning in words."""
    for output in outputs(notebook):
        assert output.output_type != "error", output
        assert output.get("name") != "stderr", output.text
        assert "Warning:" not in output.get("text", ""), output.text


@notebooks
def test_it_defines_no_function(path: Path) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in code_cells(read(path)):
        assert not [node for node in ast.walk(python_of(cell.source)) if isinstance(node, kinds)], cell.source


@notebooks
def test_it_is_committed_with_its_outputs(path: Path) -> None:
    notebook = read(path)
    assert all(cell.execution_count for cell in code_cells(notebook))
    assert [output for output in outputs(notebook) if "image/jpeg" in output.get("data", {})]
    check_outputs(notebook)
    assert path.stat().st_size < LARGEST


@notebooks
def test_its_outputs_name_no_folder_of_the_machine(path: Path) -> None:
    for output in outputs(read(path)):
        words = output.get("text", "") + str({k: v for k, v in output.get("data", {}).items() if "image" not in k})
        assert str(ROOT) not in words and "/tmp/" not in words and "/home/" not in words, words


@notebooks
def test_every_figure_is_explained(path: Path) -> None:
    """A cell that shows a picture comes after words, in the cell before it or one before that."""
    cells = read(path).cells
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and ("display(" in cell.source or "plt.show()" in cell.source):
            assert any(before.cell_type == "markdown" for before in cells[max(0, i - 2) : i]), cell.source


@pytest.mark.slow
@pytest.mark.timeout(900)
@notebooks
def test_it_runs_from_a_fresh_kernel(path: Path) -> None:
    notebook = read(path)
    for cell in code_cells(notebook):
        cell.outputs = []
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    assert [output for output in outputs(notebook) if "image/jpeg" in output.get("data", {})]
    check_outputs(notebook)


# --- the report ----------------------------------------------------------------------------------------------------

TEXT = report.SOURCE.read_text(encoding="utf-8")
COMMANDS: dict[str, Callable[[list[str]], Any]] = {
    **PARSERS,
    "gatys.report.curves": lambda a: tyro.cli(curves.Options, args=a),
    "training.evaluate": lambda a: tyro.extras.subcommand_cli_from_dict(
        {"styles": evaluate.Styles, "cyclegan": CycleGAN}, args=a
    ),
}


@pytest.mark.parametrize("command", [c for c in report.commands(TEXT) if len(c.split()) > 4])
def test_each_command_of_the_report_is_accepted(command: str) -> None:
    module, *arguments = shlex.split(command)[2:]
    COMMANDS[module](arguments)


def test_each_figure_of_the_report_is_there_small_and_made_by_a_command() -> None:
    made = {path.name for path in map(report.makes, report.commands(TEXT)) if path}
    shown = set(re.findall(r"\]\((\S+\.jpg)\)", TEXT))
    assert shown and shown <= made
    sizes = {name: (report.FOLDER / name).stat().st_size for name in shown}
    assert max(sizes.values()) < 320_000 and sum(sizes.values()) < 2_100_000, sizes


def test_the_report_has_no_gaps() -> None:
    assert "TODO" not in TEXT


def test_the_report_is_a_pdf_of_ten_pages_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["report", "--out", str(tmp_path / "report.pdf")])
    assert report.main() == 0  # Typst refuses an eleventh page
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_only_the_paintings_of_a_command_are_found_elsewhere() -> None:
    assert report._placed("photos/a.jpg", Path("elsewhere")) == "photos/a.jpg"
    assert report._placed("paintings/a.jpg", Path("elsewhere")) == str(Path("elsewhere/a.jpg").resolve())


def test_curves_join_stages_and_forget_what_was_done_again() -> None:
    first = {"loss": curves.in_order([(0, 9.0), (1, 8.0), (2, 7.0), (1, 6.0)])}
    assert first == {"loss": ([0, 1], [9.0, 6.0])}
    assert curves.joined([first, first])["loss"] == ([0, 1, 2, 3], [9.0, 6.0, 9.0, 6.0])
    assert curves.smoothed([1.0, 1.0, 4.0], 3).tolist() == pytest.approx([1.0, 2.0, 2.5])
