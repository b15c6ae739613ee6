"""How each picture of a clip is painted: in one style, or in those of a schedule, with cross-fades between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from realtime.frames import Image, mixed
from realtime.render.picture import Picture
from realtime.styles.fade import part_of
from realtime.styles.vectors import Vector, mix


class Paints(Protocol):
    """What is asked of a stylizer."""

    @property
    def network(self) -> object:
        """What stylizers of one trunk, and no others, have in common."""

    @property
    def vector(self) -> Vector | None:
        """The style's vector, None in a network of its own."""

    @property
    def at_once(self) -> int:
        """How many threads it paints fastest for."""

    def with_vector(self, vector: Vector) -> Paints:
        """The same trunk with another vector, at no cost."""

    def prepare(self, height: int, width: int) -> None:
        """Make frames of this size as fast as they get."""

    def __call__(self, image: Image, strength: float = ..., keep_colors: float = ..., stroke: float = ...) -> Image:
        """The painted picture."""


@dataclass(frozen=True)
class Dials:
    """What holds for the whole clip, each in [0, 1]."""

    strength: float = 1.0
    keep_colors: float = 0.0
    stroke: float = 1.0


class Painter:
    """Paints pictures in the style of `steps` that their time asks for.

    A step is the second of the clip from which on its style paints, and the style, opened; the first one paints what
    lies before it, too. A style is reached over `fade` seconds: within a trunk by way of its vectors, each picture
    being painted once, else by both paintings laid over one another.

    >>> painter = Painter([(Fraction(0), open_style("starry-night")), (Fraction(5), open_style("great-wave"))])
    >>> painter(image, Fraction(11, 2))
    """

    def __init__(self, steps: Sequence[tuple[Fraction, Paints]], fade: float = 1.0, dials: Dials = Dials()) -> None:
        self._steps, self._fade, self._dials = steps, fade, dials

    @property
    def at_once(self) -> int:
        """How many pictures are painted fastest at a time, each by a thread of its own."""
        return min(stylizer.at_once for _, stylizer in self._steps)

    def picture(self, picture: Picture) -> Picture:
        """`picture`, painted. Where a style comes at once, another scene begins."""
        scene = 0 if self._fade else self._step(picture.seconds)
        return replace(picture, image=self(picture.image, picture.seconds), scene=scene)

    def __call__(self, image: Image, seconds: Fraction = Fraction(0)) -> Image:
        """The painting of `image` as it is shown at `seconds`."""
        painted, done = image, 0.0
        for stylizer, share in self._looks(seconds):
            stylizer.prepare(*image.shape[:2])  # from the first frame on, so that a job done twice gives the same twice
            dials = self._dials
            other = stylizer(image, strength=dials.strength, keep_colors=dials.keep_colors, stroke=dials.stroke)
            done += share
            painted = other if done == share else mixed(painted, other, share / done)
        return painted

    def _step(self, seconds: Fraction) -> int:
        return max((number for number, (time, _) in enumerate(self._steps) if time <= seconds), default=0)

    def _looks(self, seconds: Fraction) -> list[tuple[Paints, float]]:
        """What paints at `seconds`, each with its share; one for each network."""
        left, shares = 1.0, []
        for number in range(self._step(seconds), -1, -1):
            time, stylizer = self._steps[number]
            part = part_of(float(time), self._fade, float(seconds)) if number else 1.0
            shares.append((stylizer, left * part))
            left *= 1 - part
        networks: dict[int, list[tuple[Paints, float]]] = {}
        for stylizer, share in reversed(shares):
            if share > 0:
                networks.setdefault(id(stylizer.network), []).append((stylizer, share))
        return [_as_one(looks) for looks in networks.values()]


def _as_one(looks: list[tuple[Paints, float]]) -> tuple[Paints, float]:
    """The `looks` of one network as one, and their share together."""
    stylizer, whole = looks[-1][0], sum(share for _, share in looks)
    vectors = [look.vector for look, _ in looks if look.vector is not None]
    if len(looks) == 1 or len(vectors) < len(looks):
        return stylizer, whole
    return stylizer.with_vector(mix(vectors, [share / whole for _, share in looks])), whole
