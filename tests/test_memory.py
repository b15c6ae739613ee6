"""A clip ten times as long takes no more memory: nothing of it is kept but what is at work."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeClip
from tests.read_back import times
from tests.test_job import livebrush

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="doesn't tell what a process took")]


def peak(*line: object) -> int:
    """What `livebrush` with the arguments `line` takes at its peak, in the system's unit."""
    process = livebrush(*line)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = process.communicate()[1]
    assert re.fullmatch(r"livebrush: \d+ frames in .* frames a second\.\n", said), said
    assert process.returncode == 0
    return usage.ru_maxrss


def test_memory_does_not_grow_with_the_clip(styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    taken = []
    for seconds in (20, 200):
        source = make_clip(f"{seconds}.mkv", pts=[512 * i for i in range(25 * seconds)], audio="aac", size=(64, 80))
        target = tmp_path / "out" / source.name
        taken.append(peak(source, "-o", target, "--weights", styles))
        assert len(times(target)) == 25 * seconds
    assert taken[1] <= 1.05 * taken[0]
