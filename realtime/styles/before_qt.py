"""Loads the library of the inference engine that paints on a processor; on Windows those of all.

Import it before Qt: on Windows the libraries that Qt brings would hide those of an engine.
"""

from __future__ import annotations

import sys

try:
    import realtime.styles.engines_openvino
except (ImportError, OSError):
    import realtime.styles.engines_onnxruntime
if sys.platform == "win32":
    import realtime.styles.engines_onnxruntime  # noqa: F401
