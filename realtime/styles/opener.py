"""From a style's name to a stylizer, whether it is a network of its own, a vector for a trunk or a blend of such."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from realtime.styles.blends import Part, find_blend, name_of
from realtime.styles.stylizer import Stylizer
from realtime.styles.vectors import Vector, mix, read_vector
from weights.card import WEIGHTS, Card, Entry, sha256
from weights.errors import InputError

_KEPT = 2  # networks kept open: the one in use and the one before it; more would cost memory for each


@dataclass(frozen=True)
class _Network:
    sha256: str
    stylizer: Stylizer


class Opener:
    """Opens the styles of `folder` by name, on one device; styles of one trunk share one session.

    >>> opened = Opener()
    >>> paint = opened("starry-night")
    >>> paint = opened("starry-night:0.6,the-scream:0.4")    # of the same trunk: nothing is loaded again

    Calls from several threads are safe.
    """

    def __init__(self, folder: Path = WEIGHTS, device: str = "auto", threads: int = 0) -> None:
        """`device` and `threads` are `Stylizer`'s."""
        self._folder, self._device, self._threads = folder, device, threads
        self._networks: OrderedDict[Path, _Network] = OrderedDict()  # the last used at the end
        self._lock = threading.Lock()

    def __call__(self, style: str) -> Stylizer:
        """The stylizer of `style`, a name or a blend; raises InputError where it isn't installed or is damaged."""
        parts = find_blend(style, self._folder)
        first = parts[0].entry
        network = self._network(first)
        if bool(first.vector) != bool(network.style_length):
            raise InputError(f"{network.path} is not what the catalogue says of {first.card.name}: export it again.")
        if not first.vector:
            return network
        vector = self._vector(parts, network.style_length)
        return network.with_vector(vector, _card(style, parts, network.card))

    def _network(self, entry: Entry) -> Stylizer:
        """The network of `entry`, opened once for as long as the catalogue says the same of its file."""
        path = self._folder / entry.model
        with self._lock:
            kept = self._networks.get(path)
            if kept is None or kept.sha256 != entry.sha256:
                _check_file(path, entry)
                kept = self._networks[path] = _Network(entry.sha256, Stylizer(path, self._device, self._threads))
            self._networks.move_to_end(path)
            while len(self._networks) > _KEPT:
                self._networks.popitem(last=False)
            return kept.stylizer

    def _vector(self, parts: list[Part], length: int) -> Vector:
        vectors = [read_vector(self._folder / part.entry.vector, length) for part in parts]
        return vectors[0] if len(vectors) == 1 else mix(vectors, [part.weight for part in parts])


def open_style(style: str, folder: Path = WEIGHTS, device: str = "auto", threads: int = 0) -> Stylizer:
    """The stylizer of `style`, a name or a blend; raises InputError where it isn't installed or is damaged.

    >>> paint = open_style("starry-night:0.6,the-scream:0.4")
    >>> painted = paint(frame, strength=0.8)
    """
    return Opener(folder, device, threads)(style)


def _check_file(path: Path, entry: Entry) -> None:
    name = entry.card.name
    if not path.is_file():
        raise InputError(f"The style {name} is in the catalogue, but its file {path} is missing: export it again.")
    if sha256(path) != entry.sha256:
        raise InputError(f"The file {path} is not the one in the catalogue (damaged or replaced): export {name} again.")


def _card(style: str, parts: list[Part], trunk: Card) -> Card:
    """What is said of a style of a trunk; a blend has its trunk's card under a name and title of its own."""
    if len(parts) == 1:
        return parts[0].entry.card
    title = ", ".join(f"{part.entry.card.title} {part.weight:.0%}" for part in parts)
    return replace(trunk, name=name_of(style), title=title)
