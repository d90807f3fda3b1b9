"""The frame of a chart: gutter, grid dots, axis lines and tick labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tuimon.charts.canvas import packed
from tuimon.charts.grid import SPACE, CellGrid, text_at, text_width
from tuimon.charts.layout import PlotArea
from tuimon.charts.marks import Mark, mark_style
from tuimon.charts.scales import LINEAR, Axis
from tuimon.charts.style import Style
from tuimon.charts.ticks import tick_labels, ticks_of

TickLabels = Callable[[float], str] | Sequence[tuple[float, str]]
"""Either a label for any x, or the ticks themselves as (x, label)."""

_X_LABEL_WIDTH = 8
_ROWS_PER_Y_TICK = 3
# A grid dot in every second cell: enough for the eye to follow, too few to be taken for points.
_GRID_STRIDE = 2


def y_ticks(area: PlotArea, y: Axis) -> list[tuple[int, str]]:
    """The dot row and label of each y tick, from the top; only the limits where there is no room for more."""
    close, wide = max(area.height // 2, 2), max(area.height // _ROWS_PER_Y_TICK, 2)
    # Decades and a third tick are worth more than room between ticks.
    ticks = ticks_of(y, close if y.scale.kind == "log" else wide)
    if len(ticks) < 3:
        denser = ticks_of(y, close)
        ticks = denser if len(ticks) < len(denser) <= close + 1 else ticks
    if area.height < 4 or len(ticks) < 2:
        ticks = y.limits
    labels = tick_labels(ticks, area.left - 1, uniform=y.scale == LINEAR)
    rows = np.rint((1 - y.fractions(ticks)) * (area.dot_rows - 1))
    placed = zip(rows.astype(np.int64).tolist(), labels, strict=True)
    return sorted((row, label) for row, label in placed if 0 <= row < area.dot_rows)


def draw_grid(grid: CellGrid, area: PlotArea, ticks: Sequence[tuple[int, str]]) -> None:
    """Draw a sparse dotted line across a large plot at each y tick; before any series, which cover it.

    In ASCII it would look like points.
    """
    if area.axis_row is None or area.glyphs == "ascii":
        return
    for dot_row, _ in ticks:
        row, within = divmod(dot_row, area.dot_set.rows)
        cells = slice(area.left + 1, area.left + area.width, _GRID_STRIDE)
        grid.chars[row, cells] = area.dot_set.characters[area.dot_set.bits[within, 0]]
        grid.styles[row, cells] = Style.GRID


def draw_y_axis(grid: CellGrid, area: PlotArea, ticks: Sequence[tuple[int, str]]) -> None:
    """Draw the axis line in the last cell of the gutter and the labels to its left."""
    if not area.left:
        return
    axis = area.left - 1
    bits = area.dot_set.bits
    line = ord("|") if area.glyphs == "ascii" else area.dot_set.characters[int(bits[:, -1].sum())]
    grid.chars[: area.height, axis] = line
    grid.styles[: area.height, axis] = Style.AXIS
    taken = -1
    for dot_row, label in ticks:
        row, within = divmod(dot_row, area.dot_set.rows)
        if row == taken:
            continue
        taken = row
        tick = ord("+") if area.glyphs == "ascii" else grid.chars[row, axis] | int(bits[within, 0])
        grid.chars[row, axis] = tick
        text_at(grid, row, axis - text_width(label), label, Style.LABEL)


def x_ticks(area: PlotArea, x: Axis, labels: TickLabels | None) -> list[tuple[float, str]]:
    """The fraction of the x axis and the label of each x tick."""
    if labels is None or callable(labels):
        positions = ticks_of(x, area.x_tick_count)
        written = tick_labels(positions, _X_LABEL_WIDTH, uniform=x.scale == LINEAR)
        texts = [labels(position) for position in positions] if labels else list(written)
    else:
        positions, texts = tuple(position for position, _ in labels), [text for _, text in labels]
    fractions = x.fractions(positions).tolist()
    return [(at, text) for at, text in zip(fractions, texts, strict=True) if 0 <= at <= 1]


def draw_x_axis(
    grid: CellGrid, area: PlotArea, ticks: Sequence[tuple[float, str]], marks: Sequence[tuple[Mark, float]]
) -> None:
    """Draw the x axis line, and below it the labels of marks and, where they leave room, of ticks."""
    if area.axis_row is not None:
        _draw_x_line(grid, area, ticks)
    if area.label_row is None:
        return
    # A mark that stands in the label row would make another number of a label that it cuts.
    taken = (grid.chars[area.label_row] != SPACE).tolist()
    named = [(at, mark.label, mark_style(mark.kind)) for mark, at in marks if mark.label]
    newest_first = sorted(named, key=lambda label: -label[0])
    for fraction, text, style in [*newest_first, *((at, text, Style.LABEL) for at, text in ticks)]:
        width = text_width(text)
        cell = area.cell_at(fraction)
        start = min(max(cell - width // 2, 0), grid.width - width)
        around = range(max(start - 1, 0), min(start + width + 1, grid.width))
        # A mark's label may cover its own sign.
        own = cell if style != Style.LABEL else -1
        if width and start >= 0 and not any(taken[near] for near in around if near != own):
            taken[start : start + width] = [True] * width
            text_at(grid, area.label_row, start, text, style)


def _draw_x_line(grid: CellGrid, area: PlotArea, ticks: Sequence[tuple[float, str]]) -> None:
    """Draw the axis line and its ticks into the cells of the axis row that no mark has taken."""
    dots = np.zeros((area.dot_set.rows, area.dot_columns), dtype=np.bool_)
    dots[0] = True
    at = (np.array([fraction for fraction, _ in ticks]) * area.dot_columns).astype(np.int64)
    dots[1, np.minimum(at, area.dot_columns - 1)] = True
    bits = area.dot_set.bits
    codes = packed(dots[None], area.dot_set)[0, 0]
    chars, styles = grid.chars[area.axis_row], grid.styles[area.axis_row]
    free = chars == SPACE
    line = np.full(grid.width, SPACE, dtype=np.uint32)
    if area.glyphs == "ascii":
        line[area.left :] = np.where(codes & bits[1].sum(), ord("+"), ord("-"))
    else:
        line[area.left :] = area.dot_set.characters[codes]
    if area.left:
        corner = area.dot_set.characters[bits[0, -1]]
        line[area.left - 1] = ord("+") if area.glyphs == "ascii" else corner
    np.copyto(chars, line, where=free)
    np.copyto(styles, np.uint8(Style.AXIS), where=free & (line != SPACE))
