"""How long it takes from nothing to the first painted frame, and how much memory painting needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from realtime.__main__ import SAMPLE
from realtime.styles.compiled import FOLDER_VARIABLE
from realtime.styles.engines import Wanted
from weights.errors import InputError

_FIRST_FRAME = """
import json, sys, time
began, folders, style, device, threads, engine, precision, clip, height = json.loads(sys.argv[1])
from realtime.live import Dials, Live
from realtime.live.clips import Clip
from realtime.styles import open_style
from weights.folders import search_path
def opened(name):
    return open_style(name, search_path(folders), device, threads, engine, precision)
live = Live(lambda path: Clip(path, loop=True), clip, opened, style, Dials(height=height))
live.start()
for frame in range(21):
    if live.wait_newest(60) is None:
        sys.exit(live.state.words or "nothing came")
    if frame == 0:
        seconds = time.time() - began
live.stop()
if sys.platform == "win32":
    import psutil
    peak = psutil.Process().memory_info().peak_wset
else:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([seconds, peak, "torch" in sys.modules]))
"""


@dataclass(frozen=True)
class Start:
    """Of one start of the program, without its window: seconds to the first frame, and peak memory after 20."""

    seconds: float
    peak_mb: float


def start(style: str, wanted: Wanted, weights: tuple[Path, ...], height: int = 360, cold: bool = False) -> Start:
    """Start Python, open `style` and the sample clip, paint; `cold`: nothing is kept from an earlier start.

    Raises InputError where it does not work, or where torch was loaded on the way.
    """
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, FOLDER_VARIABLE: empty} if cold else dict(os.environ)
        words = [time.time(), [str(folder) for folder in weights], style, wanted.device, wanted.threads]
        words += [wanted.engine, wanted.precision, str(SAMPLE), height]
        command = [sys.executable, "-c", _FIRST_FRAME, json.dumps(words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise InputError(f"The program did not start: {done.stderr.strip().splitlines()[-1]}")
    seconds, peak, torch = json.loads(done.stdout)
    if torch:
        raise InputError("torch was loaded on the way.")
    return Start(seconds, peak / 2**20)
