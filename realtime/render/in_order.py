"""Several pictures painted at a time where the engine has room for them, and handed on in their order all the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from realtime.render.picture import Picture


def in_order(do: Callable[[Picture], Any], items: Iterable[Any], at_once: int) -> Generator[Any, None, None]:
    """What `do` makes of each Picture of `items`, and the other items as they are, in their order.

    `at_once` pictures are done at a time, each in a thread of its own; a single one in the caller's. Raises what `do`
    raises, in its turn. Closing the iterator waits for what is being done.
    """
    if at_once == 1:
        yield from (do(item) if isinstance(item, Picture) else item for item in items)
        return
    going: deque[Any] = deque()
    with ThreadPoolExecutor(at_once, "paint") as pool:
        for item in items:
            going.append(pool.submit(do, item) if isinstance(item, Picture) else item)
            while going and (not isinstance(going[0], Future) or _pictures(going) == at_once):
                yield _done(going.popleft())
        while going:
            yield _done(going.popleft())


def _pictures(going: deque[Any]) -> int:
    return sum(isinstance(item, Future) for item in going)


def _done(item: Any) -> Any:
    return item.result() if isinstance(item, Future) else item
