"""What the outputs cost the live loop: with a recording and a reader at the address, against the loop alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from realtime.bench.turns import Size, next_painted, running
from realtime.live import Live
from realtime.live.network import Network
from realtime.live.recorder import Recorder
from realtime.styles.stylizer import Stylizer

_READER = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1] + "/stream") as stream:
    while stream.read(65536):
        pass
"""


def sent_fps(stylizer: Stylizer, size: Size, seconds: float, outputs: bool) -> float:
    """Frames a second that the live loop paints of a clip that is read as fast as it can be.

    With `outputs` each is recorded into a file, and sent to a reader in a process of its own.
    """
    with running(stylizer, size, paced=False) as live, _sent(live) if outputs else _alone() as settle:
        settle()
        count, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            next_painted(live)
            count += 1
        return count / passed


@contextmanager
def _alone() -> Iterator[Callable[[], None]]:
    yield lambda: None


@contextmanager
def _sent(live: Live) -> Iterator[Callable[[], None]]:
    """A recording and a reader; what is yielded waits until both have begun."""
    with tempfile.TemporaryDirectory() as folder:
        recorder, network = Recorder(Path(folder) / "recording.mp4"), Network(0)
        for output in (recorder, network):
            live.add(output)
        while not network.url:
            time.sleep(0.01)
        reader = subprocess.Popen([sys.executable, "-c", _READER, network.url])

        def settle() -> None:
            while not (network.readers and recorder.seconds):
                next_painted(live)

        try:
            yield settle
        finally:
            for output in (recorder, network):
                live.remove(output)
                output.join(30)
            reader.kill()
            reader.wait()
