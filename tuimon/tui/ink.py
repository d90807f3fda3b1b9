"""Inks: what a piece of text means on the screen, and the colours that each theme gives it.

Inks 0 to 31 are the slots of `charts.style.Style`; the others belong to the panes. Colour is never the only
sign of anything: without colour every theme but bold, dim and reverse would say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache, lru_cache

from rich.color import Color
from rich.style import Style as RichStyle

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.status import Status
from tuimon.charts.style import Style
from tuimon.output import status_line


class Ink(IntEnum):
    """What a piece of text is; starts where the slots of the charts end."""

    TEXT = 0
    MUTED = 40
    STRONG = 41
    TITLE = 42
    FRAME = 43
    FRAME_FOCUSED = 44
    KEY = 45
    GREEN = 46
    BLUE = 47
    YELLOW = 48
    RED = 49
    GREY = 50
    MAGENTA = 51
    SELECTED = 52
    CRITICAL = 53
    WARNING = 54
    INFO = 55


STATUS_INK = {
    Status.RUNNING: Ink.GREEN,
    Status.DONE: Ink.BLUE,
    Status.WAITING: Ink.YELLOW,
    Status.FAILED: Ink.RED,
    Status.STOPPED: Ink.GREY,
    Status.UNKNOWN: Ink.GREY,
}
STATUS_GLYPH, STATUS_GLYPH_ASCII = status_line.STATUS_GLYPH, status_line.STATUS_GLYPH_ASCII
SEVERITY_INK = {Severity.CRITICAL: Ink.CRITICAL, Severity.WARNING: Ink.WARNING, Severity.INFO: Ink.INFO}
SEVERITY_WORD = {Severity.CRITICAL: "CRIT", Severity.WARNING: "WARN", Severity.INFO: "info"}

# Foregrounds on the terminal's own background. The series colours keep apart for the colour-blind as well
# (after Okabe and Ito 2008, lightened for dark and darkened for light backgrounds).
_DARK: dict[int, str] = {
    Style.AXIS: "#6c7686", Style.GRID: "#39424f", Style.DIM: "#7d8797", Style.LABEL: "#8b95a5",
    Style.SERIES_1: "#56b4e9", Style.SERIES_2: "#f0a840", Style.SERIES_3: "#2fbf8f", Style.SERIES_4: "#e58ac0",
    Style.SERIES_5: "#e8dc5a", Style.SERIES_6: "#7f9cf5", Style.SERIES_7: "#e8754a", Style.SERIES_8: "#b6bec9",
    Style.RAW_1: "#2f5f7c", Style.RAW_2: "#7a5a2a", Style.RAW_3: "#22644e", Style.RAW_4: "#77506a",
    Style.RAW_5: "#777238", Style.RAW_6: "#4a5a88", Style.RAW_7: "#78452f", Style.RAW_8: "#646a73",
    Style.NONFINITE: "#ff6b6b", Style.RESTART: "#c792ea", Style.EVALUATION: "#e8c35a", Style.CHECKPOINT: "#6cb2ff",
    Style.EVENT: "#8b95a5", Style.FINDING_WARNING: "#ffb454", Style.FINDING_CRITICAL: "#ff6b6b",
    Style.GOOD: "#5fcf80", Style.WARN: "#ffb454", Style.BAD: "#ff6b6b", Style.CURSOR: "#ffffff",
    Ink.MUTED: "#8b95a5", Ink.STRONG: "bold #ffffff", Ink.TITLE: "bold #dfe5ec", Ink.FRAME: "#465060",
    Ink.FRAME_FOCUSED: "#56b4e9", Ink.KEY: "bold #56b4e9", Ink.GREEN: "#5fcf80", Ink.BLUE: "#6cb2ff",
    Ink.YELLOW: "#e8c35a", Ink.RED: "#ff6b6b", Ink.GREY: "#8b95a5", Ink.MAGENTA: "#c792ea",
    Ink.SELECTED: "bold #56b4e9", Ink.CRITICAL: "bold #ff6b6b", Ink.WARNING: "#ffb454", Ink.INFO: "#6cb2ff",
}  # fmt: skip
_LIGHT: dict[int, str] = {
    Style.AXIS: "#6b7280", Style.GRID: "#c9ced6", Style.DIM: "#6b7280", Style.LABEL: "#5b6470",
    Style.SERIES_1: "#0067a5", Style.SERIES_2: "#a35200", Style.SERIES_3: "#00704f", Style.SERIES_4: "#a0397a",
    Style.SERIES_5: "#756800", Style.SERIES_6: "#3949ab", Style.SERIES_7: "#b33c00", Style.SERIES_8: "#4b5563",
    Style.RAW_1: "#8fc3e0", Style.RAW_2: "#e0bd8f", Style.RAW_3: "#8fd0bb", Style.RAW_4: "#dfaeca",
    Style.RAW_5: "#d3cb85", Style.RAW_6: "#aab4e4", Style.RAW_7: "#e6ab90", Style.RAW_8: "#b3b9c2",
    Style.NONFINITE: "#c62828", Style.RESTART: "#7b1fa2", Style.EVALUATION: "#7a5c00", Style.CHECKPOINT: "#1256a8",
    Style.EVENT: "#5b6470", Style.FINDING_WARNING: "#9a4a00", Style.FINDING_CRITICAL: "#c62828",
    Style.GOOD: "#1b6e34", Style.WARN: "#9a4a00", Style.BAD: "#c62828", Style.CURSOR: "#000000",
    Ink.MUTED: "#5b6470", Ink.STRONG: "bold #000000", Ink.TITLE: "bold #1f2937", Ink.FRAME: "#a8b0bb",
    Ink.FRAME_FOCUSED: "#0067a5", Ink.KEY: "bold #0067a5", Ink.GREEN: "#1b6e34", Ink.BLUE: "#1256a8",
    Ink.YELLOW: "#7a5c00", Ink.RED: "#c62828", Ink.GREY: "#5b6470", Ink.MAGENTA: "#7b1fa2",
    Ink.SELECTED: "bold #0067a5", Ink.CRITICAL: "bold #c62828", Ink.WARNING: "#9a4a00", Ink.INFO: "#1256a8",
}  # fmt: skip
# Sixteen colours: the terminal's own, by name, so that its palette stays readable.
_ANSI: dict[int, str] = {
    Style.AXIS: "bright_black", Style.GRID: "bright_black", Style.DIM: "bright_black", Style.LABEL: "white",
    Style.SERIES_1: "bright_cyan", Style.SERIES_2: "bright_yellow", Style.SERIES_3: "bright_green",
    Style.SERIES_4: "bright_magenta", Style.SERIES_5: "bright_white", Style.SERIES_6: "bright_blue",
    Style.SERIES_7: "bright_red", Style.SERIES_8: "white",
    Style.RAW_1: "cyan", Style.RAW_2: "yellow", Style.RAW_3: "green", Style.RAW_4: "magenta",
    Style.RAW_5: "white", Style.RAW_6: "blue", Style.RAW_7: "red", Style.RAW_8: "bright_black",
    Style.NONFINITE: "bold bright_red", Style.RESTART: "magenta", Style.EVALUATION: "yellow",
    Style.CHECKPOINT: "bright_blue", Style.EVENT: "white", Style.FINDING_WARNING: "bright_yellow",
    Style.FINDING_CRITICAL: "bold bright_red", Style.GOOD: "green", Style.WARN: "bright_yellow",
    Style.BAD: "bright_red", Style.CURSOR: "bold",
    Ink.MUTED: "white", Ink.STRONG: "bold", Ink.TITLE: "bold", Ink.FRAME: "bright_black",
    Ink.FRAME_FOCUSED: "bright_cyan", Ink.KEY: "bold cyan", Ink.GREEN: "green", Ink.BLUE: "bright_blue",
    Ink.YELLOW: "yellow", Ink.RED: "bright_red", Ink.GREY: "bright_black", Ink.MAGENTA: "magenta",
    Ink.SELECTED: "bold bright_cyan", Ink.CRITICAL: "bold bright_red", Ink.WARNING: "bright_yellow",
    Ink.INFO: "bright_blue",
}  # fmt: skip
_MONO: dict[int, str] = {
    Style.GRID: "dim", Style.DIM: "dim",
    Style.SERIES_1: "bold", Style.NONFINITE: "reverse", Style.FINDING_CRITICAL: "reverse", Style.BAD: "bold",
    Style.CURSOR: "bold", Ink.STRONG: "bold", Ink.TITLE: "bold", Ink.FRAME: "dim", Ink.FRAME_FOCUSED: "bold",
    Ink.KEY: "bold", Ink.SELECTED: "reverse", Ink.CRITICAL: "reverse", Ink.WARNING: "bold", Ink.RED: "bold",
    **dict.fromkeys(range(Style.RAW_1, Style.RAW_8 + 1), "dim"),
}  # fmt: skip
THEMES: dict[str, dict[int, str]] = {"dark": _DARK, "light": _LIGHT, "ansi": _ANSI, "mono": _MONO}


@cache
def palette(theme: str) -> tuple[RichStyle, ...]:
    """Return the rich style of every ink of a theme, indexed by ink."""
    chosen = THEMES[theme]
    return tuple(RichStyle.parse(chosen.get(ink, "")) for ink in range(64))


# A pixel of an image is known by five bits of red, green and blue: neighbours are often the same then, and
# each change of colour takes some forty bytes.
_BITS = 5
_IMAGE = 1 << 6 * _BITS


def image_ink(text: Sequence[int], ground: Sequence[int]) -> int:
    """Return the ink of a character of one colour on ground of another, each red, green, blue from 0 to 255."""
    ink = 1
    for part in (*text, *ground):
        ink = ink << _BITS | part >> 8 - _BITS
    return ink


def style_of(theme: str, ink: int) -> RichStyle:
    """Return the rich style of an ink of a theme; of images the colours are their own in every theme."""
    return _image_style(ink) if ink >= _IMAGE else palette(theme)[ink]


@lru_cache(maxsize=1 << 13)
def _image_style(ink: int) -> RichStyle:
    whole = (1 << _BITS) - 1
    parts = [(ink >> _BITS * place & whole) * 255 // whole for place in range(5, -1, -1)]
    return RichStyle(color=Color.from_rgb(*parts[:3]), bgcolor=Color.from_rgb(*parts[3:]))
