"""Histograms over steps as a heat map: time to the right, values upwards, the darker the more counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.charts.axes import TickLabels, draw_x_axis, draw_y_axis, x_ticks, y_ticks
from tuimon.charts.grid import CellGrid, CharArray, blank, in_ascii, text_at, text_width
from tuimon.charts.layout import Size, plot_area
from tuimon.charts.marks import Mark, placed_marks
from tuimon.charts.scales import LINEAR, Axis, Limits
from tuimon.charts.style import Glyphs, Style
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen

# From nothing to the fullest bin: the three shades and the full block, or characters of growing weight.
_SHADES: CharArray = np.array([0x20, 0x2591, 0x2592, 0x2593, 0x2588], dtype=np.uint32)
_ASCII_SHADES: CharArray = np.frombuffer(b" .:*#", dtype=np.uint8).astype(np.uint32)


@frozen(eq=False)
class Histogram:
    """One histogram: `counts` float64[k] of the bins between `edges` float64[k + 1], logged at `x`."""

    x: float
    edges: Float64Array
    counts: Float64Array


def draw_heatmap(
    histograms: Sequence[Histogram],
    size: Size,
    x_limits: Limits,
    *,
    glyphs: Glyphs = "braille",
    x_tick_labels: TickLabels | None = None,
    marks: Sequence[Mark] = (),
) -> CellGrid:
    """Draw histograms side by side; any input gives a picture.

    A cell shows the last histogram that was logged before its right edge. Counts are spread over the rows by
    overlap, so that their bins need not be alike, and shaded by their share of the fullest row of their
    histogram; a row with any count is shaded.

    Args:
        histograms: in the order of x; one whose edges do not rise, or without counts, is left out.
        size: (height, width) in cells.
        x_limits: the window shown.
        glyphs: block elements or ASCII.
        x_tick_labels: a label for an x, or ready ticks.
        marks: what happened when, on the foot of the chart.
    """
    grid = blank(*size)
    area = plot_area(size, glyphs)
    if area.width <= 0 or area.height <= 0:
        return grid
    shown = [each for each in histograms if _is_sound(each)]
    x = Axis(LINEAR, LINEAR.usable(x_limits))
    if shown:
        limits = LINEAR.usable(_value_limits(shown))
        ticks = y_ticks(area, Axis(LINEAR, limits))
        levels = _levels(shown, limits, x.limits, area.height, area.width)
        shades = _ASCII_SHADES if glyphs == "ascii" else _SHADES
        grid.chars[: area.height, area.left :] = shades[levels]
        grid.styles[: area.height, area.left :] = np.where(levels > 0, Style.SERIES_1, Style.DEFAULT)
        draw_y_axis(grid, area, ticks)
    else:
        text = "no histogram here"
        text_at(grid, (area.height - 1) // 2, area.left + max(area.width - text_width(text), 0) // 2, text)
    draw_x_axis(grid, area, x_ticks(area, x, x_tick_labels), placed_marks(marks, x))
    return in_ascii(grid) if glyphs == "ascii" else grid


def _is_sound(histogram: Histogram) -> bool:
    edges, counts = histogram.edges, histogram.counts
    return (
        len(counts) > 0
        and len(edges) == len(counts) + 1
        and bool(np.isfinite(edges).all() and np.isfinite(counts).all())
        and bool((np.diff(edges) >= 0).all() and (counts >= 0).all() and counts.any())
    )


def _value_limits(histograms: Sequence[Histogram]) -> Limits:
    """Return the outermost edges of bins with counts, of all histograms."""
    lo, hi = np.inf, -np.inf
    for each in histograms:
        filled = each.counts.nonzero()[0]
        lo = min(lo, float(each.edges[filled[0]]))
        hi = max(hi, float(each.edges[filled[-1] + 1]))
    return lo, hi


def _levels(
    histograms: Sequence[Histogram], values: Limits, x_limits: Limits, rows: int, columns: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return the shade, 0 to 4, of each cell: int64[rows, columns], the highest values in the first row."""
    right_edges = np.linspace(*x_limits, columns + 1)[1:]
    # Rounding must not hide the last histogram behind the last edge.
    right_edges[-1] = np.nextafter(right_edges[-1], np.inf)
    places = np.searchsorted([each.x for each in histograms], right_edges, side="right") - 1
    levels = np.zeros((rows, columns), dtype=np.int64)
    row_edges = np.linspace(*values, rows + 1)
    for index in np.unique(places[places >= 0]):
        each = histograms[index]
        # A bin without width (all values alike) becomes a step of the sum at its place.
        sums = np.concatenate(([0.0], np.cumsum(each.counts)))
        inside = np.diff(np.interp(row_edges, each.edges, sums, left=0.0, right=sums[-1]))
        share = inside / max(float(inside.max()), np.finfo(np.float64).tiny)
        shade = np.ceil(np.sqrt(np.clip(share, 0.0, 1.0)) * (len(_SHADES) - 1)).astype(np.int64)
        levels[:, places == index] = shade[::-1, None]
    return levels
