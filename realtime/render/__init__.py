"""Files painted whole: every frame at its own time, never one dropped; where each painting goes.

>>> from realtime.render.clip import paint_clip
"""
