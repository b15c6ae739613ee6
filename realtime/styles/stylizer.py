"""A style ready to paint: the one file that knows ONNX Runtime."""

from __future__ import annotations

import contextlib
import copy
import ctypes
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from realtime.frames import Image, check_image
from realtime.styles.onnx_file import check_model
from realtime.styles.vectors import Vector, at_stroke, both_strokes
from weights.card import METADATA_KEY, VECTOR_KEY, Card
from weights.errors import InputError, first_line
from weights.limits import MAX_VECTOR

MIN_SIDE = 16
"""The shortest side of a frame that a style can paint, in pixels."""

DEVICES = ("auto", "cpu", "cuda")

_INPUTS = {"frame": "tensor(uint8)", "strength": "tensor(float)", "keep_colors": "tensor(float)"}
_STYLE = {VECTOR_KEY: "tensor(float)"}  # one more, in a trunk
_CUDA = "CUDAExecutionProvider"
_CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}  # the default searches for seconds at each new frame size
_NO_MEMORY = ("failed to allocate", "bad_alloc", "out of memory", "not enough memory", "bad allocation")
_SILENT = 4  # ONNX Runtime's log level "fatal": what goes wrong comes back as an exception, in words


@dataclass(frozen=True)
class _Opened:
    """An ONNX Runtime session, the device it runs on ("cpu" or "cuda") and why it isn't the one hoped for ("")."""

    session: Any
    device: str
    note: str = ""


class Stylizer:
    """Paints frames with one style.

    >>> from realtime.styles import open_style
    >>> paint = open_style("starry-night")                # an installed style, whatever its kind
    >>> painted = paint(frame, strength=0.8)
    >>> paint = Stylizer("somewhere/wave.onnx")           # the file of a network of its own

    `device` is what is really used, "cpu" or "cuda"; `note` says in one line why CUDA is not, where there is a GPU
    and it can't be used; `card` is the style's card. `style_length` is how many numbers a style of this network has, 0
    where the network is one style itself; a trunk paints once `with_vector` has given it a `vector`. Stylizers of one
    trunk share their `network`, the session. Calls from several threads are safe.

    Raises InputError where the file is no Livebrush style, or where `device="cuda"` can't be had.
    """

    vector: Vector | None = None

    def __init__(self, path: Path | str, device: str = "auto", threads: int = 0) -> None:
        """`threads` is the number of CPU threads, 0 for one per core."""
        self.path = Path(path)
        opened = _open(self.path, device, threads)
        self._session = opened.session
        self.device, self.note = opened.device, opened.note
        self.style_length = _check_contract(self._session, self.path)
        self.card = _card(self._session, self.path)

    @property
    def network(self) -> object:
        """What stylizers of one trunk, and no others, have in common."""
        return self._session

    def with_vector(self, vector: Vector, card: Card | None = None) -> Stylizer:
        """The same network painting with `vector`; opens nothing, costs microseconds.

        `vector` is `(2, style_length) float32`, for fine and bold strokes, or `(style_length,)` for both; `card` is
        what the new stylizer says of itself. Raises ValueError for another length, and in a network of its own.
        """
        length = self.style_length
        if not length or vector.shape not in ((length,), (2, length)) or vector.dtype != np.float32:
            raise ValueError(f"got {vector.dtype} {vector.shape} != expected float32 (2, {length}) or ({length},)")
        other = copy.copy(self)
        other.vector, other.card = both_strokes(vector), card or self.card
        return other

    def __call__(self, image: Image, strength: float = 1.0, keep_colors: float = 0.0, stroke: float = 1.0) -> Image:
        """The painted picture, same shape and dtype as `image`, `(H, W, 3) uint8 RGB` with sides from 16 up.

        `strength` in [0, 1] fades from the photo (0) to the painting (1); `keep_colors` in [0, 1] brings the photo's
        own colours back; `stroke` in [0, 1] goes from fine strokes to bold ones, where the style has both. Raises
        ValueError for another kind of array or number, InputError for a frame too small or too large for the memory,
        and for a trunk without a vector.
        """
        image = check_image(image)
        h, w = image.shape[:2]
        if min(h, w) < MIN_SIDE:
            raise InputError(f"A picture of {w}x{h} is too small to paint: it needs at least {MIN_SIDE} pixels a side.")
        if self.style_length and self.vector is None:
            raise InputError(f"{self.path} is shared by many styles: open one of them by its name.")
        feeds = _feeds(image, strength, keep_colors, self.vector, stroke)
        try:
            (painted,) = self._session.run(["painted"], feeds)
        except Exception as error:  # ONNX Runtime's own classes share no base but Exception
            raise InputError(_run_trouble(error, self.path, h, w)) from error
        if painted.shape != image.shape:
            raise InputError(f"{self.path} paints {painted.shape} of {image.shape}, so it is no Livebrush style.")
        return np.asarray(painted, np.uint8)

    def warm_up(self, height: int, width: int) -> None:
        """Paint a grey frame of this size, so that the first real one isn't slower than the rest."""
        self(np.full((height, width, 3), 128, np.uint8))


def _feeds(
    image: Image, strength: float, keep_colors: float, vector: Vector | None, stroke: float = 1.0
) -> dict[str, Any]:
    """All inputs of the graph, by name."""
    scalars = {"strength": _unit("strength", strength), "keep_colors": _unit("keep_colors", keep_colors)}
    stroke = float(_unit("stroke", stroke))
    if vector is None:
        return {"frame": image, **scalars}
    return {"frame": image, **scalars, VECTOR_KEY: at_stroke(vector, stroke)}


def _unit(name: str, value: float) -> Any:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"got {name}={value} != expected a number in [0, 1]")
    return np.asarray(value, np.float32)


def _run_trouble(error: Exception, path: Path, h: int, w: int) -> str:
    text = str(error)
    if any(word in text.lower() for word in _NO_MEMORY):
        smaller = max(MIN_SIDE, h // 2)
        return f"A picture of {w}x{h} is too large for the memory: paint it smaller, with --height {smaller}."
    return f"{path} can't paint a picture of {w}x{h} ({first_line(error)}): make it anew with python -m export."


def _options(threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _SILENT
    # Threads that spin between two operators keep the cores from capture, window and encoder: the loop is no faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _open(path: Path, device: str, threads: int) -> _Opened:
    if device not in DEVICES:
        raise InputError(f"There is no device {device!r}: choose one of {', '.join(DEVICES)}.")
    check_model(path)
    ort.set_default_logger_severity(_SILENT)
    note = ""
    if device != "cpu":
        note = _cuda_trouble()
        if not note:
            try:
                return _Opened(_cuda_session(path, threads), "cuda")
            except InputError:
                raise
            except Exception as error:  # a driver too old, no memory left: many kinds, and the CPU still works
                note = f"CUDA doesn't work here ({first_line(error)})"
        if device == "cuda":
            raise InputError(f"{note}: use --device cpu, or mend it.")
    return _Opened(_session(path, threads, ["CPUExecutionProvider"]), "cpu", "" if note == _NO_GPU else note)


def _session(path: Path, threads: int, providers: list[Any]) -> Any:
    try:
        # enable_fallback=0: the fallback of ONNX Runtime prints a banner on stdout; ours is a sentence.
        return ort.InferenceSession(str(path), _options(threads), providers=providers, enable_fallback=0)
    except Exception as error:
        if providers != ["CPUExecutionProvider"]:
            raise
        reason = first_line(error)
        raise InputError(f"{path} is no style that can be read ({reason}): export it again.") from error


def _cuda_session(path: Path, threads: int) -> Any:
    """A session that has really run on the GPU; raises what ONNX Runtime raises where it can't."""
    session = _session(path, threads, [(_CUDA, _CUDA_OPTIONS), "CPUExecutionProvider"])
    if _CUDA not in session.get_providers():
        raise RuntimeError("ONNX Runtime left the GPU out")
    length = _check_contract(session, path)
    vector = np.zeros((2, length), np.float32) if length else None
    session.run(["painted"], _feeds(np.zeros((64, 64, 3), np.uint8), 1.0, 0.0, vector))
    return session


_NO_GPU = "There is no NVIDIA GPU with a driver here"


def _cuda_trouble() -> str:
    """Why CUDA can't be used, "" where it seems that it can.

    Asked before ONNX Runtime is: its own answer is a page of library errors.
    """
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return _NO_GPU
    if _CUDA not in ort.get_available_providers():
        return "The ONNX Runtime installed here can't use CUDA (pip install onnxruntime-gpu in place of onnxruntime)"
    if hasattr(ort, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            ort.preload_dlls()  # finds the libraries that pip installed; prints what it can't find
    if sys.platform != "win32":
        try:
            ctypes.CDLL(str(Path(ort.__file__).parent / "capi" / "libonnxruntime_providers_cuda.so"))
        except OSError as error:
            missing = str(error).split(":")[0]
            return f"CUDA can't be used, as {missing} is missing (pip install 'onnxruntime-gpu[cuda,cudnn]' brings it)"
    return ""


def _check_contract(session: Any, path: Path) -> int:
    """How many numbers the input `style` takes, 0 where there is none; raises InputError for a foreign model."""
    nodes = {node.name: node for node in session.get_inputs()}
    inputs = {name: node.type for name, node in nodes.items()}
    outputs = {node.name: node.type for node in session.get_outputs()}
    shape = nodes[VECTOR_KEY].shape if VECTOR_KEY in nodes else [0]
    known = inputs == _INPUTS or (inputs == _INPUTS | _STYLE and len(shape) == 1 and isinstance(shape[0], int))
    if known and not 0 <= shape[0] <= MAX_VECTOR // 4:
        raise InputError(f"{path} takes a style of {shape[0]} numbers, so it is no Livebrush style: export one.")
    if not known or outputs != {"painted": "tensor(uint8)"}:
        got = ", ".join(sorted(inputs))
        raise InputError(f"{path} is no Livebrush style (its inputs are {got}): make one with python -m export.")
    return int(shape[0])


def _card(session: Any, path: Path) -> Card:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise InputError(f"{path} carries no card, so it is no Livebrush style: make one with python -m export.")
    return Card.from_json(text, str(path))
