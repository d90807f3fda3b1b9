"""Horizontal bars: gauges for sensors and progress bars for runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tuimon.charts.blocks import EIGHTHS, RIGHTWARD, TRACK, filled_eighths
from tuimon.charts.grid import CellGrid, blank, text_at
from tuimon.charts.style import Glyphs, Style

Thresholds = tuple[float, float]
"""(warn, bad) as fractions; `warn < bad`: high is bad (memory), `warn > bad`: low is bad (GPU use)."""

_UNKNOWN = ord("?")


def level_style(fraction: float | None, thresholds: Thresholds | None) -> Style:
    """GOOD, WARN or BAD for a fraction; GOOD without thresholds, DIM when the fraction is not known."""
    if fraction is None or math.isnan(fraction):
        return Style.DIM
    if thresholds is None:
        return Style.GOOD
    warn, bad = thresholds
    sign = 1 if warn <= bad else -1
    if sign * fraction >= sign * bad:
        return Style.BAD
    return Style.WARN if sign * fraction >= sign * warn else Style.GOOD


def gauge(
    fraction: float | None,
    width: int,
    glyphs: Glyphs = "braille",
    *,
    thresholds: Thresholds | None = None,
    style: int | None = None,
) -> CellGrid:
    """Draw how full something is, in one row: `[=======---]`, or block elements in eighths of a cell.

    Args:
        fraction: from 0 to 1, what is beyond is cut; None or NaN is not known and shows a `?`.
        width: cells, brackets included.
        glyphs: block elements or ASCII.
        thresholds: when the bar is drawn as WARN or BAD.
        style: overrules the style by thresholds.
    """
    chosen = level_style(fraction, thresholds) if style is None else style
    return _bar(fraction, width, glyphs, chosen, "==-")


def progress_bar(
    fraction: float | None, width: int, glyphs: Glyphs = "braille", *, style: int = Style.GOOD
) -> CellGrid:
    """Draw how far something is, in one row: `[#####>....]`, or block elements in eighths of a cell.

    Args:
        fraction: from 0 to 1, what is beyond is cut; None or NaN is not known and shows a `?`.
        width: cells, brackets included.
        glyphs: block elements or ASCII.
        style: of the part that is done.
    """
    return _bar(fraction, width, glyphs, style, "#>.")


def scrubber(
    fraction: float, marks: Sequence[tuple[float, str, int]], width: int, glyphs: Glyphs = "braille"
) -> CellGrid:
    """Draw where a replay is, in one row: the bar of what was played, with signs of what happened on it.

    Args:
        fraction: from 0 to 1.
        marks: the place (0 to 1), the character and the style of each sign; later ones cover earlier ones.
        width: cells, brackets included.
        glyphs: block elements or ASCII.
    """
    grid = progress_bar(fraction, width, glyphs, style=Style.SERIES_1)
    first, room = (1, width - 2) if glyphs == "ascii" and width > 2 else (0, width)
    for at, sign, style in marks:
        if 0 <= at <= 1 and room > 0:
            text_at(grid, 0, first + min(int(at * room), room - 1), sign[:1], style)
    return grid


def _bar(fraction: float | None, width: int, glyphs: Glyphs, style: int, ascii_glyphs: str) -> CellGrid:
    """A bar of one row; `ascii_glyphs` are the filled part, its last cell, and the rest."""
    grid = blank(1, width)
    cells, styles = grid.chars[0], grid.styles[0]
    if glyphs == "ascii" and width > 2:
        cells[0], cells[-1] = ord("["), ord("]")
        styles[[0, -1]] = Style.DIM
        cells, styles = cells[1:-1], styles[1:-1]
    if not len(cells):
        return grid
    filled, head, rest = (ord(glyph) for glyph in ascii_glyphs)
    cells[:] = rest if glyphs == "ascii" else TRACK
    styles[:] = Style.DIM
    if fraction is None or math.isnan(fraction):
        cells[(len(cells) - 1) // 2 : (len(cells) - 1) // 2 + 1] = _UNKNOWN
        return grid
    whole, eighths = divmod(int(filled_eighths(np.array([fraction]), len(cells))[0]), EIGHTHS)
    if glyphs == "ascii":
        # Whole cells only; the smallest part still takes one.
        whole = min(max(whole, int(fraction > 0)), len(cells))
        cells[:whole] = filled
        if 0 < whole < len(cells):
            cells[whole - 1] = head
        styles[:whole] = style
        return grid
    cells[:whole] = RIGHTWARD[EIGHTHS]
    if eighths:
        cells[whole] = RIGHTWARD[eighths]
    styles[: whole + (eighths > 0)] = style
    return grid
