"""The legend of a chart: which key and colour is which series."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.charts.grid import CellGrid, blank, in_ascii, text_at, text_width
from tuimon.charts.lines import Line
from tuimon.charts.style import Glyphs, Style
from tuimon.core.text import shorten

_SAMPLE = {"braille": "\u2824\u2824", "ascii": "--"}
_GAP = 2
_LEAST_NAME = 4


def draw_legend(lines: Sequence[Line], width: int, glyphs: Glyphs = "braille") -> CellGrid:
    """Name the lines of a chart in one row: `t train/loss  e eval/loss`, each in its style.

    Names that do not fit share the width equally and end in `~`; of lines that find no room at all only the
    number is said (`+3`).
    """
    grid = blank(1, width)
    named = [(line.key or _SAMPLE[glyphs], line.name, line.style) for line in lines if line.name]
    count = len(named)
    while count > 1 and count * (_GAP + 2 + _LEAST_NAME) > width:
        count -= 1
    rest = f"+{len(named) - count}" if count < len(named) else ""
    room = width - (text_width(rest) + _GAP if rest else 0)
    wanted = sum(text_width(key) + 1 + text_width(name) for key, name, _ in named[:count]) + _GAP * (
        count - 1
    )
    share = room if wanted <= room else (room + _GAP) // max(count, 1) - _GAP
    col = 0
    for key, name, style in named[:count]:
        text_at(grid, 0, col, f"{key} ", style)
        col += text_width(key) + 1
        shown = shorten(name, share - text_width(key) - 1)
        text_at(grid, 0, col, shown, style)
        col += text_width(shown) + _GAP
    text_at(grid, 0, col, rest, Style.DIM)
    return in_ascii(grid) if glyphs == "ascii" else grid
