"""Pictures that stand where a style's name does, as in `--style mine.jpg`: told from names, and bound to a trunk.

Standard library only, as the command line asks it before anything heavy is loaded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from realtime.styles.onnx_file import read_predictor
from realtime.suffixes import READABLE
from weights.card import Card, StylePicture
from weights.catalog import Style
from weights.errors import InputError
from weights.folders import Folders, as_path

PREDICTOR = "predictor.onnx"
"""The file, in a folder of styles, that predicts a style from a picture."""

METHOD = "predicted"
"""The `method` of such a style's card."""

_LONGEST = 80  # letters of a title


def is_picture(name: str) -> bool:
    """Whether `name` is a file rather than a style's name: by the suffix of a picture, or as a file that is there."""
    suffix = Path(name).suffix
    return suffix.lower() in READABLE or (bool(suffix) and is_file(name))


def is_file(name: str) -> bool:
    """Whether there is a file `name`, whatever characters it is made of."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def slug(text: str) -> str:
    """`text` as a style's name, as in `my-garden` for "My Garden!"; "picture" where nothing of it can stay."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain))[:_LONGEST].strip("-") or "picture"


def title_of(text: str) -> str:
    """`text` as people may be shown it, without what no terminal should be sent; its slug where nothing is left."""
    return "".join(c for c in text if c.isprintable()).strip()[:_LONGEST] or slug(text)


def predictor_file(folders: Folders | None = None) -> Path:
    """The predictor of the first folder that has one; raises InputError where there is none."""
    path = as_path(folders)
    for folder in path:
        if (folder / PREDICTOR).is_file():
            return folder / PREDICTOR
    places = " or ".join(map(str, path))
    raise InputError(
        f"A picture becomes a style by {PREDICTOR}, which is not in {places}: name its folder (--weights)."
    )


@lru_cache(maxsize=4)
def _card_of(predictor: Path, _time: int, _size: int) -> Card:
    """The card in the file, which has tens of megabytes: read once for as long as it is the same."""
    return read_predictor(predictor).card


def style_of(picture: Path, styles: Iterable[Style], folders: Folders | None = None) -> Style:
    """What is known of the style of `picture` before it is predicted: a card, and the trunk among `styles`.

    Raises InputError where there is no such picture, no predictor, or none for a trunk that is installed.
    """
    if not is_file(str(picture)):
        raise InputError(f"There is no picture {picture}: check the name.")
    file = predictor_file(folders)
    state = file.stat()
    made = _card_of(file, state.st_mtime_ns, state.st_size)
    known = [s for s in styles if s.vector and s.model and s.card.trunk_hash == made.trunk_hash and made.trunk_hash]
    if not known:
        raise InputError(
            f"{file} predicts styles of another trunk than those installed: put the one that came with them back."
        )
    title = title_of(picture.stem)
    card = replace(
        known[0].card,
        name=slug(picture.stem),
        title=title,
        method=METHOD,
        picture=StylePicture(title),
        license="",
        training={"predicted from": title_of(picture.name)},
        parity=None,
        commit=made.commit,
    )
    return Style(card, known[0].model, known[0].sha256)
