"""What stands in the picture's place where there is nothing to paint: what to do, and the sample clip."""

from __future__ import annotations

from PyQt5.QtCore import QRect, Qt, pyqtSignal
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

NO_STYLE = (
    "No style is installed. Train one (python -m training.newstyle painting.jpg --name mine) "
    "or export one (python -m export RUN), and open Livebrush again."
)


class Welcome(QFrame):
    """A card with words and ways on; `sample` and `file` are sent by its buttons."""

    sample = pyqtSignal()
    file = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName("What to do")
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 20, 26, 20)
        column.setSpacing(12)
        self._title, self._words = QLabel(), QLabel()
        self._title.setObjectName("title")
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QHBoxLayout()
        self.play, self.choose = QPushButton("Play the sample clip"), QPushButton("Open a file …")
        self.play.setObjectName("main")
        for button, tip in ((self.play, "Paint Big Buck Bunny"), (self.choose, "Paint a clip or a still of yours")):
            button.setToolTip(tip)
            button.setAccessibleName(button.text())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
        buttons.addStretch(1)
        for part in (self._title, self._words):
            column.addWidget(part)
        column.addLayout(buttons)
        self.play.clicked.connect(self.sample)
        self.choose.clicked.connect(self.file)
        self.hide()

    @property
    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def say(self, title: str, words: str, ways: bool, room: QRect) -> None:
        """Show the card in the middle of `room`; `ways` says whether there is something to paint with."""
        if (self._title.text(), self._words.text()) != (title, words) or self.isHidden():
            self._title.setText(title)
            self._words.setText(words)
            self.play.setVisible(ways)
            self.choose.setVisible(ways)
        self.setFixedWidth(max(240, min(460, room.width() - 24)))
        self.adjustSize()
        self.move(room.center().x() - self.width() // 2, max(4, room.center().y() - self.height() // 2))
        self.show()
        self.raise_()
