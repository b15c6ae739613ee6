"""What leaves the window while it runs: a recording, an address on this machine, a virtual camera; each on or off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from realtime.live import Condition, Live, QueuedOutput
from realtime.live.network import Network
from realtime.live.recorder import Recorder
from realtime.live.virtual_camera import VirtualCamera
from realtime.snapshot import free_name
from weights.errors import InputError

RECORDING, NETWORK, CAMERA = "record", "serve", "virtual_camera"
KINDS: Mapping[str, type[QueuedOutput]] = {RECORDING: Recorder, NETWORK: Network, CAMERA: VirtualCamera}

Makers = Mapping[str, Callable[[], QueuedOutput]]
"""How an output of each kind is made; where it can't be, InputError is raised."""


class Outgoing(QObject):
    """Adds outputs to `live` and takes them out again, one of each of KINDS.

    `said` and `failed` are sent with a sentence, `changed` when one begins, can say more of itself or ends. Recordings
    go into `folder`, with the microphone where that is `heard`.
    """

    said = pyqtSignal(str)
    failed = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(
        self, live: Live, folder: Path, outputs: Iterable[QueuedOutput] = (), makers: Makers | None = None
    ) -> None:
        """`outputs` are used from the start on."""
        super().__init__()
        self.heard = False
        self._live, self._folder = live, folder
        self._makers: Makers = {
            RECORDING: lambda: Recorder(self._free_path(), self.heard),
            NETWORK: Network,
            CAMERA: VirtualCamera,
            **(makers or {}),
        }
        self._used: dict[str, QueuedOutput] = {}
        self._ending: list[QueuedOutput] = []
        self._told: set[str] = set()
        for output in outputs:
            self._add(_kind_of(output), output)

    def is_on(self, kind: str) -> bool:
        """Whether an output of that kind is in use."""
        return kind in self._used

    def switch(self, kind: str, on: bool) -> None:
        """Begin an output of that kind, or end it."""
        if on == self.is_on(kind):
            return
        if not on:
            self._end(kind)
        else:
            try:
                self._add(kind, self._makers[kind]())
            except InputError as error:
                self.failed.emit(str(error))
        self.changed.emit()

    @property
    def url(self) -> str:
        """Where the picture can be seen, "" where it isn't served."""
        network = self._used.get(NETWORK)
        return network.url if isinstance(network, Network) else ""

    @property
    def seconds(self) -> float | None:
        """How long the recording is by now; None where none runs."""
        recorder = self._used.get(RECORDING)
        return recorder.seconds if isinstance(recorder, Recorder) else None

    def refresh(self, mirrors: bool) -> None:
        """Say what has become of the outputs; `mirrors` says whether what leaves is mirrored."""
        for kind, output in list(self._used.items()):
            output.mirrors = mirrors
            self._tell(output)
            if output.state.condition is Condition.OUTPUT_BROKEN:
                self._end(kind)
                self.changed.emit()
        for output in [output for output in self._ending if not output.running]:
            self._ending.remove(output)
            self._tell_end(output)

    def finish(self, seconds: float) -> None:
        """Wait up to `seconds` for recordings to be written to their ends, after `live` has stopped."""
        deadline = time.monotonic() + seconds
        for output in (*self._used.values(), *self._ending):
            output.join(max(0.0, deadline - time.monotonic()))

    def _add(self, kind: str, output: QueuedOutput) -> None:
        self._used[kind] = output
        self._live.add(output)

    def _end(self, kind: str) -> None:
        output = self._used.pop(kind)
        self._live.remove(output)
        self._ending.append(output)

    def _free_path(self) -> Path:
        """A name that no file has, nor a recording that has not begun to write or is at its end."""
        path, number = free_name(self._folder, ".mp4"), 2
        taken = {output.path for output in self._ending if isinstance(output, Recorder)}
        while path in taken:
            path, number = path.with_stem(f"{path.stem}-{number}"), number + 1
        return path

    def _tell(self, output: QueuedOutput) -> None:
        if isinstance(output, Network):
            self._tell_once(f"The picture is at {output.url}" if output.url else "")
        elif isinstance(output, VirtualCamera):
            self._tell_once(f"The virtual camera is {output.device}" if output.device else "")
        elif isinstance(output, Recorder):
            self._tell_once(output.note)

    def _tell_once(self, words: str) -> None:
        if words and words not in self._told:
            self._told.add(words)
            self.said.emit(words)
            self.changed.emit()

    def _tell_end(self, output: QueuedOutput) -> None:
        self._told.clear()
        if output.state.condition is Condition.OUTPUT_BROKEN:
            self.failed.emit(output.state.words)
        elif isinstance(output, Recorder):
            missed = f" ({output.dropped} frames came too fast for it)" if output.dropped else ""
            self.said.emit(f"Saved {output.saved}{missed}" if output.saved else "Nothing was recorded.")


def _kind_of(output: QueuedOutput) -> str:
    return next(kind for kind, made in KINDS.items() if isinstance(output, made))
