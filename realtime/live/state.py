"""How a live view stands: a value with words, which lasts as long as its cause."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum

from weights.errors import InputError

_log = logging.getLogger(__name__)


class Condition(Enum):
    """What the view, or a part of it, is at."""

    OPENING = "opening"
    RUNNING = "running"
    SOURCE_LOST = "source lost"
    STYLE_BROKEN = "style broken"
    OUTPUT_BROKEN = "output broken"
    ENDED = "ended"


@dataclass(frozen=True)
class State:
    """A condition in `words`, "" where there is nothing to say; `unforeseen` where it came from a bug.

    The traceback of each failure, foreseen or not, is in the log.
    """

    condition: Condition
    words: str = ""
    unforeseen: bool = False

    @property
    def well(self) -> bool:
        """Whether nothing is broken and nothing is awaited."""
        return self.condition in (Condition.RUNNING, Condition.ENDED)


def failed(condition: Condition, error: BaseException, before: State | None = None) -> State:
    """The state that `error` leads to, in a sentence; the log gets it whole, unless it was so `before` already."""
    unforeseen = not isinstance(error, InputError)
    words = f"Something broke in Livebrush ({type(error).__name__}: {error})." if unforeseen else str(error)
    state = State(condition, words, unforeseen)
    if before is None or not before.words.startswith(words):
        _log.log(logging.ERROR if unforeseen else logging.WARNING, "%s: %s", condition.value, words, exc_info=error)
    return state
