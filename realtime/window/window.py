"""The window: the painted picture, and around it what one does with it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from PyQt5.QtCore import QEvent, Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PyQt5.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from realtime.live import Dials, Live, Painted, QueuedOutput
from realtime.live.sources import describe
from realtime.log import Faults
from realtime.window import theme
from realtime.window.actions import actions_of
from realtime.window.bar import Bar
from realtime.window.browsing import Browsing
from realtime.window.chooser import Chooser
from realtime.window.controls import Controls
from realtime.window.drops import CHOICES, Drops
from realtime.window.gallery import Gallery
from realtime.window.keys import KeysCard, action_of
from realtime.window.looks import Looks
from realtime.window.memory import Memory
from realtime.window.out_menu import OutMenu
from realtime.window.outgoing import CAMERA, Outgoing
from realtime.window.own_styles import OwnStyles
from realtime.window.previews import Previews
from realtime.window.refining import Refiner
from realtime.window.settings import Settings
from realtime.window.shelf import Shelf
from realtime.window.showing import Showing
from realtime.window.snapshots import Snapshots
from realtime.window.source_kinds import SAMPLE, is_camera
from realtime.window.sources_menu import Cameras, SourcesMenu
from realtime.window.stance import Stance
from realtime.window.status import StatusLine
from realtime.window.view import View
from realtime.window.view_menu import ViewMenu
from weights.catalog import Style

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
_CLOSE_SECONDS = 0.7  # that threads and recordings may take here; whoever ends the program waits for longer ones


class Window(QMainWindow):
    """Shows what `live` paints and hands it what the user chooses among `styles`.

    `faults` are said as they come; `settings` come back at the next start; snapshots and recordings go into `folder`;
    `cameras` says which there are; the picture goes to `outputs` from the start on; `shelf` keeps styles.
    """

    def __init__(
        self,
        live: Live,
        styles: list[Style],
        folder: Path = Path(),
        faults: Faults | None = None,
        settings: Settings | None = None,
        previews: Previews | None = None,
        cameras: Cameras = list,
        outputs: Iterable[QueuedOutput] = (),
        shelf: Shelf | None = None,
    ) -> None:
        super().__init__()
        self.live, self.folder, self.memory = live, folder, Memory(settings or Settings())
        self.view, self.status, self._source, self._scale = View(), StatusLine(), "", 0.0
        self.chooser = Chooser(live, [style.card for style in styles])
        self.gallery = Gallery(styles, self.memory.favourites())
        self.controls = Controls(live, self.chooser)
        self.showing = Showing(live, self.view, self.status, self.chooser, faults or Faults())
        self.browsing = Browsing(self.view, self.gallery, self.chooser, previews)
        self.refiner = Refiner(live, self.chooser, self.gallery, shelf)
        self.own = OwnStyles(shelf, self.chooser, self.gallery, self.browsing, self, self.refiner)
        self.snapshots = Snapshots(self._shown, self.chooser.cards, folder)
        self.outgoing = Outgoing(live, folder, outputs)
        self.looks, self.drops = Looks(live, self.chooser), Drops()
        self.sources = SourcesMenu(cameras, lambda: live.source, self)
        self._actions = actions_of(self)
        self.out_menu = OutMenu(self.outgoing, self._actions, folder, self)
        self.menu = ViewMenu(live, {"on_top": self._stay_on_top, "compact": self._hide_controls}, self)
        self.toggles = {**self.menu.toggles, **self.out_menu.toggles}
        self.bar = Bar(self._actions, {"source": self.sources, "out": self.out_menu, "view": self.menu})
        self.card = KeysCard(self)
        self._under = QWidget()
        self.stance = Stance(self, (self.bar, self.gallery, self._under))
        self._lay_out()
        self._connect()
        self._restore()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(_interval())

    def _lay_out(self) -> None:
        self.setMinimumSize(420, 300)
        self.setAcceptDrops(True)
        body = QWidget()
        under, column, row = QVBoxLayout(self._under), QVBoxLayout(body), QHBoxLayout()
        for layout in (under, column, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        for part in (self._under, body):
            part.setObjectName("body")
        under.addWidget(self.controls)
        under.addWidget(self.status)
        row.addWidget(self.view, 1)
        row.addWidget(self.gallery)
        column.addWidget(self.bar)
        column.addLayout(row, 1)
        column.addWidget(self._under)
        self.setCentralWidget(body)
        self.view.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.view.setFocus()

    def _connect(self) -> None:
        words = self.showing.words
        self.sources.chosen.connect(words.settle)
        self.sources.chosen.connect(self.live.choose_source)
        self.view.opened.connect(self.stance.toggle_full_screen)
        self.gallery.left.connect(self.view.setFocus)
        self.snapshots.counted.connect(self.view.show_count)
        self.snapshots.saved.connect(lambda path: words.remark(f"Saved {path}"))
        for takes in (self.chooser.take_picture, self.own.look_at):
            self.drops.style.connect(takes)
        self.drops.source.connect(self.sources.chosen)
        for part in (self.snapshots, self.looks, self.outgoing, self.drops, self.own, self.refiner):
            part.failed.connect(words.complain)
        for said in (self.looks.said, self.outgoing.said, self.own.said, self.refiner.said):
            said.connect(words.remark)
        self.looks.recalled.connect(self.controls.show_dials)
        self.showing.welcome.sample.connect(lambda: self.live.choose_source(str(SAMPLE)))
        self.showing.welcome.file.connect(self.sources.open_file)
        self.gallery.starred.connect(lambda: self.memory.keep_favourites(self.gallery.tiles.favourites))

    def _restore(self) -> None:
        self.resize(1180, 760)
        self.restoreGeometry(self.memory.geometry())
        for name, action in self.toggles.items():
            action.setChecked(self.memory.flag(name))

    def refresh(self) -> None:
        """Show the newest painted frame and how it goes; the timer calls it at display rate."""
        self._follow_source()
        self.snapshots.tell()
        self.own.tell()
        self.refiner.tell()
        self._follow_outputs()
        painted = self.showing.refresh()
        self.chooser.follow()
        self.browsing.refresh(painted)
        self.bar.show_title(self.chooser.words())

    def _follow_source(self) -> None:
        """Say the source in use; a camera's picture is mirrored, as people know themselves from mirrors."""
        if self.live.source != self._source:
            self._source = self.live.source
            self._mirror(self.memory.mirrors() and is_camera(self._source))
        words = describe(self._source)
        self.bar.show_source(words)
        self.setWindowTitle(f"{words} - Livebrush")

    def _follow_outputs(self) -> None:
        """Say what leaves the window; over the picture where no button does."""
        self.outgoing.refresh(self._mirrors_out())
        seconds = self.outgoing.seconds
        recorded = "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"
        self.bar.show_outgoing(recorded, bool(self.outgoing.url) or self.outgoing.is_on(CAMERA))
        self.view.show_recorded(recorded if self.stance.bare else "")

    def _mirrors_out(self) -> bool:
        return self.view.mirrored and self.toggles["mirror_saved"].isChecked()

    def _shown(self) -> tuple[Painted, Dials, bool] | None:
        if self.showing.painted is None:
            return None
        return self.showing.painted, self.live.dials, self._mirrors_out()

    def finish(self, seconds: float) -> None:
        """Wait for what is being written after the window was closed, recordings for so many `seconds` at most."""
        self.outgoing.finish(seconds)
        self.browsing.join(seconds)
        for part in (self.snapshots, self.refiner, self.own):
            part.finish()

    # --- what buttons, menus and keys do ---

    def mirror(self, on: bool) -> None:
        """Show the picture mirrored, or not; of cameras that is remembered."""
        self._mirror(on)
        if is_camera(self.live.source):
            self.memory.keep_mirrors(on)

    def _mirror(self, on: bool) -> None:
        self.view.mirror(on)
        self.bar.buttons["mirror"].setChecked(on)

    def split(self, on: bool) -> None:
        """Show before and after side by side, or not."""
        self.view.divide(0.5 if on else None)
        self.bar.buttons["split"].setChecked(on)

    def leave(self) -> None:
        """Leave what is in front: full screen, the compact view; else the program."""
        if self.isFullScreen():
            self.stance.toggle_full_screen()
        elif self.stance.compact:
            self.menu.toggles["compact"].setChecked(False)
        else:
            self.close()

    def _hide_controls(self, on: bool) -> None:
        self.stance.hide_controls(on)

    def _stay_on_top(self, on: bool) -> None:
        self.stance.stay_on_top(on)

    # --- what Qt tells ---

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The keys of `realtime.window.keys`."""
        if event is None or (event.isAutoRepeat() and event.key() == Qt.Key.Key_C):
            return
        self.showing.words.settle()
        digit = event.key() - Qt.Key.Key_0
        action = action_of(event)
        if action:
            self._actions[action]()
        elif 0 <= digit <= 9:
            held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            (self.looks.save if held else self.looks.recall)(digit)
        elif event.key() in _STEPS:
            self.browsing.step(_STEPS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Letting go of C ends the comparison."""
        if event is not None and event.key() == Qt.Key.Key_C and not event.isAutoRepeat():
            self.showing.compare(False)

    def changeEvent(self, event: QEvent | None) -> None:
        """Losing the focus ends the comparison: the key may be let go elsewhere."""
        if event is not None and event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.showing.compare(False)
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the sizes of letters, tiles and the row of neighbours."""
        super().resizeEvent(event)
        scale = theme.scale_for(self.height())
        if scale != self._scale:
            self._scale = scale
            self.setStyleSheet(theme.sheet(scale))
            for part in (self.bar, self.controls, self.status):
                part.scale(scale)
        self.gallery.fit(self.width(), scale)
        self.card.hide()
        QTimer.singleShot(0, self.browsing.lie)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files and addresses may be dropped."""
        data = event.mimeData() if event is not None else None
        if event is not None and data is not None and (data.hasUrls() or data.hasImage()):
            self.showing.words.remark(CHOICES)
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """A picture is a style, anything else is painted; with Shift, a picture too."""
        if event is not None:
            self.drops.take(event.mimeData(), bool(event.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier))

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Go at once, then stop the threads."""
        self._timer.stop()
        flags = {name: action.isChecked() for name, action in self.toggles.items()}
        self.memory.keep(self.live.source, self.live.style, self.live.dials, self.saveGeometry(), flags)
        self.card.hide()
        self.hide()
        deadline = time.monotonic() + _CLOSE_SECONDS
        for part in (self.browsing, self.snapshots, self.refiner, self.own):
            part.close()
        self.sources.stop()
        self.live.stop(_CLOSE_SECONDS)
        self.browsing.join(max(0.0, deadline - time.monotonic()))
        self.outgoing.finish(max(0.0, deadline - time.monotonic()))
        self.drops.close()
        super().closeEvent(event)


def _interval() -> int:
    screen = QApplication.primaryScreen()
    rate = screen.refreshRate() if screen is not None else 60.0
    return max(5, int(1000 / max(rate, 30.0)))
