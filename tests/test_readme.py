"""What the README promises: every command in it is one that the programs accept, and every file it names is there."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import tyro

import realtime.bench.__main__ as bench
from export import __main__ as export
from gatys import bench as gatys_bench
from gatys import compare, reconstruct, study
from gatys.cli import parse_settings
from realtime import options, sheet
from realtime.bench import files as bench_files
from realtime.bench import steadiness
from realtime.bench import window as bench_window
from training import bench as training_bench
from training import evaluate, johnson, multistyle, newstyle, shipped
from training.cyclegan import settings as cyclegan_settings
from training.predictor import __main__ as predictor
from training.predictor import evaluate as predictor_evaluate
from training.predictor import known

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

NESTED = (tyro.conf.OmitArgPrefixes,)


def by_argparse(parser: Callable[[], object]) -> Callable[[list[str]], object]:
    def parse(arguments: list[str]) -> object:
        return parser().parse_args(arguments)  # type: ignore[attr-defined]

    return parse


def evaluation(arguments: list[str]) -> object:
    kinds = {"styles": evaluate.Styles}
    return tyro.cli(kinds[arguments[0]], args=arguments[1:])


PARSERS: dict[str, Callable[[list[str]], object]] = {
    "realtime": options.parse,
    "realtime.bench": by_argparse(bench._parser),
    "realtime.bench.files": by_argparse(bench_files._parser),
    "realtime.bench.steadiness": by_argparse(steadiness._parser),
    "realtime.bench.window": by_argparse(bench_window._parser),
    "realtime.sheet": by_argparse(sheet.parser),
    "training.cyclegan": lambda a: tyro.cli(cyclegan_settings.Settings, args=a, config=NESTED),
    "export": by_argparse(export.parser),
    "training.johnson": lambda a: tyro.cli(johnson.Settings, args=a, config=NESTED),
    "training.multistyle": lambda a: tyro.cli(multistyle.Settings, args=a, config=NESTED),
    "training.predictor": lambda a: tyro.cli(predictor.Settings, args=a, config=NESTED),
    "training.predictor.known": lambda a: tyro.cli(known.Settings, args=a),
    "training.predictor.evaluate": lambda a: tyro.cli(predictor_evaluate.Settings, args=a),
    "training.newstyle": lambda a: tyro.cli(newstyle.Settings, args=a, config=NESTED),
    "training.evaluate": evaluation,
    "training.bench": lambda a: tyro.cli(training_bench.Bench, args=a),
    "training.shipped": lambda a: tyro.cli(shipped.Options, args=a),
    "gatys": lambda a: parse_settings("python -m gatys", None, a),
    "gatys.reconstruct": lambda a: tyro.cli(reconstruct.Reconstruction, args=a),
    "gatys.study": lambda a: tyro.cli(study.Study, args=a),
    "gatys.bench": lambda a: tyro.cli(gatys_bench.BenchOptions, args=a),
    "gatys.compare": lambda a: tyro.cli(compare.Comparison, args=a),
    "pip": lambda a: a,
    "venv": lambda a: a,
    "pytest": lambda a: a,
}

BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
LINES = [line.split(" # ")[0].strip() for block in BLOCKS for line in block.splitlines()]
INLINE = re.findall(r"`(python -m [^`]+)`", README)
COMMANDS = [line for line in [*LINES, *INLINE] if line.startswith("python -m")]


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_accepted(command: str) -> None:
    module, *arguments = shlex.split(command)[2:]
    PARSERS[module](arguments)


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)|`make (\w+)`", README, re.M))
def test_each_target_is_in_the_makefile(target: tuple[str, str]) -> None:
    assert re.search(rf"^{''.join(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", re.findall(r"\]\(((?!http)[^)]+)\)", README))
def test_each_file_that_is_linked_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_options_table_names_options_that_exist() -> None:
    help_text = options._parser().format_help()
    table = re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE)
    assert len(table) >= 6
    assert all(option in help_text for option in table)
