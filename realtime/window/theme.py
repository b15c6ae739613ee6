"""How the window looks: one dark palette and one sheet, in sizes that follow the window's."""

from __future__ import annotations

from pathlib import Path
from string import Template

from PyQt5.QtGui import QColor, QPalette

BACKGROUND, PANEL, RAISED, LINE = "#141416", "#1b1b1e", "#27272b", "#37373d"
TEXT, FAINT, ACCENT, WARNING = "#e8e8ea", "#9a9aa2", "#e0a04a", "#e5584f"

_DOWN = Path(__file__).with_name("down.svg")

_SHEET = Template("""
* { font-size: ${font}px; color: $text; }
QMainWindow, QWidget#body, QWidget#bar, QWidget#dials, QWidget#gallery { background: $panel; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px; }
QLabel { background: transparent; }
QLabel#status, QLabel#faint { color: $faint; font-size: ${small}px; }
QToolButton, QPushButton { background: transparent; border: 1px solid transparent; border-radius: ${radius}px;
    padding: ${pad}px ${wide}px; }
QPushButton { background: $raised; border-color: $line; }
QToolButton:hover, QPushButton:hover { background: $raised; }
QToolButton:checked { background: $raised; border-color: $accent; }
QToolButton:focus, QPushButton:focus { border-color: $accent; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: none; }
QPushButton#main { background: $accent; color: #1a1206; border-color: $accent; }
QPushButton#main:hover { background: #eeb463; }
QLineEdit { background: $raised; border: 1px solid $line; border-radius: ${radius}px; padding: ${pad}px ${wide}px;
    icon-size: ${icon}px; selection-background-color: $accent; selection-color: #1a1206; }
QLineEdit:focus { border-color: $accent; }
QComboBox { background: $raised; border: 1px solid $line; border-radius: ${radius}px; padding: 1px ${wide}px; }
QComboBox:focus { border-color: $accent; }
QComboBox:disabled { color: $faint; background: $panel; }
QComboBox::drop-down { border: 0; width: ${arrow}px; }
QComboBox::down-arrow { image: url(${down}); width: ${small}px; height: ${small}px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; selection-background-color: $line;
    selection-color: $text; outline: 0; }
QListView { background: $panel; border: 0; outline: 0; }
QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: ${pad}px 26px; border-radius: ${radius}px; }
QMenu::item:selected { background: $line; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QSlider { background: transparent; min-height: ${handle}px; }
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { width: ${handle}px; margin: -${lift}px 0; background: $text; border-radius: ${half}px; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled { background: $line; }
QSlider::handle:horizontal:disabled { background: #55555c; }
QScrollBar:vertical { background: transparent; width: 8px; margin: 0; }
QScrollBar::handle:vertical { background: $line; border-radius: 4px; min-height: 30px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: none; height: 0; }
QFrame#card { background: $raised; border: 1px solid $line; border-radius: 10px; }
QLabel#key { background: $line; border-radius: 4px; padding: 1px 6px; }
QLabel#title { font-size: ${large}px; font-weight: bold; }
QInputDialog, QDialog { background: $panel; }
""")


def scale_for(height: int) -> float:
    """How much larger than usual things are drawn in a window of so many lines, in quarters from 1 to 2.

    A window of 2160 lines on a screen of usual density is looked at from afar, or the screen is set up wrongly.
    """
    return min(2.0, max(1.0, round(height / 1080 * 4) / 4))


def sheet(scale: float = 1.0) -> str:
    """The style sheet, `scale` times as large as usual."""
    handle = round(14 * scale)
    handle += handle % 2
    return _SHEET.substitute(
        background=BACKGROUND,
        panel=PANEL,
        raised=RAISED,
        line=LINE,
        text=TEXT,
        faint=FAINT,
        accent=ACCENT,
        font=round(13 * scale),
        small=round(12 * scale),
        large=round(17 * scale),
        radius=round(6 * scale),
        pad=round(4 * scale),
        wide=round(8 * scale),
        arrow=round(20 * scale),
        icon=round(16 * scale),
        down=_DOWN.as_posix(),
        handle=handle,
        half=handle // 2,
        lift=(handle - 4) // 2,
    )


def dark() -> QPalette:
    """The palette for what no sheet reaches, such as a file dialog."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: PANEL,
        QPalette.ColorRole.Base: BACKGROUND,
        QPalette.ColorRole.AlternateBase: PANEL,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.Highlight: ACCENT,
        QPalette.ColorRole.HighlightedText: "#1a1206",
    }
    texts = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)
    for role, colour in {**roles, **dict.fromkeys((*texts, QPalette.ColorRole.ToolTipText), TEXT)}.items():
        palette.setColor(role, QColor(colour))
    for role in texts:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    return palette
