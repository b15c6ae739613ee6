"""What keys and buttons do, by the names of `realtime.window.keys`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from realtime.window.outgoing import RECORDING

if TYPE_CHECKING:
    from realtime.window.window import Window


def actions_of(window: Window) -> dict[str, Callable[[], object]]:
    """The actions of `window`."""
    return {
        "search": window.gallery.search.setFocus,
        "star": lambda: window.gallery.star(window.chooser.name),
        "keep": window.own.keep,
        "refine": window.refiner.toggle,
        "rename": window.own.rename,
        "remove": window.own.remove,
        "hold": lambda: window.showing.compare(True),
        "split": lambda: window.split(window.view.divider is None),
        "pause": lambda: window.live.pause(not window.live.paused),
        "open_file": window.sources.open_file,
        "paste": window.drops.paste,
        "snapshot": window.snapshots.take,
        "countdown": window.snapshots.count_down,
        "record": lambda: window.outgoing.switch(RECORDING, not window.outgoing.is_on(RECORDING)),
        "mirror": lambda: window.mirror(not window.view.mirrored),
        "compact": lambda: window.menu.toggles["compact"].toggle(),
        "on_top": lambda: window.menu.toggles["on_top"].toggle(),
        "full_screen": lambda: window.stance.toggle_full_screen(),
        "keys": lambda: window.card.toggle(),
        "leave": window.leave,
    }
