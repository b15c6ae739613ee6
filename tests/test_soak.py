"""The live loop for as long as a party lasts: styles, sources, dials and recordings change, and nothing piles up.

python -m pytest -m soak                            # ten minutes
LIVEBRUSH_SOAK_MINUTES=60 python -m pytest -m soak
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import psutil
import pytest

from realtime.av_frames import Colors
from realtime.clip_writer import ClipFormat, ClipWriter
from realtime.live import Dials, Live, Painted, QueuedOutput
from realtime.live.clips import Clip
from realtime.live.sources import Source
from realtime.styles import Opener
from tests.conftest import MakeClip
from tests.live_fakes import THREADS
from weights.catalog import read_catalog
from weights.folders import WEIGHTS

MINUTES = float(os.environ.get("LIVEBRUSH_SOAK_MINUTES", "10"))
A_TURN = 2.0
"""Seconds between two changes."""

MEMORY = 40 * 2**20
THREADS_MORE = 3
FILES_MORE = 3
"""How much more than after the warm-up there may be at any later moment: what is opening meanwhile, and noise."""


class Recording(QueuedOutput):
    """Writes what it is given to a file, whose size is the first frame's."""

    def __init__(self, path: Path) -> None:
        super().__init__("recording", room=30, keep_order=True)
        self.path, self.frames = path, 0
        self._clip: ClipWriter | None = None

    def write(self, painted: Painted) -> None:
        size = painted.image.shape[0], painted.image.shape[1]
        if self._clip is None:
            self._clip = ClipWriter(self.path, ClipFormat(size, Fraction(1, 1000), Colors()))
        if size == self._clip.size:
            self._clip.write(painted.image, pts=self.frames * 40)
            self.frames += 1

    def finish(self) -> None:
        if self._clip is not None:
            self._clip.finish()
            self._clip.close()


class Load:
    """What the process holds."""

    def __init__(self) -> None:
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


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_nothing_piles_up(make_clip: MakeClip, tmp_path: Path) -> None:
    clips = [make_clip(f"{i}.mp4", size=(120 + 24 * i, 160)) for i in range(3)]
    sources = [*map(str, clips), str(tmp_path / "nothing.mp4")]
    styles = [entry.card.name for entry in read_catalog(WEIGHTS)]
    chance = random.Random(0)

    def opened(name: str) -> Source:
        return Clip(Path(name), loop=True)

    live = Live(opened, sources[0], Opener(WEIGHTS, "cpu", 1), styles[0], Dials(height=120))
    live.start()
    for style in [*styles, *styles]:  # each network once and again: what a session keeps for good is taken
        live.choose(style)
        assert live.wait_newest(20) is not None
    began, after_warm_up, frames = time.monotonic(), None, 0
    recording: Recording | None = None
    while (passed := time.monotonic() - began) < 60 * MINUTES:
        turn(live, chance, styles, sources)
        if recording is not None:
            live.remove(recording)
            recording.join(10)
            frames += recording.frames
            recording.path.unlink(missing_ok=True)
        recording = Recording(tmp_path / "recording.mp4")
        live.add(recording)
        until = time.monotonic() + A_TURN
        while time.monotonic() < until:
            live.wait_newest(0.1)
        if passed > 60 * MINUTES / 5:
            load = Load()
            after_warm_up = after_warm_up or load
            assert load.memory < after_warm_up.memory + MEMORY
            assert load.threads <= after_warm_up.threads + THREADS_MORE
            assert load.files <= after_warm_up.files + FILES_MORE
    assert after_warm_up is not None, "a soak takes longer than this"
    assert frames > 0
    assert not live.state.unforeseen
    live.stop()
    assert not [t for t in threading.enumerate() if t.name in THREADS or t.name.startswith("output ")]
