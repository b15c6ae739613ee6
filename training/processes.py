"""The processes of a training: begun by Fabric where there are several, and none outlives the one that began it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lightning_fabric import Fabric

from weights.errors import InputError

_STARTER = "LIVEBRUSH_STARTER"
"""Tells a process that Fabric begins the id of the one that it belongs to."""

_TICK = 0.5


def launched(accelerator: str, devices: int, precision: Any) -> Fabric:
    """The machine that a training computes on, with all its processes begun.

    Those that wait for a first one that has been killed meanwhile would wait for minutes: they end with it.
    """
    starter = os.environ.pop(_STARTER, None)
    if starter is not None:
        threading.Thread(target=_end_with, args=(int(starter),), name="starter", daemon=True).start()
    fabric = Fabric(accelerator=accelerator, devices=devices, precision=precision)
    os.environ[_STARTER] = str(os.getpid())
    try:
        fabric.launch()
    finally:
        del os.environ[_STARTER]
    return fabric


@contextmanager
def said_once(fabric: Fabric) -> Iterator[None]:
    """For lines that refuse in all processes alike: the first one of each machine says it, the others end quietly."""
    try:
        yield
    except InputError:
        if fabric.local_rank == 0:
            raise
        raise SystemExit(2) from None


def _end_with(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(_TICK)
    os._exit(1)
