"""From a style's name to a stylizer, whether it is a network of its own, a vector for a trunk or a blend of such."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from realtime.styles.blends import Part, find_blend, name_of
from realtime.styles.onnx_file import ModelFile, parse_model, read_bytes
from realtime.styles.pictures import predictor_file
from realtime.styles.stylizer import Stylizer
from realtime.styles.vectors import Vector, mix, read_vector
from weights.card import Card
from weights.catalog import Style
from weights.errors import InputError
from weights.files import sha256
from weights.folders import Folders, as_path

if TYPE_CHECKING:
    from realtime.styles.predictor import Predictor

_KEPT = 2  # networks kept open: the one in use and the one before it; more would cost memory for each
_KEPT_PREDICTIONS = 8  # pictures whose vectors are remembered: blending by a slider opens the same again and again

_State = tuple[Path, int, int]


@dataclass(frozen=True)
class _Network:
    sha256: str
    stylizer: Stylizer


class Opener:
    """Opens the styles of `folders` by name, on one device; styles of one trunk share one session.

    >>> opened = Opener()
    >>> paint = opened("starry-night")
    >>> paint = opened("starry-night:0.6,the-scream:0.4")    # of the same trunk: nothing is loaded again
    >>> paint = opened("mine.jpg")                           # predicted from a picture, for the predictor's trunk

    Calls from several threads are safe.
    """

    def __init__(
        self,
        folders: Folders | None = None,
        device: str = "auto",
        threads: int = 0,
        engine: str = "auto",
        precision: str = "auto",
    ) -> None:
        """`folders` is a search path, None for the user's styles and then those that come with the program.

        The others are `Stylizer`'s.
        """
        self._folders = as_path(folders)
        self._open = partial(Stylizer, device=device, threads=threads, engine=engine, precision=precision)
        self._threads = threads
        self._predictor: tuple[_State, Predictor] | None = None
        self._predictions: dict[_State, Vector] = {}  # the last used at the end
        self._networks: OrderedDict[Path, _Network] = OrderedDict()  # the last used at the end
        self._lock = threading.Lock()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The search path."""
        return self._folders

    def __call__(self, style: str) -> Stylizer:
        """The stylizer of `style`, a name or a blend; raises InputError where it isn't installed or is damaged."""
        parts = find_blend(style, self._folders)
        first = parts[0].style
        network = self._network(first)
        if parts[0].of_trunk != bool(network.style_length):
            raise InputError(f"{network.path} is not what the catalogue says of {first.card.name}: export it again.")
        if not parts[0].of_trunk:
            return network
        vectors = [
            self._predicted(part.picture, network) if part.picture else _vector(part.style, network) for part in parts
        ]
        if any(vector.shape[1] != network.style_length for vector in vectors):
            raise InputError(f"The predictor does not fit {network.path}: put the one that came with it back.")
        vector = vectors[0] if len(vectors) == 1 else mix(vectors, [part.weight for part in parts])
        return network.with_vector(vector, _card(style, parts, network.card))

    def _network(self, style: Style) -> Stylizer:
        """The network of `style`, opened once for as long as the catalogue says the same of its file."""
        path = style.model
        if path is None:
            raise InputError(
                f"{style.card.name} is a style of the trunk {style.card.trunk}, which is in none of "
                f"{', '.join(map(str, self._folders))}: export that trunk, or add its folder with --weights."
            )
        with self._lock:
            kept = self._networks.get(path)
            if kept is None or kept.sha256 != style.sha256:
                kept = self._networks[path] = _Network(style.sha256, self._open(_checked(path, style)))
            self._networks.move_to_end(path)
            while len(self._networks) > _KEPT:
                self._networks.popitem(last=False)
            return kept.stylizer

    def _predicted(self, picture: Path, network: Stylizer) -> Vector:
        """The vectors `(2, L)` of the style of `picture`: as far as it was refined, else predicted.

        It is predicted once for as long as the file is the same.
        """
        from realtime.styles.predictor import Predictor, read_painting  # ONNX Runtime: only where it is needed
        from realtime.styles.refined import refined_vector

        path = predictor_file(self._folders)
        with self._lock:
            if self._predictor is None or self._predictor[0] != _state(path):
                self._predictor = _state(path), Predictor(path, self._threads)
                self._predictions.clear()
            predictor = self._predictor[1]
        predictor.card.check_trunk(network.card, path)
        refined = refined_vector(picture, network.card.trunk_hash, network.style_length)
        if refined is not None:
            return refined
        same = _state(picture)
        vector = self._predictions.pop(same, None)
        if vector is None:
            vector = predictor.predict(read_painting(picture))
        with self._lock:
            self._predictions[same] = vector
            while len(self._predictions) > _KEPT_PREDICTIONS:
                self._predictions.pop(next(iter(self._predictions)))
        return vector


def open_style(
    style: str,
    folders: Folders | None = None,
    device: str = "auto",
    threads: int = 0,
    engine: str = "auto",
    precision: str = "auto",
) -> Stylizer:
    """The stylizer of `style`, a name or a blend; raises InputError where it isn't installed or is damaged.

    >>> paint = open_style("starry-night:0.6,the-scream:0.4")
    >>> painted = paint(frame, strength=0.8)
    """
    return Opener(folders, device, threads, engine, precision)(style)


def _vector(style: Style, network: Stylizer) -> Vector:
    """The vectors of an installed style, `(2, style_length)`, once they are known to be the network's.

    Raises InputError.
    """
    card, file = style.card, style.vector
    assert file is not None, "find_blend mixes vectors only"
    vector = read_vector(file, network.style_length)
    _check_place(file, card.name)
    _check_hash(sha256(file), file, style.vector_sha256, card.name)
    card.check_trunk(network.card, file)
    return vector


def _state(path: Path) -> _State:
    """What changes when the file `path` does: its name, time and size. Raises InputError where it is missing."""
    try:
        state = path.stat()
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}): check the name.") from error
    return path, state.st_mtime_ns, state.st_size


def _checked(path: Path, style: Style) -> ModelFile:
    """The network of `style`, read once: what an engine loads is what the catalogue's hash was compared with."""
    _check_place(path, style.card.name)
    data = read_bytes(path)
    _check_hash(hashlib.sha256(data).hexdigest(), path, style.sha256, style.card.name)
    return parse_model(path, data)


def _check_place(path: Path, name: str) -> None:
    """Raise InputError unless the file of the style `name` is there, in its folder itself."""
    if not path.is_file():
        raise InputError(f"The style {name} is in the catalogue, but its file {path} is missing: export it again.")
    if path.resolve().parent != path.parent.resolve():
        raise InputError(f"{path} is a link out of its folder: put the file itself there, or export {name} again.")


def _check_hash(found: str, path: Path, digest: str, name: str) -> None:
    """Raise InputError unless `path`, whose sha256 is `found`, is the file that the catalogue tells of."""
    if found != digest:
        raise InputError(f"The file {path} is not the one in the catalogue (damaged or replaced): export {name} again.")


def _card(style: str, parts: list[Part], trunk: Card) -> Card:
    """What is said of a style of a trunk; a blend has its trunk's card under a name and title of its own."""
    if len(parts) == 1:
        return parts[0].style.card
    title = ", ".join(f"{part.style.card.title} {part.weight:.0%}" for part in parts)
    return replace(trunk, name=name_of(style), title=title)
