"""The live picture without a window: it goes to the outputs until the source ends, or somebody stops it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial

from realtime.interrupt import tidy_when_stopped
from realtime.live.asked import outputs_of
from realtime.live.loop import Live
from realtime.live.network import Network
from realtime.live.outputs import QueuedOutput
from realtime.live.pace import Pace
from realtime.live.recorder import Recorder
from realtime.live.sources import open_source
from realtime.live.state import Condition, State
from realtime.live.styling import Dials
from realtime.log import start_log
from realtime.options import Options
from realtime.styles import Opener
from weights.errors import InputError

_TICK = 0.1
_LAST_SECONDS = 0.5  # what may still be painted when the source has ended
_FINISH_SECONDS = 60.0  # a long recording becomes an .mp4 at the pace of the disk


def run(options: Options, style: str, height: int, source: str) -> int:
    """Paint `source` into the outputs of `options`; returns the exit code.

    What is lost meanwhile is said and waited for. Raises InputError where no output works, KeyboardInterrupt after
    Ctrl-C, when everything is stopped and the recording whole.
    """
    outputs = outputs_of(options)
    if not outputs:
        raise InputError("Without a window the picture goes nowhere: give --record FILE, --serve or --virtual-camera.")
    start_log()
    opener = Opener(options.weights, options.device, options.threads, options.engine, options.precision)
    dials = Dials(options.strength, options.keep_colors, options.stroke, height)
    live = Live(
        partial(open_source, height=height),
        source,
        opener,
        style,
        dials,
        pace=Pace(options.fps, options.height is None),
    )
    tidy_when_stopped()
    try:
        for output in outputs:
            live.add(output)
        live.start()
        _watch(live, outputs)
    finally:
        live.stop()
        for output in outputs:
            output.join(_FINISH_SECONDS)
        _tell(outputs)
    _check(outputs)
    return 0


def _watch(live: Live, outputs: Sequence[QueuedOutput]) -> None:
    """Say how it stands as that changes; returns when the source has ended. Raises InputError."""
    said, told = "", set[str]()
    while True:
        broken = [output.state.words for output in outputs if output.state.condition is Condition.OUTPUT_BROKEN]
        if len(broken) == len(outputs):
            return
        state = live.trouble() or live.state
        if state.words != said and state.condition is not Condition.OUTPUT_BROKEN:
            said = state.words
            _say(said)
        for words in broken:
            if words not in told:
                told.add(words)
                _say(words)
        for output in outputs:
            if isinstance(output, Network) and output.url and output.url not in told:
                told.add(output.url)
                _say(f"The picture is at {output.url}")
        if live.ended and live.wait_newest(_LAST_SECONDS) is None:
            return
        time.sleep(_TICK)


def _tell(outputs: Sequence[QueuedOutput]) -> None:
    """Say what became of a recording."""
    for output in outputs:
        if isinstance(output, Recorder):
            _say(output.note)
            if output.dropped:
                _say(f"{output.dropped} frames came faster than they could be recorded.")
            if output.saved is not None:
                print(output.saved)


def _check(outputs: Sequence[QueuedOutput]) -> None:
    """Raise InputError for what an output broke of."""
    broken: list[State] = [o.state for o in outputs if o.state.condition is Condition.OUTPUT_BROKEN]
    if broken:
        raise InputError(broken[0].words)


def _say(text: str) -> None:
    if text:
        print(f"livebrush: {text}", file=sys.stderr)
