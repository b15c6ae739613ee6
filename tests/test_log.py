"""The log takes tracebacks, and a full disk or a folder that can't be written does not disturb it."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime import log
from realtime.log import Faults, log_path, start_log


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LIVEBRUSH_HOME", str(tmp_path / "home"))
    room = logging.getLogger("realtime")
    before = list(room.handlers)
    yield tmp_path / "home"
    for handler in [h for h in room.handlers if h not in before]:
        room.removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()


def fail() -> None:
    raise ZeroDivisionError("oops")


def test_the_log_lies_in_the_users_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert log_path() == home / "livebrush.log"
    monkeypatch.delenv("LIVEBRUSH_HOME")
    assert log_path().name == "livebrush.log"
    assert "livebrush" in str(log_path().parent)


def test_the_log_does_not_grow_for_ever(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_BYTES", 2000)
    assert start_log() == home / "livebrush.log"
    for _ in range(200):
        logging.getLogger("realtime.live.x").warning("a line of some forty characters or more, again")
    assert sum(path.stat().st_size for path in home.iterdir()) < 8000


def test_a_folder_that_can_not_be_written_is_no_trouble(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.write_text("a file")
    assert start_log() is None
    logging.getLogger("realtime.live.x").warning("nothing happens")
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_no_trouble(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("has no device that is always full")
    home.mkdir()
    (home / "livebrush.log").symlink_to("/dev/full")
    start_log()
    logging.getLogger("realtime.live.x").warning("nothing happens")
    assert capsys.readouterr().err == ""


def test_faults_say_each_once_and_log_it_whole(home: Path) -> None:
    before = sys.excepthook, threading.excepthook
    path = start_log()
    with Faults(path) as faults:
        for _ in range(3):
            thread = threading.Thread(target=fail)
            thread.start()
            thread.join()
        words = faults.take()
        assert words == f"Something broke in Livebrush (ZeroDivisionError: oops). The log has more: {path}"
        assert faults.take() == ""
    assert path is not None
    assert path.read_text().count("Traceback") == 1
    assert 'in fail\n    raise ZeroDivisionError("oops")' in path.read_text()
    assert (sys.excepthook, threading.excepthook) == before
