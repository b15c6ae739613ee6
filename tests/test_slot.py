"""The newest item wins, and who waits is woken."""

from __future__ import annotations

import threading

from realtime.live.slot import Slot


def test_slot_newest_wins() -> None:
    slot: Slot[int] = Slot()
    assert slot.take() is None
    slot.put(1)
    slot.put(2)
    slot.offer(3)
    assert slot.dropped == 1
    assert slot.take() == 2
    slot.offer(4)
    assert slot.take() == 4


def test_slot_wakes_who_waits() -> None:
    slot: Slot[int] = Slot()
    threading.Timer(0.02, slot.take).start()  # another taker, who finds nothing, must not end the wait
    threading.Timer(0.05, slot.put, [7]).start()
    assert slot.take(5) == 7
    assert slot.wait_empty(0)
    slot.put(8)
    assert not slot.wait_empty(0.01)
    threading.Timer(0.05, slot.take).start()
    assert slot.wait_empty(5)
