"""What an inference engine is to a stylizer: one small protocol, ONNX Runtime and OpenVINO behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # the command line asks this file for its words before anything heavy is loaded
    from realtime.frames import Image

ENGINES = ("auto", "onnxruntime", "openvino", "tensorrt")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "f32")

Feeds = Mapping[str, Any]
"""All inputs of the graph by name: `frame` (H, W, 3) uint8, `strength` and `keep_colors` () float32, `style` (L,)."""


class Engine(Protocol):
    """A network ready to paint; calls from several threads are safe.

    `name` is "OpenVINO", "ONNX Runtime" or "TensorRT"; `device` is what it really runs on: "cpu", "cuda" or one of
    OpenVINO's in small letters; `precision` is that of the convolutions: "f32", "bf16" or "f16". `at_once` is how many
    threads it paints fastest for: 1 where a frame has the whole machine.
    """

    name: str
    device: str
    precision: str
    at_once: int

    def run(self, feeds: Feeds) -> Image:
        """The painted frame, `(H, W, 3) uint8` in memory of its own; raises what the engine raises."""

    def prepare(self, height: int, width: int) -> None:
        """Make frames of this size as fast as they get; returns when they are."""

    def ready(self, height: int, width: int) -> bool:
        """Whether they are."""


@dataclass(frozen=True)
class Wanted:
    """What the user asks for: an engine of ENGINES, a device of DEVICES or one of OpenVINO's, a precision of
    PRECISIONS, and how many `threads` of the processor, 0 for one per core."""

    engine: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0


class Unavailable(Exception):
    """An engine or device that can't be used here; says why, without the full stop.

    `quiet` where that is no news to someone who has not asked for it.
    """

    def __init__(self, why: str, quiet: bool = False) -> None:
        super().__init__(why)
        self.quiet = quiet


def reason(error: Exception) -> str:
    """Why an engine failed, in its own words but one line, without the places in its source."""
    lines = [line.strip() for line in str(error).splitlines() if not line.startswith("Exception from ")]
    return next((line[:200] for line in lines if line), type(error).__name__)
