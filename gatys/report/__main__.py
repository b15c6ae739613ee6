"""The report as a PDF of at most ten pages, from report.md.

    python -m gatys.report                                     writes livebrush-report.pdf
    python -m gatys.report --figures --paintings paintings/    makes the figures that are missing first

Every figure's caption holds the command that makes it; --figures runs those whose file is not there.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pypandoc
import typst

from gatys.cli import parse
from weights.errors import InputError, exit_code, first_line
from weights.files import check_output, replacing

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
SOURCE = FOLDER / "report.md"
TEMPLATE = FOLDER / "template.typ"

PAINTINGS = "paintings/"
"""Where the captions' commands look for paintings."""


@dataclass(frozen=True)
class Options:
    """Render the report."""

    out: Path = Path("livebrush-report.pdf")
    """The PDF to write."""
    figures: bool = False
    """Make the figures that are missing first."""
    paintings: Path = Path(PAINTINGS)
    """The folder of the paintings that the figures are made from."""


def commands(text: str) -> list[str]:
    """The project's commands that the text names in code, line breaks taken out."""
    return [" ".join(found.split()) for found in re.findall(r"`(python -m [^`]+)`", text)]


def makes(command: str) -> Path | None:
    """The file in this folder that a command writes with -o; None where it writes none."""
    found = re.search(r"-o (gatys/report/\S+)", command)
    return ROOT / found.group(1) if found else None


def make_figures(options: Options) -> None:
    """Run each command of the report whose figure is missing. Raises InputError where one fails."""
    for command in commands(SOURCE.read_text(encoding="utf-8")):
        path = makes(command)
        if path is None or path.exists():
            continue
        print(command, file=sys.stderr)
        words = [_placed(word, options.paintings) for word in shlex.split(command)[1:]]
        if subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode:
            raise InputError(f"A figure of the report could not be made: {command}")


def _placed(word: str, paintings: Path) -> str:
    """A word of a command with the folder of the paintings put in."""
    return str(paintings.resolve() / word.removeprefix(PAINTINGS)) if word.startswith(PAINTINGS) else word


def typst_of(source: Path) -> str:
    """The report in Typst's language. In the source @fig-… and @tbl-… mean figures and tables, any other @… a paper."""
    arguments = ["--standalone", f"--template={TEMPLATE}"]
    page = str(pypandoc.convert_file(str(source), "typst", format="markdown", extra_args=arguments))
    return re.sub(r"#cite\(<((?:fig|tbl)-[\w-]+)>[^)]*\)", r"#ref(<\1>)", page)


def render() -> bytes:
    """The PDF. Raises InputError where Typst refuses, as it does beyond ten pages."""
    try:
        made: bytes = typst.compile(typst_of(SOURCE).encode(), root=str(FOLDER))  # type: ignore[type-var]
        return made
    except typst.TypstError as error:
        raise InputError(f"{SOURCE.name} can't be set: {first_line(error)}") from error


def main() -> int:
    """The command line."""
    options = parse(Options, "python -m gatys.report", __doc__)
    check_output(options.out, (".pdf",))
    if options.figures:
        make_figures(options)
    with replacing(options.out) as temporary:
        temporary.write_bytes(render())
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
