"""The method of Gatys, Ecker & Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks".

    python -m gatys photo.jpg painting.jpg -o out.png

paints one photo by optimisation over its pixels: minutes for a picture, and the best that these losses can give.
Beside the picture it writes out.json (settings, losses) and out-loss.png. Departures from the paper, each an option:
the photo instead of noise to start from, sizes from coarse to fine, pixels kept between black and white.
"""

from __future__ import annotations

import sys

from gatys.cli import parse_settings
from gatys.render import render_file
from weights.errors import exit_code


def main() -> int:
    """The command line; returns 130 where Ctrl-C ended the run."""
    settings = parse_settings("python -m gatys", __doc__)
    rendering = render_file(settings)
    terms = "  ".join(f"{name} {value:.4g}" for name, value in rendering.terms.items())
    print(f"{settings.output}: {terms}, {rendering.seconds:.0f} s")
    return 0 if rendering.complete else 130


if __name__ == "__main__":
    sys.exit(exit_code(main))
