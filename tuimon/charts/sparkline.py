"""Sparklines: a series in one row of cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.charts.blocks import UPWARD
from tuimon.charts.canvas import BoolArray
from tuimon.charts.grid import CellGrid, blank
from tuimon.charts.marks import NONFINITE_GLYPH
from tuimon.charts.scales import LINEAR, Limits
from tuimon.charts.style import Glyphs, Style
from tuimon.core.columns import Columns, Float64Array, Int64Array
from tuimon.core.medians import median

_ASCII_LEVELS = np.frombuffer(b".:-=+*#@", dtype=np.uint8).astype(np.uint32)
_LEVELS = 8
_MIDDLE = 3


def sparkline(
    values: Columns | Sequence[float | None] | Float64Array,
    width: int,
    glyphs: Glyphs = "braille",
    *,
    limits: Limits | None = None,
) -> CellGrid:
    """Draw a series in `width` cells: a grid of one row.

    A cell that stands for several values shows the one farthest from their median, so that neither a spike
    nor a dip is lost; a non-finite or missing value marks its cell instead.

    Args:
        values: a number per point (None: missing), the newest one last; too few of them stand on the right.
            Or columns, which are spread over the width; those without points stay blank.
        width: cells.
        glyphs: block elements, or ASCII characters of growing weight.
        limits: the values of the lowest and highest glyph; None takes the smallest and largest value.
    """
    grid = blank(1, width)
    lo, hi, nonfinite = _per_cell(values, grid.width)
    chars, styles = grid.chars[0, grid.width - len(lo) :], grid.styles[0, grid.width - len(lo) :]
    shown = np.isfinite(lo)
    if shown.any():
        glyph_levels = _ASCII_LEVELS if glyphs == "ascii" else UPWARD[1:]
        chars[shown] = glyph_levels[_levels(lo[shown], hi[shown], limits)]
        styles[shown] = Style.SERIES_1
    chars[nonfinite] = ord(NONFINITE_GLYPH[glyphs])
    styles[nonfinite] = Style.NONFINITE
    return grid


def _per_cell(
    values: Columns | Sequence[float | None] | Float64Array, width: int
) -> tuple[Float64Array, Float64Array, BoolArray]:
    """The lowest and highest value of at most `width` cells (NaN: none) and which of them are marked."""
    if isinstance(values, Columns):
        lo, hi, nonfinite = values.lo, values.hi, values.nonfinite > 0
        spread = np.arange(width if len(lo) else 0) * len(lo) // max(width, 1)
        if len(lo) < width:
            return lo[spread], hi[spread], nonfinite[spread]
    else:
        points = np.array(values, dtype=np.float64).reshape(-1)
        nonfinite = ~np.isfinite(points)
        lo = hi = np.where(nonfinite, np.nan, points)
    if len(lo) <= width or not width:
        return lo[:width], hi[:width], nonfinite[:width]
    starts = np.arange(width) * len(lo) // width
    return (
        np.fmin.reduceat(lo, starts),
        np.fmax.reduceat(hi, starts),
        np.logical_or.reduceat(nonfinite, starts),
    )


def _levels(lo: Float64Array, hi: Float64Array, limits: Limits | None) -> Int64Array:
    limits = limits or (float(lo.min()), float(hi.max()))
    if limits[0] == limits[1]:
        return np.full(lo.shape, _MIDDLE, dtype=np.int64)
    low, high = (LINEAR.fractions(side, LINEAR.usable(limits)) for side in (lo, hi))
    middle = median(np.concatenate((low, high)))
    farthest = np.where(high - middle >= middle - low, high, low)
    levels: Int64Array = np.clip(np.floor(farthest * _LEVELS), 0, _LEVELS - 1).astype(np.int64)
    return levels
