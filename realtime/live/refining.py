"""A picture's style is fitted closer to it, by the training side in a process of its own that takes little.

>>> refining = Refining(Subject(place, trunk, picture=Path("mine.jpg")))
>>> refining.start()
>>> refining.progress          # Progress(Phase.RUNNING, done=75, minutes=2.0)
>>> refining.better()          # whether there is a better vector since the last call
>>> refining.stop()            # it goes on from there the next time
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from realtime.styles.refined import CHECKPOINT, FITTED, PAINTING, grown, put_painting, take_better
from weights.errors import InputError

_log = logging.getLogger(__name__)

STEPS = 300
"""Steps of a whole fit, as many as `training.newstyle` takes."""

ROOT = Path(__file__).resolve().parents[2]
"""Where the training side lies, if anywhere."""

TRAINER = (sys.executable, "-m", "training.newstyle")
NEEDS = ("torch", "torchvision", "PIL", "lightning_fabric", "pytorch_optimizer", "tensorboard", "tyro")
INSTALL = "Refining needs the training side: python -m pip install -r training/requirements.txt"

_NICE = 15  # of 19: the live picture goes before
_CHECKPOINT_MINUTES, _LINE_SECONDS = 0.4, 2.0
_STEP = re.compile(r"step (\d+)/\d+.* ([\d.]+) min left")
_SAID = "livebrush: "
_STOPPED = 130  # the trainer's exit code after a checkpoint that it was asked for
_LOCK_SECONDS = 10.0  # that a stopped fit of the same picture may take to end


@cache
def can_refine() -> bool:
    """Whether the training side is installed; nothing of it is loaded."""
    there = (ROOT / "training" / "newstyle.py").is_file()
    return there and all(importlib.util.find_spec(name) is not None for name in NEEDS)


class Phase(Enum):
    """What a fit is doing: RUNNING, PAUSED (it can go on), DONE, or FAILED."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """How far a fit is: steps `done`, the `minutes` left where they are known; `words` of a failure."""

    phase: Phase
    done: int = 0
    minutes: float | None = None
    words: str = ""

    @property
    def part(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.done / STEPS)


def progress_at(place: Path) -> Progress | None:
    """How far the fit in `place` was left, None where there was none."""
    fitted = grown(place, FITTED)
    if fitted is None:
        return None
    return Progress(Phase.DONE if fitted.steps >= STEPS else Phase.PAUSED, fitted.steps)


@dataclass(frozen=True)
class Subject:
    """What is fitted in the folder `place`: `picture`, None where its painting lies there already, for the trunk in the
    file `trunk`, from what `predictor` says of it; both are .safetensors files."""

    place: Path
    trunk: Path
    predictor: Path | None = None
    picture: Path | None = None

    def command(self, painting: Path) -> list[str]:
        """The trainer's command line."""
        words = [*TRAINER, str(painting), "--name", FITTED.partition(".")[0], "--out", str(self.place), "--no-install"]
        words += ["--trunk", str(self.trunk), "--predictor", str(self.predictor), "--steps", str(STEPS)]
        words += ["--threads", str(_threads()), "--preview-steps", str(STEPS)]
        words += ["--checkpoint-minutes", str(_CHECKPOINT_MINUTES), "--line-seconds", str(_LINE_SECONDS)]
        return words + ["--resume"] * (self.place / CHECKPOINT).is_file()


class Refining:
    """One fit, followed in a thread of its own. What it comes to lies in its folder.

    One program at a time fits in a folder. A fit whose program has died ends with the next line that it has to say.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._lock = threading.Lock()  # guards the three below
        self._progress = progress_at(subject.place) or Progress(Phase.RUNNING)
        self._progress = replace(self._progress, phase=Phase.RUNNING)
        self._process: subprocess.Popen[str] | None = None
        self._better = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refining", daemon=True)

    def start(self) -> None:
        """Begin, or go on where it was left."""
        self._thread.start()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        with self._lock:
            return self._progress

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stopped.is_set()

    def better(self) -> bool:
        """Whether there is a better vector since the last call."""
        with self._lock:
            better, self._better = self._better, False
            return better

    def stop(self) -> None:
        """Let it end, with what it has reached in its folder; `join` waits for that."""
        self._stopped.set()
        with self._lock:
            if self._process is not None:
                with suppress(OSError):
                    self._process.terminate()

    def join(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    # --- the thread ---

    def _run(self) -> None:
        place = self.subject.place
        try:
            place.mkdir(parents=True, exist_ok=True)
            with FileLock(place / ".lock", timeout=_LOCK_SECONDS):
                end = self._fitted()
        except Timeout:
            end = Progress(Phase.FAILED, words="Another window refines this picture: let it, or pause it there.")
        except OSError as error:
            end = Progress(Phase.FAILED, words=f"{place} can't be written ({error.strerror}): make room for it.")
        except InputError as error:
            end = Progress(Phase.FAILED, words=str(error))
        except Exception as error:
            _log.exception("the refinement failed")
            end = Progress(Phase.FAILED, words=f"The picture can't be refined ({error}).")
        with self._lock:
            self._progress = replace(end, done=max(end.done, self._progress.done))

    def _fitted(self) -> Progress:
        """Run the trainer to its end; how it ended. What can't be gone on with is begun anew."""
        subject = self.subject
        painting = put_painting(subject.picture, subject.place) if subject.picture else subject.place / PAINTING
        command = subject.command(painting)
        code, last = self._follow(command)
        if code == 2 and "--resume" in command:
            _log.warning("the refinement begins anew: %s", last)
            (subject.place / CHECKPOINT).unlink(missing_ok=True)
            code, last = self._follow(subject.command(painting))
        if code == 0:
            _tidy(subject.place)
            return Progress(Phase.DONE, STEPS)
        if self._stopped.is_set() or code == _STOPPED:
            return replace(progress_at(subject.place) or Progress(Phase.PAUSED), phase=Phase.PAUSED)
        said = last.partition(_SAID)[2]
        return Progress(Phase.FAILED, words=said or f"The refinement broke off ({last or code}): try it again.")

    def _follow(self, command: list[str]) -> tuple[int, str]:
        """Run `command` and take what it makes; its exit code and its last line."""
        last = ""
        with self._lock:
            if self._stopped.is_set():
                return _STOPPED, ""
            process = self._process = _started(command)
        assert process.stderr is not None
        with process, process.stderr:
            for line in process.stderr:
                last = line.strip() or last
                self._hear(last)
        with self._lock:
            self._process = None
        self._take()
        return process.returncode, last

    def _hear(self, line: str) -> None:
        found = _STEP.search(line)
        if found is not None:
            with self._lock:
                self._progress = Progress(Phase.RUNNING, int(found[1]), float(found[2]))
        self._take()

    def _take(self) -> None:
        if take_better(self.subject.place):
            with self._lock:
                self._better = True


def _threads() -> int:
    return max(1, (os.cpu_count() or 1) // 4)


def _started(command: list[str]) -> subprocess.Popen[str]:
    """The process, of low priority; what it says in its stderr comes as text."""
    few = {"OMP_NUM_THREADS": str(_threads()), "OMP_WAIT_POLICY": "PASSIVE"}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **few, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # a Ctrl-C in the terminal is for the window, which then stops this one properly
        creationflags=getattr(subprocess, "IDLE_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if hasattr(os, "setpriority"):
        with suppress(OSError):  # it may have ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
    return process


def _tidy(place: Path) -> None:
    """Leave what a finished fit came to, and its painting: the rest is of no use any more."""
    for path in place.iterdir():
        if path.name in ("previews", "preview.png", CHECKPOINT) or path.name.startswith("events."):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
