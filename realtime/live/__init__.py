"""The live side without its window: sources, the loop that paints them, and how fast it goes. Threads, but no Qt.

>>> from realtime.live import Live
"""

from realtime.live.loop import Live
from realtime.live.outputs import Output, Painted, QueuedOutput
from realtime.live.state import Condition, State
from realtime.live.styling import Dials

__all__ = ["Condition", "Dials", "Live", "Output", "Painted", "QueuedOutput", "State"]
