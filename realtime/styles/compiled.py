"""Networks as OpenVINO compiles them for this machine, kept in the user's cache folder from one start to the next."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from realtime.styles.onnx_file import ModelFile
from weights.errors import InputError
from weights.files import replacing

FOLDER_VARIABLE = "LIVEBRUSH_CACHE"
"""The environment variable that names another folder."""

KEPT = 64
"""Files kept, the last used; a network has about half a megabyte in this project."""

_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Where compiled networks are kept; it may not exist yet."""
    named = os.environ.get(FOLDER_VARIABLE)
    return (Path(named) if named else user_cache_path("livebrush", appauthor=False)) / "compiled"


class Compiled:
    """Compiles one model for frames of a size, or of any, on one device; the same again comes from the disk.

    The model itself is only read where something has to be compiled.
    """

    def __init__(self, core: Any, model: ModelFile, device: str, settings: dict[str, Any]) -> None:
        self._core, self._model, self._device, self._settings = core, model, device, settings
        machine = [core.get_property(device, name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
        version = core.get_versions(device)[device].build_number
        self._key = repr((version, machine, sorted(settings.items()), model.sha256))

    def __call__(self, size: tuple[int, int] | None) -> Any:
        """OpenVINO's compiled model for frames of `size`, `(height, width)`, or of any; raises what OpenVINO raises."""
        path = self._path(str(size))
        kept = _read(path)
        if kept is not None:
            with contextlib.suppress(RuntimeError):  # of a sort that this OpenVINO doesn't take: made anew
                return self._core.import_model(kept, self._device, self._settings)
        compiled = self._core.compile_model(self._network(size), self._device, self._settings)
        with contextlib.suppress(RuntimeError, OSError, InputError):  # a device or a disk that can't: slower starts
            _write(path, compiled.export_model().getvalue())
        return compiled

    def is_kept(self, size: tuple[int, int] | None) -> bool:
        """Whether an earlier start has compiled it for frames of `size`, or of any."""
        return self._path(str(size)).is_file()

    def remembered(self, question: str, answer: Callable[[], bytes]) -> bytes:
        """What `answer` once said of this model with these settings; it is only asked where that isn't kept."""
        path = self._path(question)
        kept = _read(path)
        if kept is None:
            kept = answer()
            with contextlib.suppress(OSError, InputError):
                _write(path, kept)
        return kept

    def _path(self, what: str) -> Path:
        return cache_folder() / f"{hashlib.sha256(f'{self._key} {what}'.encode()).hexdigest()}.blob"

    def _network(self, size: tuple[int, int] | None) -> Any:
        network = self._core.read_model(self._model.data)
        if size is not None:
            shapes = {port.any_name: port.partial_shape for port in network.inputs}
            network.reshape({**shapes, "frame": [*size, 3]})
        return network


def _read(path: Path) -> bytes | None:
    """What `_write` wrote, None where there is nothing or it is damaged: an engine may crash over that."""
    try:
        data = path.read_bytes()
        path.touch()  # used last
    except OSError:
        return None
    blob = data[_DIGEST:]
    return blob if hashlib.sha256(blob).digest() == data[:_DIGEST] else None


def _write(path: Path, blob: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(hashlib.sha256(blob).digest() + blob)
    files = sorted(path.parent.glob("*.blob"), key=lambda file: file.stat().st_mtime)
    for file in files[:-KEPT]:
        file.unlink(missing_ok=True)
