"""The live loop for as long as a party lasts: styles, sources, dials and recordings change, and nothing piles up.

python -m pytest -m soak tests/test_soak.py                            # half an hour
LIVEBRUSH_SOAK_MINUTES=8 python -m pytest -m soak tests/test_soak.py
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import random
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

import av
import psutil
import pytest

from realtime.live import Dials, Live
from realtime.live.clips import Clip
from realtime.live.network import Network
from realtime.live.recorder import Recorder
from realtime.live.sources import Source
from realtime.styles import Opener
from tests.conftest import MakeClip
from tests.live_fakes import THREADS
from weights.catalog import read_catalog
from weights.folders import WEIGHTS

MINUTES = float(os.environ.get("LIVEBRUSH_SOAK_MINUTES", "30"))
A_TURN = 2.0
"""Seconds between two changes."""

MEMORY = 20 * 2**20
"""How much it may grow from the second fifth of the time to the last, in the median."""

THREADS_MORE = 4
FILES_MORE = 6
"""How many more than after the first fifth there may be at any later moment: what is opening or ending meanwhile."""

A_FRAME = 1 / 25


class Load:
    """What the process holds."""

    def __init__(self) -> None:
        gc.collect()
        if sys.platform == "linux":  # what is free already, but held back for later, does not pile up
            with suppress(OSError, AttributeError):
                ctypes.CDLL("libc.so.6").malloc_trim(0)
        process = psutil.Process()
        self.memory = process.memory_info().rss
        self.threads = threading.active_count()
        self.files = process.num_handles() if sys.platform == "win32" else process.num_fds()


def turn(live: Live, chance: random.Random, styles: list[str], sources: list[str]) -> None:
    """Change something, as somebody at the window would."""
    live.choose(chance.choice(styles))
    live.change(strength=chance.random(), keep_colors=chance.random(), stroke=chance.random())
    if chance.random() < 0.5:
        live.choose_source(chance.choice(sources))
    if chance.random() < 0.2:
        live.pause(True)
        time.sleep(0.1)
        live.pause(False)


def length(path: Path) -> float:
    """Seconds from the first frame of a recording to its last."""
    with av.open(str(path)) as clip:
        (video,) = clip.streams.video
        times = [float(packet.pts * packet.time_base) for packet in clip.demux(video) if packet.pts is not None]
    return max(times) - min(times)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_nothing_piles_up_and_a_recording_is_as_long_as_it_took(
    make_clip: MakeClip, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "realtime")  # else pytest keeps every traceback, and all that it holds
    clips = [make_clip(f"{i}.mp4", size=(120 + 24 * i, 160)) for i in range(3)]
    sources = [*map(str, clips), str(tmp_path / "nothing.mp4")]
    styles = [entry.card.name for entry in read_catalog(WEIGHTS)]
    chance = random.Random(0)

    def opened(name: str) -> Source:
        return Clip(Path(name), loop=True)

    live = Live(opened, sources[0], Opener(WEIGHTS, "cpu", 1), styles[0], Dials(height=120))
    live.start()
    for source in (*sources[:3], *sources[:3]):  # each network at each size, and again: what is kept for good is taken
        live.choose_source(source)
        for style in styles:
            live.choose(style)
            assert live.wait_newest(20) is not None
            time.sleep(A_TURN / 4)
    whole = Recorder(tmp_path / "whole.mp4")
    for output in (whole, Network(0)):
        live.add(output)
    began, loads = time.monotonic(), list[Load]()
    while time.monotonic() - began < 60 * MINUTES:
        turn(live, chance, styles, sources)
        short = Recorder(tmp_path / "short.mp4")
        live.add(short)
        until = time.monotonic() + A_TURN
        while time.monotonic() < until:
            live.wait_newest(0.1)
        live.remove(short)
        short.join(20)
        assert short.saved == short.path, short.state
        short.path.unlink()
        loads.append(Load())
    live.remove(whole)
    whole.join(120)
    assert whole.saved == whole.path and whole.stopped_at is not None, whole.state
    took, lasts = whole.stopped_at - whole.began, length(whole.path)
    fifth = len(loads) // 5
    after, end = loads[fifth : 2 * fifth], loads[-fifth:]
    grown = median(load.memory for load in end) - median(load.memory for load in after)
    print("memory in MB:", [load.memory >> 20 for load in loads[:: max(1, len(loads) // 30)]])
    print(f"{took:.2f} s recorded, {lasts:.2f} s long, {whole.dropped} frames dropped; {grown / 2**20:.1f} MB more")
    assert abs(took - lasts) <= A_FRAME
    assert grown < MEMORY
    assert max(load.threads for load in loads[fifth:]) <= after[0].threads + THREADS_MORE
    assert max(load.files for load in loads[fifth:]) <= after[0].files + FILES_MORE
    assert not live.state.unforeseen
    live.stop()
    assert not [t for t in threading.enumerate() if t.name in THREADS or t.name.startswith("output ")]
