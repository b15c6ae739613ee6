"""Recordings: each frame at its own time, playable after a crash and on a full disk, with sound where there is a
microphone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from realtime.live import Condition, Painted
from realtime.live.recorder import Recorder
from tests.live_fakes import until
from weights.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


def painted(at: float, level: int = 0, size: tuple[int, int] = (48, 64), began: float = 0.0) -> Painted:
    image = np.full((*size, 3), level, np.uint8)
    return Painted(image, image, "a", at, 0.01, began or at + 0.01)


def times(path: Path) -> list[float]:
    with av.open(str(path)) as clip:
        return [round(frame.time, 3) for frame in clip.decode(video=0)]


def recorded(recorder: Recorder, frames: list[Painted]) -> None:
    recorder.start()
    for frame in frames:
        recorder.offer(frame)
    until(lambda: not recorder._waiting or not recorder.state.well)
    recorder.stop()
    recorder.join(20)


@pytest.mark.parametrize("name", ["new/out.mp4", "out.mkv"])
def test_each_frame_has_the_time_of_its_capture(tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path / name)
    began = time.monotonic() - 1
    recorded(recorder, [painted(began + at) for at in (0, 0.04, 0.1, 0.5, 0.501, 0.999)])
    assert recorder.state.condition is Condition.ENDED
    assert recorder.saved == tmp_path / name
    assert times(recorder.saved)[:6] == [0, 0.04, 0.1, 0.5, 0.501, 0.999]
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_a_picture_that_stands_still_is_held_until_the_stop(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    began = time.monotonic() - 3
    frames = [painted(began), painted(began, began=began + 1), painted(began, began=began + 2)]  # painted anew
    recorded(recorder, frames)
    assert times(recorder.path)[:3] == [0, 1, 2]
    assert recorder.seconds == pytest.approx(3, abs=0.5)


def test_times_never_go_back(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mkv")
    began = time.monotonic()
    recorded(recorder, [painted(began), painted(began, began=began + 0.1), painted(began + 0.05), painted(began + 0.2)])
    assert times(recorder.path) == [0, 0.1, 0.101, 0.2]


def test_frames_of_another_size_are_fitted_in(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mkv")
    began = time.monotonic()
    recorded(recorder, [painted(began, 200), painted(began + 0.1, 200, (48, 32)), painted(began + 0.2, 200, (24, 32))])
    with av.open(str(recorder.path)) as clip:
        first, narrow, small = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    assert first.shape == narrow.shape == small.shape == (48, 64, 3)
    assert small.mean() > 190
    assert narrow[:, :8].mean() < 20 < 190 < narrow[:, 24:40].mean()


def test_nothing_recorded_leaves_nothing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    recorded(recorder, [])
    assert recorder.saved is None
    assert not list(tmp_path.iterdir())


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    for name, there in (("a.mp4", "a.mp4"), ("b.mp4", "b.mkv")):
        (tmp_path / there).touch()
        with pytest.raises(InputError, match=f"{there} is there already"):
            Recorder(tmp_path / name)
    with pytest.raises(InputError, match="end its name in"):
        Recorder(tmp_path / "c.avi")


def test_of_two_that_begin_at_once_the_first_keeps_the_name(tmp_path: Path) -> None:
    first, second = Recorder(tmp_path / "out.mkv"), Recorder(tmp_path / "out.mp4")
    recorded(first, [painted(at / 10) for at in range(5)])
    kept = (tmp_path / "out.mkv").read_bytes()
    recorded(second, [painted(1)])
    assert "out.mkv is there already" in second.state.words
    assert second.saved is None
    assert (tmp_path / "out.mkv").read_bytes() == kept, "it was written over"


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recorder = Recorder(tmp_path / "file" / "out.mp4")
    recorded(recorder, [painted(1)])
    assert recorder.state.condition is Condition.OUTPUT_BROKEN
    assert f"{recorder.path} can't be recorded" in recorder.state.words
    assert recorder.saved is None


@pytest.fixture
def full_after() -> Iterator[Callable[[int], None]]:
    """`full_after(n)`: no file of this process may grow beyond n bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_it_stops_and_what_there_is_plays(tmp_path: Path, full_after: Callable[[int], None]) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    noise = np.random.default_rng(0)
    recorder.start()
    full_after(300_000)
    began = time.monotonic()
    for i in range(400):
        image = noise.integers(0, 255, (96, 128, 3), np.uint8)
        until(lambda: len(recorder._waiting) < 20)
        recorder.offer(Painted(image, image, "a", began + 0.04 * i, 0.0, began))
    until(lambda: recorder.state.condition is Condition.OUTPUT_BROKEN)
    assert not recorder.state.unforeseen
    assert f"what was recorded is in {recorder.working}" in recorder.state.words
    assert len(times(recorder.working)) > 10
    assert not recorder.path.exists()


def test_where_no_mp4_can_be_made_the_recording_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    recorder = Recorder(tmp_path / "out.mp4")
    recorded(recorder, [painted(1), painted(2)])
    assert "it is kept as" in recorder.state.words
    assert times(recorder.working)[:2] == [0, 1]
    assert recorder.saved == recorder.working


_KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from realtime.live import Painted
from realtime.live.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]))
recorder.start()
began, noise = time.monotonic(), np.random.default_rng(0)
for i in range(150):
    image = noise.integers(0, 255, (48, 64, 3), np.uint8)
    while len(recorder._waiting) > 20:
        time.sleep(0.01)
    recorder.offer(Painted(image, image, "a", began + 0.04 * i, 0.0, began))
while recorder._waiting:
    time.sleep(0.01)
print("recorded", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_crash_keeps_all_but_the_last_second(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path / "out.mp4")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        os.kill(process.pid, signal.SIGKILL)
    assert times(tmp_path / "out.mkv")[-1] > 6 - 1.2


class FakeSound:
    """`sounddevice` with a microphone that hears a tone whenever the test says so."""

    def __init__(self) -> None:
        self.hear: Callable[..., None] = lambda *_: None
        self.closed = False

    def query_devices(self, kind: str) -> dict[str, Any]:
        return {"default_samplerate": 8000.0, "max_input_channels": 1}

    def InputStream(self, rate: int, channels: int, dtype: str, callback: Callable[..., None]) -> FakeSound:
        assert (rate, channels, dtype) == (8000, 1, "int16")
        self.hear = callback
        return self

    def start(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_the_microphone_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    sound = FakeSound()
    monkeypatch.setitem(sys.modules, "sounddevice", sound)
    recorder = Recorder(tmp_path / name, microphone=True)
    recorder.start()
    until(lambda: recorder._microphone is not None)
    began = time.monotonic() - 2
    recorder.offer(painted(began))
    until(lambda: recorder._sound is not None and not recorder._waiting)
    tone = (8000 * np.sin(np.arange(4000) / 3)).astype(np.int16).reshape(-1, 1)
    sound.hear(tone, 4000)  # the last half second of the two
    recorder.offer(painted(began + 2))
    recorder.stop()
    recorder.join(10)
    assert recorder.state.condition is Condition.ENDED, recorder.state
    assert (recorder.note, sound.closed) == ("", True)
    with av.open(str(recorder.path)) as clip:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in clip.decode(audio=0)])
    assert len(heard) / 8000 == pytest.approx(2, abs=0.3)
    assert np.abs(heard[:10000]).max() < 0.05 < 0.15 < np.abs(heard[13000:15000]).max()


@pytest.mark.parametrize("there", [False, True])
def test_without_a_microphone_it_is_silent_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def nothing(kind: str) -> None:
        raise ValueError("no input device")

    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(query_devices=nothing) if there else None)
    recorder = Recorder(tmp_path / "out.mp4", microphone=True)
    recorded(recorder, [painted(1), painted(2)])
    assert recorder.state.condition is Condition.ENDED
    assert "silent" in recorder.note
    with av.open(str(recorder.path)) as clip:
        assert not clip.streams.audio
