"""While the work of a frame is recorded, nothing else is asked of the GPU; the processor stands in its place."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime.styles import engines_gpu
from realtime.styles.engines_gpu import Gpu
from realtime.styles.engines_onnxruntime import Buffers, session
from realtime.styles.gate import Gate
from realtime.styles.onnx_file import ModelFile, read_model
from tests.test_engines_gpu import SIZE, WANTED, feeds, model, processor

__all__ = ["model", "processor"]  # its fixtures


class Cuda:
    """What CUDA says: while a graph is recorded, whatever another thread asks for fails, and so does the record."""

    def __init__(self) -> None:
        self.at_work: list[str] = []
        self.broken: list[str] = []
        self.seen: set[int] = set()
        self.records = 0

    def asked(self, what: str, real: Any, *given: Any) -> Any:
        self.at_work.append(what)
        time.sleep(0.002)
        if "record" in self.at_work and len(self.at_work) > 1:
            self.broken.append(" beside ".join(self.at_work))
        try:
            return real(*given)
        finally:
            self.at_work.remove(what)

    def paint(self, real: Any, buffers: Buffers) -> None:
        first, self.seen = id(buffers) not in self.seen, self.seen | {id(buffers)}
        self.records += first
        self.asked("record" if first else "paint", real, buffers)


def test_nothing_else_is_asked_of_the_gpu_while_a_graph_is_recorded(
    model: ModelFile, styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda, alive = Cuda(), list[Buffers]()
    made, paint = Buffers.__init__, Buffers.paint

    def make(buffers: Buffers, *given: Any) -> None:
        alive.append(buffers)  # so that no two have one id
        cuda.asked("make", made, buffers, *given)

    monkeypatch.setattr(Buffers, "__init__", make)
    monkeypatch.setattr(Buffers, "paint", lambda buffers: cuda.paint(paint, buffers))
    for name in ("up", "down", "warm_up"):
        real = getattr(Buffers, name)
        monkeypatch.setattr(Buffers, name, lambda *given, n=name, r=real: cuda.asked(n, r, *given))
    monkeypatch.setattr(engines_gpu, "session", lambda *given: cuda.asked("open", session, *given))
    engines = [Gpu(model, WANTED, place="cpu"), Gpu(read_model(styles / "same.onnx"), WANTED, place="cpu")]
    engines[0].prepare(*SIZE)
    stop, failed = threading.Event(), list[Exception]()

    def paints(size: tuple[int, int]) -> None:
        given = feeds(0, size)
        while not stop.is_set():
            try:
                np.testing.assert_array_equal(engines[0].paint(given), 255 - given["frame"])
            except Exception as error:
                failed.append(error)
                return

    painters = [threading.Thread(target=paints, args=(size,)) for size in (SIZE, SIZE, (10, 12))]
    makers = [threading.Thread(target=engine.prepare, args=(16, 20 + i)) for i in range(2) for engine in engines]
    for thread in painters + makers:
        thread.start()
    for thread in makers:
        thread.join(30)
        assert not thread.is_alive()
    stop.set()
    for thread in painters:
        thread.join(30)
        assert not thread.is_alive()
    assert not failed and not cuda.broken and cuda.records == 10
    assert all(engine.ready(16, 20 + i) for i in range(2) for engine in engines)


def test_frames_pass_at_once_while_a_session_is_made() -> None:
    gate, both = Gate(), threading.Barrier(2)

    def paint() -> None:
        with gate.painting():
            both.wait(10)

    with gate.making():
        threads = [threading.Thread(target=paint) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert not both.broken


def test_a_record_that_fails_lets_the_frames_on() -> None:
    gate = Gate()
    with pytest.raises(RuntimeError, match="capture"), gate.recording():
        raise RuntimeError("the graph can't be captured")
    with gate.painting(), gate.making():
        pass


def test_memory_of_the_gpu_is_freed_where_nobody_records() -> None:
    gate, freed = Gate(), list[int]()

    class Memory:
        def __del__(self) -> None:
            freed.append(1)

    with gate.recording():
        gate.leave(Memory())
        assert not freed
    with gate.painting():
        assert freed == [1]
