"""What stands for the world in the tests of the live loop: sources, styles and a clock that do as the test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from realtime.live import Dials, Live, Painted, State
from realtime.live.sources import Source
from weights.errors import InputError

THREADS = ("capture", "inference", "loader", "pace", "bridge")


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


class Numbered(Source):
    """Hands out frames whose pixels say their number, each when the test lets it go."""

    live = True

    def __init__(self, fails_at: int | None = None, last: int | None = None, free: bool = False) -> None:
        super().__init__("numbered")
        self.gate = threading.Semaphore(0)
        self.number, self.fails_at, self.last, self.free, self.closed = 0, fails_at, last, free, False

    def let(self, count: int = 1) -> None:
        target = self.number + count
        self.gate.release(count)
        until(lambda: self.number >= target)

    def read(self) -> np.ndarray | None:
        while not (self.free or self.gate.acquire(timeout=0.01)):
            if self._stopped.is_set():
                return None
        if self._stopped.is_set() or self.number == self.last:
            return None
        self.number += 1
        if self.number == self.fails_at:
            raise InputError("the cable is out")
        if self.free:
            time.sleep(0.001)
        return np.full((32, 32, 3), self.number % 256, np.uint8)

    def close(self) -> None:
        super().close()
        self.closed = True


class Fake:
    """A stylizer that marks its frames; `gate` holds it in the middle of a frame."""

    device = "cpu"
    runs_on = "CPU · fake"
    network: object = None
    vector: np.ndarray | None = None

    def __init__(self, mark: int, gate: threading.Event | None = None) -> None:
        self.mark, self.gate, self.entered = mark, gate, threading.Event()
        self.warmed: list[tuple[int, int]] = []
        self.calls: list[tuple[float, float, float]] = []

    def with_vector(self, vector: np.ndarray) -> Fake:
        raise AssertionError("a network of its own has no vector")

    def ready(self, height: int, width: int) -> bool:
        return True

    def warm_up(self, height: int, width: int) -> None:
        self.warmed.append((height, width))

    def __call__(
        self, image: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0
    ) -> np.ndarray:
        self.calls.append((strength, keep_colors, stroke))
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(5)
        painted = image.copy()
        painted[..., 2] = self.mark
        return painted


class Vectored(Fake):
    """A style of a trunk: its vector is the number it marks its frames with; all of one trunk count their frames."""

    def __init__(self, trunk: list[float], number: float) -> None:
        super().__init__(0)
        self.network, self.vector = trunk, np.array([number], np.float32)

    def with_vector(self, vector: np.ndarray) -> Vectored:
        return Vectored(self.network, float(vector[0]))  # type: ignore[arg-type]

    def __call__(
        self, image: np.ndarray, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0
    ) -> np.ndarray:
        self.network.append(float(self.vector[0]))  # type: ignore[attr-defined,index]
        return image


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


Start = Callable[..., Live]


def starter() -> Iterator[Start]:
    """`start(source, styles)` runs a loop; a source, or what opens one by name, and styles by name, "a" the first."""
    lives: list[Live] = []

    def start(
        source: Source | Callable[[str], Source],
        styles: Mapping[str, Fake],
        first: str = "a",
        clock: Callable[[], float] | None = None,
        height: int | None = None,
    ) -> Live:
        def opened(name: str) -> Fake:
            if name not in styles:
                raise InputError(f"no style {name}")
            return styles[name]

        opener = (lambda _: source) if isinstance(source, Source) else source
        live = Live(opener, "numbered", opened, first, Dials(height=height), clock or time.monotonic)
        lives.append(live)
        live.start()
        return live

    yield start
    for live in lives:
        live.stop()
    until(lambda: not [t for t in threading.enumerate() if t.name in THREADS or t.name.startswith("output ")])


def shown(live: Live) -> Painted:
    painted = live.wait_newest(5)
    assert painted is not None
    return painted


def number(painted: Painted) -> int:
    return int(painted.original[0, 0, 0])


def trouble(live: Live) -> State:
    """The next trouble that the loop tells of."""
    found: list[State] = []

    def told() -> bool:
        state = live.trouble()
        found.extend([state] if state else [])
        return bool(found)

    until(told)
    return found[0]
