"""What a picture's file is called. Standard library only: the command line tells pictures from names by it."""

from __future__ import annotations

HEIC = frozenset((".heic", ".heif"))
ALWAYS_OPAQUE = frozenset((".jpg", ".jpeg", ".jpe", ".bmp", ".dib", ".ppm", ".pgm", ".pbm"))
READABLE = frozenset((".png", ".webp", ".tif", ".tiff", ".jp2", ".avif")) | ALWAYS_OPAQUE | HEIC
WRITABLE = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm"))
