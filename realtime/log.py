"""The log: a file in the user's folder that gets every failure whole, where the window shows a sentence."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from weights.folders import USER_FOLDER

_ROOM = logging.getLogger("realtime")
_QUIET_SECONDS = 5.0  # a fault in drawing comes again with each picture: the log needs it once
_BYTES, _OLDER_FILES = 1_000_000, 2


class _Quiet(RotatingFileHandler):
    """A handler that a full disk does not disturb."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def log_path() -> Path:
    """Where the log lies; it may not be there yet."""
    home = os.environ.get(USER_FOLDER)
    if home:
        return Path(home) / "livebrush.log"
    import platformdirs

    return Path(platformdirs.user_state_dir("livebrush", appauthor=False)) / "livebrush.log"


def start_log() -> Path | None:
    """Write what `realtime` logs into a file from now on; returns its path, None where none can be written."""
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _Quiet(path, maxBytes=_BYTES, backupCount=_OLDER_FILES, encoding="utf-8")
    except OSError:
        _ROOM.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s: %(message)s"))
    _ROOM.addHandler(handler)
    _ROOM.setLevel(logging.INFO)
    return path


class Faults:
    """While it is entered, exceptions that nobody caught go whole into the log and in a sentence into a queue.

    Without it PyQt ends the program at the first one in a slot or an event handler.
    """

    def __init__(self, log: Path | None = None) -> None:
        """`log` is the file that the sentence names."""
        self._log = log
        self._said: deque[str] = deque(maxlen=8)
        self._last, self._quiet_until = "", 0.0

    def __enter__(self) -> Faults:
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self._fault
        threading.excepthook = lambda args: self._fault(args.exc_type, args.exc_value, args.exc_traceback)
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook, threading.excepthook = self._before

    def take(self) -> str:
        """A sentence on a fault since the last call, "" where there was none."""
        return self._said.popleft() if self._said else ""

    def more(self) -> str:
        """Where there is more to read, as a sentence; "" without a log."""
        return f"The log has more: {self._log}" if self._log else ""

    def _fault(
        self, kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None = None
    ) -> None:
        if issubclass(kind, (SystemExit, KeyboardInterrupt)):
            sys.__excepthook__(kind, error or kind(), traceback)
            return
        words = f"Something broke in Livebrush ({kind.__name__}: {error})."
        now = time.monotonic()
        if words != self._last or now > self._quiet_until:
            _ROOM.error(words, exc_info=(kind, error or kind(), traceback))
        self._last, self._quiet_until = words, now + _QUIET_SECONDS
        sentence = f"{words} {self.more()}".rstrip()
        if sentence not in self._said:
            self._said.append(sentence)
