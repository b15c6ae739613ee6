"""The card: what a style says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from weights.errors import InputError

METADATA_KEY = "livebrush"
"""The key of the card's JSON in safetensors and ONNX metadata."""

VECTOR_KEY = "style"
"""The name of a style vector: the tensor in its .safetensors file, the input of its trunk's .onnx file."""

PREDICTOR = "predictor"
"""The architecture of what predicts style vectors; its files are called so too."""

MAX_CARD = 64 * 1024
"""The longest card in characters; those of this project have one to three thousand."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and halves of characters: nothing that a terminal should be sent."""


@dataclass(frozen=True)
class StylePicture:
    """The painting (or the folder of paintings) that a style was learned from."""

    title: str = ""
    """As 'The Starry Night' or 'Pen drawings of landscapes'; the style's name if empty."""
    painter: str = ""
    """Who painted it."""
    year: str = ""
    """When."""
    license: str = ""
    """Its licence, in words."""

    def title_for(self, name: str) -> str:
        """The title of the style `name`: the picture's own, else made of the name."""
        return self.title or name.replace("-", " ").title()


@dataclass(frozen=True)
class Card:
    """What a weight file says about itself; it travels as JSON inside the file's metadata.

    `architecture` and `arguments` rebuild the network (`training.generators.build`); `stride` is the multiple to
    which a frame is padded; `trunk` names the shared network where the style is a vector for one, and `trunk_hash` is
    the sha256 of that network's numbers (`training.checkpoint.trunk_hash`), in the trunk's own card too; `training` is
    a summary for people (settings, steps, losses); `parity` is the largest difference, in 1/255, that export measured
    between torch and ONNX Runtime, None before export.
    """

    name: str
    title: str
    method: str
    architecture: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    stride: int = 4
    trunk: str = ""
    trunk_hash: str = ""
    picture: StylePicture = StylePicture()
    license: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    parity: float | None = None
    commit: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"The style name {self.name!r} won't do: use lower-case letters, digits and dashes, as in 'great-wave'."
            )

    @property
    def is_vector(self) -> bool:
        """Whether this is a style of a trunk's, rather than a network of its own or what predicts such styles."""
        return bool(self.trunk) and not self.is_predictor

    @property
    def is_predictor(self) -> bool:
        """Whether this predicts styles of its trunk from pictures."""
        return self.architecture == PREDICTOR

    def check_trunk(self, trunk: Card, where: Path | str) -> None:
        """Raise InputError, naming the vector's file `where`, unless this style was made for `trunk` itself.

        Names don't say: a trunk trained anew has the old one's name, and would paint the old one's styles as noise.
        """
        if not self.trunk_hash or self.trunk_hash != trunk.trunk_hash:
            again = "train another predictor" if self.is_predictor else "fit the style again"
            again += f" with python -m training.{'predictor' if self.is_predictor else 'newstyle'}"
            raise InputError(
                f"{where} belongs to another trunk called {self.trunk} than the one here: "
                f"give or export its own trunk, or {again}."
            )

    def to_json(self) -> str:
        """The card as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str = "the file") -> Card:
        """The card in `text`; keys of a newer version are passed over. Raises InputError, naming `where`."""
        try:
            if len(text) > MAX_CARD:
                raise ValueError(f"{len(text)} characters are no card")
            return cls.from_dict(json.loads(text))
        except DAMAGE as error:
            raise InputError(f"The card in {where} can't be read ({error}): export the style again.") from error

    @classmethod
    def from_dict(cls, values: Any) -> Card:
        """The card that `json.loads` gave; raises one of `DAMAGE`."""
        own = _known(cls, values)
        if not _NAME.fullmatch(own["name"]):
            raise ValueError(f"its name is {own['name']!r}")
        if own.get("stride", 1) < 1:
            raise ValueError(f"its stride is {own['stride']}")
        picture = StylePicture(**_known(StylePicture, own.get("picture") or {}))
        return cls(**{**own, "picture": picture})


DAMAGE = (ValueError, TypeError, KeyError, RecursionError)
"""What reading JSON that isn't as expected raises."""

_KINDS: Mapping[str, tuple[Any, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "float | None": ((float, int, type(None)), "a number"),
    "Mapping[str, Any]": (dict, "an object"),
    "StylePicture": ((dict, type(None)), "an object"),
}
"""What JSON must hold for a field, by the field's annotation; and in words."""


def _known(kind: Any, values: Any) -> dict[str, Any]:
    """The fields of the dataclass `kind` that `values` has. Raises TypeError where one is of another type."""
    if not isinstance(values, dict):
        raise TypeError(f"{type(values).__name__} where an object belongs")
    known = {f.name: values[f.name] for f in fields(kind) if f.name in values}
    for f in fields(kind):
        types, words = _KINDS[str(f.type)]
        if f.name in known and not isinstance(known[f.name], types):
            raise TypeError(f"its {f.name} is not {words}")
        if isinstance(known.get(f.name), str) and _UNPRINTABLE.search(known[f.name]):
            raise ValueError(f"its {f.name} holds control characters")
    return known
