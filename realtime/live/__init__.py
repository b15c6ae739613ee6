"""The live side without its window: sources, the loop that paints them, and how fast it goes. Threads, but no Qt.

>>> from realtime.live import Live
"""

from realtime.live.loop import Live, Painted, Settings

__all__ = ["Live", "Painted", "Settings"]
