"""One painted frame of a clip, as a picture: what a look comes to, before the clip is painted."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from realtime.frames import fit_alpha, resize
from realtime.layout import Layout
from realtime.render.opened import open_clip, pictures_of
from realtime.render.painter import Painter
from realtime.render.reader import ClipReader
from realtime.stills import StillPicture, write_still
from realtime.timeline import Trim
from weights.errors import InputError
from weights.files import not_the_original


def paint_preview(
    source: Path, target: Path, painter: Painter, layout: Layout, trim: Trim, rate: Fraction, at: Fraction | None = None
) -> list[str]:
    """Paint the frame of the clip `source` that is seen `at` its second (None: in the middle of `trim`) to `target`.

    Its pixels become square. It is painted by itself, not held steady. Returns notes in words. Raises InputError.
    """
    not_the_original(target, source)
    if at is None:
        with open_clip(source, rate=rate) as reader:
            at = trim.start + (0 if reader.length is None else trim.length_in(reader.length) / 2)
    with open_clip(source, layout, Trim(at), rate) as reader:
        try:
            picture = next(pictures_of(reader))
        except InputError:
            if reader.form is None:
                raise
            raise InputError(f"{source} ends before second {float(at):g}: give an earlier one with --at.") from None
        assert reader.form is not None, "it is known from the first picture on"
        aspect = reader.form.aspect
    painted = painter.picture(picture).finished()
    height, width = painted.image.shape[:2]
    image = resize(painted.image, (height, round(width * aspect) if aspect else width))
    alpha = None if painted.alpha is None else fit_alpha(painted.alpha, (height, image.shape[1]))
    write_still(StillPicture(image, alpha), target)
    return reader.losses.of_tone() if isinstance(reader, ClipReader) else []
