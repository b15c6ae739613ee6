"""Sound for a recording, from the microphone; through `sounddevice`, which need not be installed."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from realtime.clip_writer import ClipWriter
from weights.errors import InputError, first_line

Samples = NDArray[np.int16]
"""`(N, channels) int16`."""

_KEPT_SECONDS = 60.0  # of a picture that stands still, in which nobody takes them
_OFF_SECONDS = 0.1  # how far sound and picture may drift apart before that is mended; heard from twice that on
_BLOCK = 1024  # samples: a block of the encoder


class Microphone:
    """Listens to the system's microphone from the start on. Raises InputError where that can't be, in a sentence."""

    def __init__(self) -> None:
        try:
            import sounddevice
        except (ImportError, OSError) as error:  # the second: without the library PortAudio
            raise InputError(
                f"The recording is silent, as sounddevice can't be used ({first_line(error)}): "
                "python -m pip install sounddevice, and on Linux the package libportaudio2."
            ) from error
        self._heard: deque[tuple[float, Samples]] = deque()
        self._lock = threading.Lock()
        try:
            device = sounddevice.query_devices(kind="input")
            self.rate, self.channels = int(device["default_samplerate"]), min(2, int(device["max_input_channels"]))
            self._stream: Any = sounddevice.InputStream(
                self.rate, channels=self.channels, dtype="int16", callback=self._hear
            )
            self._stream.start()
        except Exception as error:  # PortAudio's own class, which is known where the library is
            raise InputError(
                f"The recording is silent, as the microphone can't be opened ({first_line(error)}): plug one in."
            ) from error

    def take(self) -> list[tuple[float, Samples]]:
        """What was heard since the last call: blocks, each with the monotonic time of its first sample."""
        with self._lock:
            heard = list(self._heard)
            self._heard.clear()
        return heard

    def close(self) -> None:
        """Listen no more."""
        self._stream.close()

    def _hear(self, samples: Samples, count: int, *_: object) -> None:
        """A block is there; in PortAudio's thread."""
        began = time.monotonic() - count / self.rate
        with self._lock:
            self._heard.append((began, samples.copy()))
            while began - self._heard[0][0] > _KEPT_SECONDS:
                self._heard.popleft()


class SoundTrack:
    """The track of a clip that is being recorded for what a microphone hears; for the recorder's thread."""

    def __init__(self, clip: ClipWriter, microphone: Microphone) -> None:
        self._clip, self._microphone = clip, microphone
        self._layout = "mono" if microphone.channels == 1 else "stereo"
        self._stream: Any = clip.container.add_stream("aac", rate=microphone.rate)
        self._stream.codec_context.layout = self._layout
        self._resampler = AudioResampler("fltp", self._layout, microphone.rate, frame_size=_BLOCK)
        self._written = 0

    def write(self, start: float) -> None:
        """Encode what was heard; what was heard before the monotonic time `start` is left out."""
        for began, samples in self._microphone.take():
            due = round((began - start) * self._microphone.rate)
            samples = self._in_time(samples, due)
            if len(samples):
                self._encode(samples)

    def _in_time(self, samples: Samples, due: int) -> Samples:
        """`samples` with silence before them, or without their beginning, where they are off; `due` is their place."""
        off = due - self._written
        if self._written and abs(off) < _OFF_SECONDS * self._microphone.rate:
            return samples
        return samples[-off:] if off < 0 else np.pad(samples, ((off, 0), (0, 0)))

    def finish(self) -> None:
        """Encode what is held back."""
        for frame in self._resampler.resample(None):
            self._mux(frame)
        self._mux(None)

    def _encode(self, samples: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=self._layout)
        frame.sample_rate, frame.pts = self._microphone.rate, self._written
        self._written += len(samples)
        for part in self._resampler.resample(frame):
            self._mux(part)

    def _mux(self, frame: Any) -> None:
        self._clip.container.mux(self._stream.encode(frame))
