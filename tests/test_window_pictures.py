"""Pictures of the window, kept: what one sees does not change unless somebody means it, and has looked at it.

    python -m pytest tests/test_window_pictures.py --update-golden

writes them anew, at half their size. Letters are drawn in a font of the tests' own, so that machines agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from realtime.frames import Image
from realtime.live.meter import Speed
from realtime.live.sources import Source
from realtime.stills import StillPicture, read_still, write_still
from realtime.window.outgoing import Outgoing
from realtime.window.showing import Showing
from realtime.window.status import Standing
from realtime.window.window import Window
from tests.conftest import picture
from tests.window_fakes import Open, press, until
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QFont, QFontDatabase, QImage
from PyQt5.QtWidgets import QApplication

KEPT = Path(__file__).with_name("golden") / "window"
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
BLOCK, MOST = 15, 6.0
"""No part of so many pixels of what is kept may be further off, in the mean: an icon less is 10 or more off."""

STANDING = Standing("CPU · OpenVINO bf16", "", (720, 1280), (360, 640), Speed(29.8, 18.2, 24.4, 60), 41.0, 3)


@pytest.fixture(autouse=True)
def still(application: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing moves, and letters are everywhere the same."""
    before = application.font()
    (family,) = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(FONT)))
    application.setFont(QFont(family, 10))
    monkeypatch.setattr("realtime.window.showing.REMARK_SECONDS", 0.0)
    monkeypatch.setattr(Showing, "_standing", lambda _: STANDING)
    yield
    application.setFont(before)


def no_camera(_: str) -> Source:
    raise InputError("There is no camera 0 here (no camera is plugged in): plug one in, or give --source a clip.")


def browse(window: Window) -> None:
    strip, names = window.browsing.strip, window.gallery.tiles.all()
    strip.browse("green", {name: window.chooser.title(name) for name in names}, names)
    window.browsing.lie()


def compact(window: Window) -> None:
    press(window, Qt.Key.Key_H)
    window.view.show_count(2)


SCENES: dict[str, tuple[tuple[int, int], Callable[[Window], object]]] = {
    "usual": ((960, 600), lambda window: None),
    "small": ((640, 480), lambda window: None),
    "split": ((960, 600), lambda window: press(window, Qt.Key.Key_V)),
    "blend": ((960, 600), lambda window: window.chooser.pair("blue")),
    "browsing": ((960, 600), browse),
    "keys": ((640, 480), lambda window: window.card.toggle()),
    "words": ((960, 600), lambda w: w.showing.words.complain("The disk is full: " + "what was recorded plays. " * 4)),
    "compact": ((640, 480), compact),
    "welcome": ((960, 600), lambda window: None),
}


def settled(window: Window) -> bool:
    """Whether the picture shown is the one that stays."""
    used, shown = window.live._styling.in_use, window.showing.painted
    return used is not None and shown is not None and used.style == window.live.style and not used.fading(shown.began)


def grabbed(application: QApplication, opened: Open, pack: Path, scene: str) -> Image:
    """The window as it looks in a scene, at half its size, `(H, W, 3) uint8 RGB`."""
    size, does = SCENES[scene]
    window = opened(pack, "red", no_camera) if scene == "welcome" else opened(pack, "red")
    window.resize(*size)
    for number, name in enumerate(window.gallery.tiles.all()):
        window.browsing.show_still(name, np.roll(picture(60, 80), number, axis=2))
    if scene == "welcome":
        until(application, window.showing.welcome.isVisible)
    else:
        until(application, lambda: window.view.image is not None)
    does(window)
    until(application, lambda: scene == "welcome" or settled(window))
    window.refresh()
    application.processEvents()
    window.bar.buttons["source"].setText(" steady.mp4")
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    w, h = image.width(), image.height()
    bits = image.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8).reshape(h, image.bytesPerLine())
    whole = rows[:, : 3 * w].reshape(h, w, 3)
    return np.asarray(cv2.resize(whole, (size[0] // 2, size[1] // 2), interpolation=cv2.INTER_AREA), np.uint8)


def difference(seen: Image, kept: Image) -> float:
    """How far the part that differs most is off, in 1/255 in the mean of BLOCK pixels squared."""
    off = np.abs(seen.astype(float) - kept).max(axis=2)
    h, w = off.shape
    blocks = off[: h // BLOCK * BLOCK, : w // BLOCK * BLOCK].reshape(h // BLOCK, BLOCK, -1, BLOCK)
    return float(blocks.mean(axis=(1, 3)).max())


@pytest.mark.parametrize("scene", SCENES)
def test_the_window_looks_as_it_did(
    application: QApplication,
    opened: Open,
    pack: Path,
    scene: str,
    update_golden: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if scene in ("words", "compact"):
        monkeypatch.setattr(Outgoing, "seconds", property(lambda _: 65.0))
    seen, kept = grabbed(application, opened, pack, scene), KEPT / f"{scene}.png"
    if update_golden:
        KEPT.mkdir(exist_ok=True)
        write_still(StillPicture(seen), kept)
    assert difference(seen, read_still(kept).image) < MOST, "see --update-golden"


def test_a_slider_elsewhere_or_a_button_less_is_seen(application: QApplication, opened: Open, pack: Path) -> None:
    kept = read_still(KEPT / "usual.png").image
    seen = grabbed(application, opened, pack, "usual")
    assert difference(seen, kept) < MOST
    for top, left in ((2, 370), (277, 5)):  # where two of the bar's buttons and the first slider are
        other = seen.copy()
        other[top : top + 18, left : left + 60] = seen[20, 5]
        assert difference(other, kept) > MOST


def test_there_is_one_picture_for_each_scene() -> None:
    assert {path.stem for path in KEPT.glob("*.png")} == set(SCENES)
