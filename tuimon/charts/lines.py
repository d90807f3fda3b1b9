"""Line charts: columns in, a grid of cells out. The cost follows the cells, not the points behind them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from tuimon.charts.axes import TickLabels, draw_grid, draw_x_axis, draw_y_axis, x_ticks, y_ticks
from tuimon.charts.canvas import BoolArray, lay_on, packed
from tuimon.charts.grid import CellGrid, blank, in_ascii, text_at, text_width
from tuimon.charts.layout import PlotArea, Size, plot_area
from tuimon.charts.limits import stepped_limits
from tuimon.charts.marks import Mark, draw_bars, draw_signs, draw_unshown, placed_marks
from tuimon.charts.scales import LINEAR, Axis, Limits, Scale
from tuimon.charts.strokes import Strokes, strokes_of
from tuimon.charts.style import Glyphs, Style, raw_style
from tuimon.core.columns import Columns, Float64Array
from tuimon.core.frozen import frozen


@frozen(eq=False)
class Line:
    """One series of a chart.

    Attributes:
        columns: what is drawn in `style`; fold it into `columns_wanted` columns between the x limits.
        style: a series slot of `Style`.
        raw: the unsmoothed series, drawn dim behind.
        key: a character drawn at the end of the line, so that lines can be told apart without colour.
        name: what the legend calls it.
    """

    columns: Columns
    style: int = Style.SERIES_1
    raw: Columns | None = None
    key: str = ""
    name: str = ""


def value_range(lines: Iterable[Line], y_scale: Scale = LINEAR) -> Limits | None:
    """The smallest and largest value of all lines that `y_scale` can show; None when there is none.

    This is what `stepped_limits` wants.
    """
    smallest, largest = math.inf, -math.inf
    for line in lines:
        for columns in (line.columns, line.raw):
            if columns is None:
                continue
            values = np.concatenate((columns.lo, columns.hi, columns.first, columns.last))
            shown = values[np.isfinite(values) & ((values > 0) if y_scale.kind == "log" else True)]
            if len(shown):
                smallest, largest = min(smallest, float(shown.min())), max(largest, float(shown.max()))
    return (smallest, largest) if smallest <= largest else None


def clipped_range(lines: Iterable[Line], y_scale: Scale = LINEAR) -> Limits | None:
    """The range from the 1st to the 99th percentile of what the columns hold; None if nothing lies outside.

    What lies outside is drawn at the edge of the plot, so that it is still seen that something is there.
    """
    lines = list(lines)
    everything = value_range(lines, y_scale)
    held = [np.concatenate((c.lo, c.hi)) for line in lines for c in (line.columns, line.raw) if c is not None]
    if everything is None or not held:
        return None
    values = np.concatenate(held)
    values = values[np.isfinite(values) & ((values > 0) if y_scale.kind == "log" else True)]
    lo, hi = (float(limit) for limit in np.percentile(values, (1, 99)))
    return (lo, hi) if lo < hi and (everything[0] < lo or everything[1] > hi) else None


def draw_lines(
    lines: Sequence[Line],
    size: Size,
    x_limits: Limits,
    y_limits: Limits | None = None,
    *,
    y_scale: Scale = LINEAR,
    glyphs: Glyphs = "braille",
    x_tick_labels: TickLabels | None = None,
    marks: Sequence[Mark] = (),
) -> CellGrid:
    """Draw a chart; any input gives a picture.

    Args:
        lines: in drawing order: where two share a cell, the dots are joined and the later one has the style.
        size: (height, width) in cells, all of which the chart takes.
        x_limits: the window shown.
        y_limits: None fits them to the values. A live chart passes `stepped_limits(*value_range(lines), …)`.
        y_scale: scale of the y axis.
        glyphs: braille dots or plain ASCII.
        x_tick_labels: a label for an x, or ready ticks; None writes the x itself.
        marks: what happened when; see `Mark`.
    """
    grid = blank(*size)
    area = plot_area(size, glyphs)
    if area.width <= 0 or area.height <= 0:
        return grid
    x = Axis(LINEAR, LINEAR.usable(x_limits))
    y = _y_axis(lines, y_scale, y_limits)
    placed = placed_marks(marks, x)
    ticks = y_ticks(area, y) if y else []
    draw_grid(grid, area, ticks)
    draw_bars(grid, area, placed)
    strokes = _draw_strokes(grid, area, lines, x, y or Axis(y_scale, y_scale.usable((0.0, 1.0))))
    nonfinite, hidden = np.logical_or.reduce((strokes.nonfinite, strokes.hidden), axis=1)
    if not np.isfinite(strokes.top).any():
        reason = "no finite points" if nonfinite.any() else "no points above zero"
        _say(grid, area, reason if nonfinite.any() or hidden.any() else "no points")
    draw_signs(grid, area, placed)
    draw_unshown(grid, area, nonfinite, hidden)
    draw_x_axis(grid, area, x_ticks(area, x, x_tick_labels), placed)
    draw_y_axis(grid, area, ticks)
    return in_ascii(grid) if glyphs == "ascii" else grid


def _y_axis(lines: Sequence[Line], scale: Scale, limits: Limits | None) -> Axis | None:
    """The y axis; None when nothing says where it should be."""
    if limits is None:
        shown = value_range(lines, scale)
        if shown is None:
            return None
        limits = stepped_limits(*shown, log=scale.kind == "log")
    return Axis(scale, scale.usable(limits))


def _draw_strokes(grid: CellGrid, area: PlotArea, lines: Sequence[Line], x: Axis, y: Axis) -> Strokes:
    """Draw raw series, then the lines over them, then their keys."""
    with_raw = [line for line in lines if line.raw is not None]
    series = [line.raw for line in with_raw if line.raw is not None] + [line.columns for line in lines]
    strokes = strokes_of(series, x, y, area.dot_rows, area.dot_columns)
    codes = packed(strokes.dots(area.dot_rows), area.dot_set)
    chars = grid.chars[: area.height, area.left :]
    styles = grid.styles[: area.height, area.left :]
    raws = len(with_raw)
    lay_on(chars, styles, codes[:raws], [raw_style(line.style) for line in with_raw], area.dot_set)
    inked = lay_on(chars, styles, codes[raws:], [line.style for line in lines], area.dot_set)
    for index, line in enumerate(lines):
        if line.key:
            _draw_key(grid, area, inked, line, strokes.top[raws + index] + strokes.bottom[raws + index])
    return strokes


def _draw_key(
    grid: CellGrid, area: PlotArea, inked: BoolArray, line: Line, twice_middle: Float64Array
) -> None:
    """Write the key of a line beside its last point, where no line runs.

    Args:
        grid: the chart.
        area: its plot.
        inked: bool[h, w], the cells of lines and of earlier keys; written.
        line: whose key.
        twice_middle: float64[n], twice the middle row of its dots in each dot column; NaN where it has none.
    """
    drawn = np.isfinite(twice_middle).nonzero()[0]
    if not len(drawn):
        return
    row = int(twice_middle[drawn[-1]]) // 2 // area.dot_set.rows
    cell = int(drawn[-1]) // area.dot_set.columns
    for key_row, key_cell in ((row, cell + 1), (row - 1, cell), (row + 1, cell), (row - 1, cell - 1)):
        if 0 <= key_row < area.height and 0 <= key_cell < area.width and not inked[key_row, key_cell]:
            text_at(grid, key_row, area.left + key_cell, line.key[0], line.style)
            inked[key_row, key_cell] = True
            return


def _say(grid: CellGrid, area: PlotArea, text: str) -> None:
    """Write a text into the middle of an empty plot."""
    start = area.left + max(area.width - text_width(text), 0) // 2
    text_at(grid, (area.height - 1) // 2, start, text, Style.DIM)
