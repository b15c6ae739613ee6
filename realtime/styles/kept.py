"""The user's own styles: a picture's or a blend's is kept under a name in the user's folder, renamed and removed.

>>> keep_style("mine.jpg", "My Garden", Opener())    # installed_styles() lists my-garden from now on
>>> rename_style("my-garden", "Our Garden")
>>> remove_style("our-garden")
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from realtime.frames import Image, resize
from realtime.stills import StillPicture, read_still, write_still
from realtime.styles.blends import Part, find_blend
from realtime.styles.opener import Opener
from realtime.styles.pictures import METHOD, slug, title_of
from realtime.styles.refined import Origin, digest_of
from realtime.styles.vectors import Vector, read_vector
from weights.card import METADATA_KEY, VECTOR_KEY, Card, StylePicture
from weights.catalog import CATALOG, Entry, Style, find_style, installed_styles, read_catalog
from weights.errors import InputError
from weights.files import sha256
from weights.folders import thumbnail_path, user_folder
from weights.install import install, staging, uninstall

_PHOTO = Path(__file__).resolve().parents[1] / "samples" / "astronaut.jpg"
_DIGEST = "sha256 of "
_CROP, _THUMBNAIL = (384, 512), (240, 320)  # as export paints those of the styles that come with the program


def keep_style(style: str, name: str, opener: Opener) -> Style:
    """Keep `style`, a picture or a blend as `opener` takes it, in the user's folder, with a thumbnail; returns it.

    `name` may be any text: it becomes the title, and the name what can stay of it. What is kept already under that
    name, of the same picture, is returned as it is. Raises InputError where the name is another style's, or where
    `style` is installed already, is none or can't be kept.
    """
    parts = find_blend(style, opener.folders)
    card = replace(_card_of(parts), **_called(name))
    there = next((s for s in installed_styles(opener.folders) if s.card.name == card.name), None)
    if there is not None and there.model is not None:  # one whose trunk is gone is of no use to anyone
        if there.card.training == card.training and there.card.trunk_hash == card.trunk_hash:
            return there
        raise InputError(f"There is a style called {card.name} already: keep this one under another name.")
    stylizer = opener(style)
    assert stylizer.vector is not None, "_card_of takes styles of a trunk only"
    folder = user_folder("styles")
    with staging(folder) as staged:
        entry = _write(staged, stylizer.vector, Entry(card, "", "", f"{card.name}.safetensors"))
        small = resize(stylizer(_sample()), _THUMBNAIL)
        write_still(StillPicture(small), thumbnail_path(staged, card.name))
        install(folder, staged, [entry])
    return find_style(card.name, (folder, *opener.folders))


def rename_style(name: str, new: str) -> str:
    """Call the user's own style `name` by the text `new`, its new title; returns its new name.

    Raises InputError where it is not the user's or not a trunk's, or where the new name is another style's.
    """
    folder, entry = user_folder("styles"), _own(name)
    if not entry.vector:
        raise InputError(f"The style {name} is a network of its own: export it again under its new name.")
    card = replace(entry.card, **_called(new))
    if card.name != name and any(style.card.name == card.name for style in installed_styles()):
        raise InputError(f"There is a style called {card.name} already: choose another name.")
    vector = read_vector(folder / entry.vector)
    _install_again(vector, replace(entry, card=card, vector=f"{card.name}.safetensors"), name)
    if card.name != name:
        uninstall(folder, name)
    return card.name


def remove_style(name: str) -> None:
    """Remove the user's own style `name` with its files; raises InputError where it is not the user's."""
    _own(name)
    uninstall(user_folder("styles"), name)


def kept_from(origin: Origin) -> list[str]:
    """The names of the user's own styles that were made of `origin`, blends left out."""
    folder = user_folder("styles")
    rows = read_catalog(folder) if (folder / CATALOG).exists() else []
    return [entry.card.name for entry in rows if origin_of(entry.card) == origin]


def origin_of(card: Card) -> Origin | None:
    """What the style of this card was predicted from, None where it is another kind of style."""
    told = [str(value) for key, value in card.training.items() if key.startswith(_DIGEST)]
    return Origin(told[0], card.trunk_hash) if told and card.method == METHOD else None


def grow_kept(origin: Origin, vector: Vector) -> list[str]:
    """Give the styles that `kept_from` names this better `vector`; returns their names. Raises InputError."""
    names = kept_from(origin)
    for name in names:
        _install_again(vector, _own(name), name)
    return names


def is_own(style: Style) -> bool:
    """Whether `style` is the user's own, to be renamed and removed, rather than one that came with the program."""
    return style.folder == user_folder("styles")


def _own(name: str) -> Entry:
    """The row of the user's own style `name`; raises InputError where there is none."""
    folder = user_folder("styles")
    for entry in read_catalog(folder) if (folder / CATALOG).exists() else []:
        if entry.card.name == name:
            return entry
    raise InputError(f"{name} is none of your own styles, which lie in {folder}: only those are renamed and removed.")


def _called(text: str) -> dict[str, Any]:
    """Name and title of a card that a person calls `text`."""
    name, title = slug(text), title_of(text)
    return {"name": name, "title": name.replace("-", " ").title() if title == name else title}


def _card_of(parts: list[Part]) -> Card:
    """What is said of the style of `parts`, but for its name. Raises InputError where it is none to keep."""
    card = parts[0].style.card
    if len(parts) == 1:
        if parts[0].picture is None:
            raise InputError(f"The style {card.name} is installed already: give --style a picture or a blend to keep.")
        return replace(card, training={**card.training, **_digest(parts[0].picture)})
    names = [f"{part.style.card.title} {part.weight:.0%}" for part in parts]
    training = {
        "blended from": names,
        **{k: v for part in parts if part.picture for k, v in _digest(part.picture).items()},
    }
    return replace(
        card, method="blend", picture=StylePicture(", ".join(names)), license="", training=training, parity=None
    )


def _digest(picture: Path) -> Mapping[str, Any]:
    """What tells the picture from another one of its name."""
    return {f"{_DIGEST}{title_of(picture.name)}": digest_of(picture)}


def _install_again(vector: Vector, entry: Entry, before: str) -> None:
    """Put `entry` with `vector` into the user's folder, and the thumbnail of the style that was called `before`."""
    folder = user_folder("styles")
    with staging(folder) as staged:
        again = _write(staged, vector, entry)
        if thumbnail_path(folder, before).is_file():
            thumbnail_path(staged, entry.card.name).parent.mkdir()
            shutil.copyfile(thumbnail_path(folder, before), thumbnail_path(staged, entry.card.name))
        install(folder, staged, [again])


def _write(staged: Path, vector: Vector, entry: Entry) -> Entry:
    """Write the vector file of `entry` into `staged`; returns the entry with its sha256."""
    file = staged / entry.vector
    data = save({VECTOR_KEY: np.ascontiguousarray(vector)}, {METADATA_KEY: entry.card.to_json()})
    file.write_bytes(data)
    return replace(entry, vector_sha256=sha256(file))


def _sample() -> Image:
    """The photo that thumbnails are painted on."""
    h, w = _CROP
    return np.ascontiguousarray(read_still(_PHOTO).image[:h, :w])
