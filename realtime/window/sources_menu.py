"""The menu of sources: cameras by name, a clip or a still, an address, the sample clip."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from PyQt5.QtCore import QTimer, pyqtSignal
from PyQt5.QtWidgets import QAction, QActionGroup, QFileDialog, QInputDialog, QMenu, QWidget

from realtime.live.camera_names import MODES, Found, Mode, read_mode, with_mode
from realtime.suffixes import READABLE
from realtime.window.source_kinds import CLIPS, SAMPLE, is_camera

_LOOK_MS = 50
_AGAIN_MS = 2000  # while the menu is open: a camera may be plugged in

Cameras = Callable[[], list[Found]]
"""What cameras there are; it may take its time."""


class SourcesMenu(QMenu):
    """`chosen` is sent with what names a source. Cameras are looked for as long as it is open, off the GUI thread."""

    chosen = pyqtSignal(str)

    def __init__(self, cameras: Cameras, current: Callable[[], str], parent: QWidget) -> None:
        super().__init__("Source", parent)
        self.setToolTipsVisible(True)
        self.setAccessibleName("Sources")
        self._cameras, self._current = cameras, current
        self._found: list[Found] = []
        self._looked = False
        self._looker = ThreadPoolExecutor(1, "cameras")
        self._looking: Future[list[Found]] | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._take)
        self._again_timer = QTimer(self)
        self._again_timer.timeout.connect(self._look)
        self.aboutToShow.connect(self.look)
        self.aboutToHide.connect(self._again_timer.stop)
        self._fill()

    def look(self) -> None:
        """Look for cameras now and again; what was found before stands until then."""
        self._look()
        self._again_timer.start(_AGAIN_MS)
        self._fill()

    def _look(self) -> None:
        if self._looking is None:
            self._looking = self._looker.submit(self._cameras)
            self._timer.start(_LOOK_MS)

    def stop(self) -> None:
        """Look no more."""
        self._again_timer.stop()
        self._timer.stop()
        self._looker.shutdown(wait=False)

    def open_file(self) -> None:
        """Ask for a clip or a still."""
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(CLIPS | READABLE))
        dialog = QFileDialog(
            self.parentWidget(), "Open a clip or a still", "", f"Clips and stills ({suffixes});;All (*)"
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_address(self) -> None:
        """Ask for an address."""
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Open an address")
        dialog.setLabelText("Address of a stream, as http://host/stream or rtsp://host/stream")
        dialog.setTextValue(self._current() if "://" in self._current() else "http://")
        dialog.textValueSelected.connect(lambda text: self.chosen.emit(text.strip()) if "://" in text else None)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take(self) -> None:
        if self._looking is None or not self._looking.done():
            return
        self._timer.stop()
        first, self._looked = not self._looked, True
        looking, self._looking = self._looking, None
        found = looking.result()
        if found != self._found or first:
            self._found = found
            self._fill()

    def _fill(self) -> None:
        self.clear()
        group = QActionGroup(self)
        current, mode = read_mode(self._current())
        for camera in self._found:
            action = self._add(camera.text, f"Paint what {camera.name} sees", partial(self.chosen.emit, camera.text))
            action.setCheckable(True)
            action.setChecked(current in (camera.text, str(camera.index)))
            group.addAction(action)
        if not self._found:
            words = "No camera is plugged in" if self._looked else "Looking for cameras …"
            self._add(words, "Plug one in: it is found while this is open", lambda: None).setEnabled(False)
        if is_camera(current):
            self._add_modes(current, mode)
        self.addSeparator()
        self._add("Open a clip or a still …\tO", "Paint a file; one may be dropped on the window too", self.open_file)
        self._add("Open an address …", "Paint a stream of the network", self.open_address)
        self._add("Sample clip", "Big Buck Bunny, by the Blender Foundation", partial(self.chosen.emit, str(SAMPLE)))
        self.addSeparator()
        self._add("Open it again", "Let go of the source and open it anew", self._again)

    def _add_modes(self, camera: str, current: Mode | None) -> None:
        menu = self.addMenu("Size and rate")
        assert menu is not None
        menu.setToolTipsVisible(True)
        group = QActionGroup(menu)
        for mode in (None, *MODES):
            words = f"{mode.width} x {mode.height}, {mode.fps} fps" if mode else "As it likes"
            action = QAction(words, menu)
            action.setToolTip("The camera takes what it has that is nearest")
            action.setCheckable(True)
            action.setChecked(mode == current)
            action.triggered.connect(partial(self._choose_mode, camera, mode))
            group.addAction(action)
            menu.addAction(action)

    def _choose_mode(self, camera: str, mode: Mode | None, _: bool = False) -> None:
        self.chosen.emit(with_mode(camera, mode))

    def _again(self) -> None:
        self.chosen.emit(self._current())

    def _add(self, words: str, tip: str, does: Callable[[], None]) -> QAction:
        action = QAction(words, self)
        action.setToolTip(tip)
        action.triggered.connect(lambda _=False: does())
        self.addAction(action)
        return action
