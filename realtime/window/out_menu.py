"""The menu of what leaves the window: snapshots, the recording, the address, the virtual camera."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QAction, QApplication, QMenu, QWidget

from realtime.window.keys import tip
from realtime.window.outgoing import CAMERA, NETWORK, RECORDING, Outgoing

_OUTPUTS = {
    RECORDING: ("Record", "Record every frame that is painted, into an MP4"),
    NETWORK: ("Show at an address of this machine", "Moving JPEG over HTTP: OBS and every browser show it"),
    CAMERA: ("Be a virtual camera", "Other programs can choose it as a camera; needs pyvirtualcam and a driver"),
}

TOGGLES = {
    "microphone": ("Record with the microphone", "From the next recording on; where there is none it is said"),
    "mirror_saved": ("Mirror it as shown", "What is saved and sent is mirrored only with this"),
}


class OutMenu(QMenu):
    """Switches the outputs of `outgoing`; `actions` does by name what keys do, too; files lie in `folder`."""

    def __init__(
        self, outgoing: Outgoing, actions: Mapping[str, Callable[[], object]], folder: Path, parent: QWidget
    ) -> None:
        super().__init__("Save and send", parent)
        self.setToolTipsVisible(True)
        self.setAccessibleName("Save and send")
        self._outgoing = outgoing
        self.outputs: dict[str, QAction] = {}
        self.toggles: dict[str, QAction] = {}
        self._add("Snapshot", tip("snapshot", "Save the picture as PNG"), actions["snapshot"])
        self._add("Snapshot after 3-2-1", tip("countdown", "Time to get in front of the camera"), actions["countdown"])
        self.addSeparator()
        self._add_output(RECORDING)
        self._add_toggle("microphone")
        self.addSeparator()
        self._add_output(NETWORK)
        self.address = self._add("", "For the address line of a browser, or a source in OBS", self._copy)
        self._add_output(CAMERA)
        self.addSeparator()
        self._add_toggle("mirror_saved")
        self._add("Show the folder", f"Snapshots and recordings lie in {folder.resolve()}", lambda: _show(folder))
        self.toggles["microphone"].toggled.connect(self._hear)
        outgoing.changed.connect(self._follow)
        self.aboutToShow.connect(self._follow)
        self._follow()

    def _add(self, words: str, about: str, does: Callable[[], object]) -> QAction:
        action = QAction(words, self)
        action.setToolTip(about)
        action.triggered.connect(partial(_do, does))
        self.addAction(action)
        return action

    def _add_output(self, kind: str) -> None:
        words, about = _OUTPUTS[kind]
        action = self.outputs[kind] = QAction(words, self)
        action.setToolTip(tip(kind, about))
        action.setCheckable(True)
        action.toggled.connect(partial(self._outgoing.switch, kind))
        self.addAction(action)

    def _add_toggle(self, name: str) -> None:
        words, about = TOGGLES[name]
        action = self.toggles[name] = QAction(words, self)
        action.setToolTip(about)
        action.setCheckable(True)
        self.addAction(action)

    def _hear(self, on: bool) -> None:
        self._outgoing.heard = on

    def _follow(self) -> None:
        for kind, action in self.outputs.items():
            action.setChecked(self._outgoing.is_on(kind))
        url = self._outgoing.url
        self.address.setVisible(bool(url))
        self.address.setText(f"Copy {url}")

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(self._outgoing.url)


def _do(action: Callable[[], object], _: bool = False) -> None:
    action()


def _show(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder.resolve())))
