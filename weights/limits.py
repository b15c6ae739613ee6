"""How large a file may be that is read whole: a style may come from a stranger, and must not fill the memory."""

from __future__ import annotations

import stat
from pathlib import Path

from weights.errors import InputError

MAX_MODEL = 512 * 2**20
"""Bytes of a network, .onnx or .safetensors: the paper's largest here (CycleGAN's, 9 blocks) has 46 MB."""

MAX_VECTOR = 2**20
"""Bytes of a style vector's .safetensors: those of this project have 4 kB."""

MAX_CATALOG = 16 * 2**20
"""Bytes of a catalogue: a thousand styles have 2 MB."""


def check_size(path: Path, limit: int) -> None:
    """Raise InputError where `path` is no plain file or has more than `limit` bytes, OSError where it is missing."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is no file that can be read: give a file made by python -m export.")
    if status.st_size > limit:
        raise InputError(
            f"{path} has {status.st_size / 2**20:.0f} MB, which is too large for a style: export it again."
        )
