"""Vertical histograms of binned values."""

from __future__ import annotations

import numpy as np

from tuimon.charts.blocks import EIGHTHS, UPWARD, filled_eighths
from tuimon.charts.grid import CellGrid, CharArray, blank, text_at, text_width
from tuimon.charts.layout import Size
from tuimon.charts.scales import LINEAR
from tuimon.charts.style import Glyphs, Style
from tuimon.charts.ticks import axis_number
from tuimon.core.columns import Float64Array

_LABELLED_FROM = 3
# The same nine heights in ASCII: nothing, a point for the lower half, a colon for the upper one, full.
_ASCII_UPWARD: CharArray = np.frombuffer(b" ...::::#", dtype=np.uint8).astype(np.uint32)


def draw_histogram(
    counts: Float64Array,
    edges: Float64Array,
    size: Size,
    glyphs: Glyphs = "braille",
) -> CellGrid:
    """Draw bins as vertical bars, the highest as high as the chart, with the outer edges below it.

    The bins are spread over the cells by overlap, so that their number need not suit the width. Any bin with
    a count shows at least an eighth of a cell.

    Args:
        counts: float64[n], what is not finite or negative counts as nothing.
        edges: float64[n + 1], ascending and finite; other edges are drawn as an empty chart.
        size: (height, width) in cells.
        glyphs: block elements or ASCII.
    """
    grid = blank(*size)
    labelled = grid.height >= _LABELLED_FROM
    height = grid.height - labelled
    usable = len(edges) == len(counts) + 1 and len(counts) > 0 and bool(np.isfinite(edges).all())
    if not usable or height <= 0 or not grid.width or not edges[-1] > edges[0]:
        return grid
    solid = np.where(np.isfinite(counts) & (counts > 0), counts, 0.0)
    positions = LINEAR.fractions(edges, LINEAR.usable((float(edges[0]), float(edges[-1]))))
    below = np.concatenate(([0.0], np.cumsum(solid / max(float(solid.max()), 1e-300))))
    heights = np.diff(np.interp(np.linspace(0, 1, grid.width + 1), positions, below))
    # What rounding of the edges makes of an empty bin is not a count.
    heights[heights < 1e-12] = 0.0
    if heights.max() > 0:
        eighths = filled_eighths(np.minimum(heights / heights.max() + 1e-9, 1.0) * (heights > 0), height)
        rows = np.arange(height - 1, -1, -1)[:, None] * EIGHTHS
        characters = _ASCII_UPWARD if glyphs == "ascii" else UPWARD
        grid.chars[:height] = characters[np.clip(eighths - rows, 0, EIGHTHS)]
        grid.styles[:height][grid.chars[:height] != UPWARD[0]] = Style.SERIES_1
    if labelled:
        last = axis_number(float(edges[-1]))
        text_at(grid, height, 0, axis_number(float(edges[0])), Style.LABEL)
        text_at(grid, height, grid.width - text_width(last), last, Style.LABEL)
    return grid
