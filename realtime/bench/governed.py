"""The governor at work: the rate held while other programs take the processor, and after they have let it go."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from realtime.__main__ import SAMPLE
from realtime.bench.turns import next_painted
from realtime.frames import Image, resize
from realtime.live import Dials, Live, Painted
from realtime.live.clips import Clip
from realtime.live.pace import Pace
from realtime.live.sources import Source
from realtime.styles.stylizer import Stylizer

RATE = 30.0
SETTLES_SECONDS = 3.0
"""How long after a change of the load the rate may be off."""


class Camera(Source):
    """Gives `images` in turns, RATE a second, whether they are read or not."""

    live = True

    def __init__(self, images: list[Image]) -> None:
        super().__init__("camera", RATE)
        self._images, self._due, self._count = images, time.monotonic(), 0

    def read(self) -> Image | None:
        self._due = max(self._due + 1 / RATE, time.monotonic() - 1 / RATE)
        self._stopped.wait(max(0.0, self._due - time.monotonic()))
        self._count += 1
        return None if self._stopped.is_set() else self._images[self._count % len(self._images)]


@dataclass
class Phase:
    """What was painted during one load: each frame's (time, lines)."""

    seen: list[tuple[float, int]] = field(default_factory=list)

    def after(self, seconds: float) -> list[tuple[float, int]]:
        """What was painted later than so many seconds after the change of the load."""
        return [(at, lines) for at, lines in self.seen if at - self.seen[0][0] > seconds]

    @property
    def fps(self) -> float:
        """Frames a second once it should have settled."""
        times = [at for at, _ in self.after(SETTLES_SECONDS)]
        return (len(times) - 1) / (times[-1] - times[0])

    @property
    def lines(self) -> int:
        """Those painted at the end."""
        return self.seen[-1][1]

    @property
    def changes(self) -> int:
        """How often the lines changed once it should have settled."""
        return sum(one[1] != other[1] for one, other in pairwise(self.after(SETTLES_SECONDS)))

    @property
    def turns(self) -> int:
        """How often the lines changed their direction, in all: what hunts, turns again and again."""
        lines = [one for one, other in pairwise([number for _, number in self.seen] + [0]) if one != other]
        ways = [np.sign(later - earlier) for earlier, later in pairwise(lines)]
        return sum(bool(one != other) for one, other in pairwise(ways))


def governed(stylizer: Stylizer, height: int, seconds: float, processes: int) -> dict[str, Phase]:
    """A camera of `height` lines painted for so many seconds without a load, beside `processes` that take all they can
    get, and without them again."""
    width = height * 4 // 3
    with Clip(SAMPLE, paced=False) as clip:
        images = [resize(image, (height, width)) for image, _ in zip(clip, range(30), strict=False)]
    stylizer.warm_up(height, width)
    live = Live(lambda _: Camera(images), "0", lambda _: stylizer, "style", Dials(height=height), pace=Pace())
    live.start()
    try:
        next_painted(live)
        phases = {"before": _watch(live, seconds)}
        with _load(processes):
            phases["load"] = _watch(live, seconds)
        phases["after"] = _watch(live, seconds)
        return phases
    finally:
        live.stop()


def _watch(live: Live, seconds: float) -> Phase:
    phase, began = Phase(), time.monotonic()
    while time.monotonic() - began < seconds:
        painted: Painted = next_painted(live)
        phase.seen.append((time.monotonic(), painted.size[0]))
    return phase


@contextmanager
def _load(processes: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
