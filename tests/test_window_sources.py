"""Where the picture comes from, in the window: cameras by name, files that are dropped, streams that die and return."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.live import capture
from realtime.live.camera_names import Found
from realtime.live.sources import Source, open_source
from realtime.window import sources_menu
from realtime.window.source_kinds import SAMPLE
from realtime.window.window import Window
from tests.conftest import MakeClip, picture
from tests.stream_server import StreamServer
from tests.window_fakes import Open, Steady, click, held, shows, until
from weights.catalog import write_catalog
from weights.errors import InputError

# isort: split
from PyQt5.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QAction, QApplication

HD, GRABBER = Found("HD Webcam", "HD Webcam", 0), Found("Grabber", "Grabber", 2)


def entries(window: Window) -> dict[str, QAction]:
    return {action.text(): action for action in window.sources.actions()}


def test_cameras_are_chosen_by_name_and_found_while_the_menu_is_open(
    application: QApplication, opened: Open, styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources_menu, "_AGAIN_MS", 20)
    there: list[Found] = []
    window = opened(styles, "negative", cameras=lambda: list(there))
    window.sources.popup(window.mapToGlobal(window.rect().center()))
    until(application, lambda: "No camera is plugged in" in entries(window))
    there += [HD, GRABBER]
    until(application, lambda: {"HD Webcam", "Grabber"} <= set(entries(window)))
    entries(window)["Grabber"].trigger()
    assert window.live.source == "Grabber"
    window.sources.close()
    window.refresh()
    assert window.windowTitle() == "Grabber - Livebrush"
    window.sources.look()
    assert entries(window)["Grabber"].isChecked()
    modes = entries(window)["Size and rate"].menu()
    assert modes is not None
    next(action for action in modes.actions() if "1280" in action.text()).trigger()
    assert window.live.source.startswith("Grabber@1280x720@")
    window.sources.look()
    assert entries(window)["Grabber"].isChecked()


def test_a_file_that_is_dropped_is_painted(
    application: QApplication, opened: Open, styles: Path, make_clip: MakeClip
) -> None:
    window = opened(styles, "same", lambda name: Steady() if name == "steady.mp4" else open_source(name, loop=True))
    until(application, lambda: window.view.image is not None)
    data, clip = QMimeData(), make_clip("my clip.mp4", size=(36, 64))
    data.setUrls([QUrl.fromLocalFile(str(clip))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(window.rect().center(), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(window.rect().center()), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(window, drop)
    until(application, lambda: window.view.image is not None and window.view.image.shape[:2] == (36, 64))
    assert window.windowTitle() == "my clip.mp4 - Livebrush"


def test_without_a_camera_it_says_what_to_do_and_offers_the_sample(
    application: QApplication, opened: Open, styles: Path
) -> None:
    def source(name: str) -> Source:
        if name == str(SAMPLE):
            return Steady()
        raise InputError("There is no camera 0 here (no camera is plugged in): plug one in.")

    window = opened(styles, "negative", source)
    welcome = window.showing.welcome
    until(application, welcome.isVisible)
    assert "plug one in" in welcome.words
    click(welcome.play)
    until(application, lambda: shows(window, 255 - picture(48, 64)))
    assert not welcome.isVisible()


def test_without_a_style_it_says_how_to_get_one(application: QApplication, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    write_catalog([], tmp_path / "none")
    window = opened(tmp_path / "none", "")
    until(application, window.showing.welcome.isVisible)
    assert "training.newstyle" in window.showing.welcome.words
    assert not window.showing.welcome.play.isVisible()


@pytest.fixture
def server() -> Iterator[StreamServer]:
    served = StreamServer()
    yield served
    served.kill()


def of_stream(server: StreamServer, opened: Open, styles: Path) -> Window:
    return opened(styles, "negative", lambda _: open_source(server.url))


def test_a_stream_that_stalls_is_said_until_it_goes_on(
    application: QApplication, opened: Open, styles: Path, server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "SILENT_SECONDS", 0.3)
    window = of_stream(server, opened, styles)
    until(application, lambda: window.view.image is not None, 10)
    server.stall()
    until(application, lambda: "Nothing comes from" in window.view.words)
    server.go_on()
    until(application, lambda: "Nothing comes from" not in window.view.words)


def test_a_stream_that_is_killed_and_restarted_comes_back(
    application: QApplication, opened: Open, styles: Path, server: StreamServer
) -> None:
    window = of_stream(server, opened, styles)
    until(application, lambda: window.view.image is not None, 10)
    server.kill()
    until(application, lambda: "Trying again" in window.view.words)
    server.start()
    until(application, lambda: "Trying again" not in window.view.words)


@pytest.mark.slow
def test_a_stream_comes_back_each_of_twenty_times_and_nothing_piles_up(
    application: QApplication, opened: Open, styles: Path, server: StreamServer
) -> None:
    window = of_stream(server, opened, styles)
    until(application, lambda: window.view.image is not None, 10)
    taken, before = [], None
    for _ in range(20):
        server.kill()
        until(application, lambda: "Trying again" in window.view.words, 10)
        shown = window.showing.painted
        server.start()
        began = time.monotonic()
        until(application, lambda: window.showing.painted is not shown and window.live.state.well, 10)  # noqa: B023
        taken.append(time.monotonic() - began)
        before = before or held()
    print(f"back after {max(taken):.2f} s at the latest; threads and files {before} -> {held()}")
    assert max(taken) < 3
    until(application, lambda: all(now <= then for now, then in zip(held(), before or (0, 0), strict=True)))
