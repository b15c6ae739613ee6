"""Styles ready to paint: no threads, no window, and the only room that knows an inference engine.

>>> from realtime.styles import open_style
>>> paint = open_style("starry-night")
>>> painted = paint(frame, strength=0.8)    # (H, W, 3) uint8 RGB, as the frame
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realtime.styles.opener import Opener, open_style
    from realtime.styles.stylizer import Stylizer

__all__ = ["Opener", "Stylizer", "open_style"]

_HOME = {"Opener": "opener", "Stylizer": "stylizer", "open_style": "opener"}


def __getattr__(name: str) -> Any:
    """The names above, loaded when they are first asked for: the command line reads blends without an engine."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
