"""What a source is, told from its text alone."""

from __future__ import annotations

from pathlib import Path

from realtime.suffixes import READABLE

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "big-buck-bunny.mp4"
"""Big Buck Bunny, by the Blender Foundation: what there is to paint without a camera."""

CLIPS = frozenset((".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif", ".mpg", ".mpeg", ".ts", ".ogv", ".wmv"))
"""Suffixes that a file dialog offers; others can be opened too."""


def is_camera(source: str) -> bool:
    """Whether what names a source names a camera: no address, no file, and no file that has gone."""
    path = Path(source)
    return bool(source) and "://" not in source and not path.exists() and path.suffix.lower() not in CLIPS | READABLE
