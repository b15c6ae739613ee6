"""`python -m realtime`: the window, files to paint, or the list of styles. Heavy imports wait until they are needed."""

from __future__ import annotations

from realtime.interrupt import leave_at_once, tidy_when_stopped

if __name__ == "__main__":
    leave_at_once()  # before the rest is loaded

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

from realtime.looks import load_look, look_path
from realtime.options import Options, parse
from realtime.styles.blends import find_blend, with_whole_paths
from realtime.styles.engine_choice import check
from realtime.styles.engines import Wanted
from weights.catalog import installed_styles
from weights.errors import InputError, exit_code
from weights.folders import Folders, as_path

DEFAULT_STYLE = "starry-night"
LIVE_HEIGHT = 480
SAMPLE = Path(__file__).resolve().parent / "samples" / "big-buck-bunny.mp4"
DEMO = Path("livebrush-demo.mp4")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code, raises InputError."""
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal can't write must not end the work
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = parse(arguments)
    if options.keep_style is not None:
        options = replace(options, style=keep(options, options.keep_style))
    if options.list or (options.json and not options.inputs):
        return list_styles(options.weights, options.json)
    check(Wanted(options.engine, options.device, options.precision, options.threads))
    if options.look is not None:
        check_look(look_path(options.look), options)
    if options.inputs:
        from realtime.render.job import paint_files

        style = default_style(options.weights) if options.style is None else options.style
        return paint_files(options, style, options.inputs, options.output)
    if options.no_window:
        return run_without_window(options)
    return run_window(options)


def check_look(path: Path, options: Options) -> None:
    """Raise InputError where the style of the look at `path` can't be painted with, if `options` ask for it."""
    style = load_look(path).style
    if style != options.style:
        return
    try:
        find_blend(style, options.weights)
    except InputError as error:
        raise InputError(f"The look {path} can't be used: {error}") from error


def keep(options: Options, name: str) -> str:
    """Keep the picture's style of `options` under `name`; returns what to paint with. Raises InputError."""
    from realtime.styles import Opener
    from realtime.styles.kept import keep_style

    check(Wanted(options.engine, options.device, options.precision, options.threads))
    opener = Opener(options.weights, options.device, options.threads, options.engine, options.precision)
    style = options.style or default_style(options.weights)
    kept = keep_style(style, name, opener)
    print(f"livebrush: kept as {kept.card.name} in {kept.folder}.", file=sys.stderr)
    return kept.card.name if kept.folder in as_path(options.weights) else style


def default_style(folders: Folders | None = None) -> str:
    """`starry-night` where it is installed, else the first style there is. Raises InputError where there is none."""
    names = [style.card.name for style in installed_styles(folders)]
    if not names:
        places = " or ".join(map(str, as_path(folders)))
        raise InputError(f"No style is installed in {places}: export one first (python -m export RUN).")
    return DEFAULT_STYLE if DEFAULT_STYLE in names else names[0]


def _first_style(folders: Folders) -> str:
    """The style that the window opens with, "" where none is installed: then it says what to do."""
    return default_style(folders) if installed_styles(folders) else ""


def list_styles(folders: Folders, as_json: bool) -> int:
    """Print the installed styles: a table for people, a list of objects for programs."""
    cards = [style.card for style in installed_styles(folders)]
    rows = [
        {
            "name": card.name,
            "title": card.title,
            "method": card.method,
            "architecture": card.architecture,
            "trunk": card.trunk,
            "picture": card.picture.title,
            "painter": card.picture.painter,
            "year": card.picture.year,
            "license": card.license,
        }
        for card in cards
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        painter = f" ({card.picture.painter})" if card.picture.painter else ""
        print(f"{card.name:<{width}}  {card.title}{painter}")
    return 0


def run_window(options: Options) -> int:
    """Open the window; without a screen and without --source, paint the sample clip instead.

    Without a camera or a style the window opens all the same, and says what to do.
    """
    from realtime.window.display_check import screen_trouble

    if options.style is not None:
        find_blend(options.style, options.weights)  # a misspelt name is said here, not in the window
    trouble = screen_trouble() or (_source_trouble(options.source) if options.source is not None else None)
    if trouble is None:
        from realtime.window.application import run

        style = with_whole_paths(options.style) if options.style is not None else _first_style(options.weights)
        return run(options, style, options.height or LIVE_HEIGHT)
    if options.source is not None:
        raise InputError(trouble)
    from realtime.render.job import paint_files
    from realtime.render.report import say

    tidy_when_stopped()
    say(f"{trouble} Painting the sample clip instead.")
    return paint_files(options, options.style or default_style(options.weights), [SAMPLE], DEMO)


def run_without_window(options: Options) -> int:
    """Paint the source into the outputs that were asked for, and into nothing else."""
    from realtime.live.headless import run

    style = default_style(options.weights) if options.style is None else options.style
    find_blend(style, options.weights)
    source = options.source or "0"
    trouble = _source_trouble(source)
    if trouble is not None:
        raise InputError(trouble)
    return run(options, with_whole_paths(style), options.height or LIVE_HEIGHT, source)


def _source_trouble(source: str) -> str | None:
    """What is wrong with `source`, as far as that is known at once; the window says the rest."""
    from realtime.live.sources import check_source

    try:
        check_source(source)
    except InputError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(exit_code(main))
