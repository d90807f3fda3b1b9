"""From the columns of series to the dots of their lines: no point hidden, no loop over points or columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.charts.canvas import BoolArray
from tuimon.charts.scales import Axis
from tuimon.core.columns import Columns, Float64Array, Int64Array
from tuimon.core.frozen import frozen


@frozen(eq=False)
class Strokes:
    """The lines of `s` series as one vertical span per dot column.

    Rows of dots are whole numbers counted from the top of the plot.

    Attributes:
        top: float64[s, n], the first inked row of each dot column; NaN where it has no ink.
        bottom: float64[s, n], the last inked row.
        nonfinite: bool[s, n], dot columns that hold NaN or infinite values.
        hidden: bool[s, n], dot columns that hold values with no place on the scale (<= 0 on a log scale).
        single: bool[s, n], points without a line to either side, which are drawn wider.
    """

    top: Float64Array
    bottom: Float64Array
    nonfinite: BoolArray
    hidden: BoolArray
    single: BoolArray

    def dots(self, dot_rows: int) -> BoolArray:
        """The inked dots: bool[s, dot_rows, n]."""
        rows = np.arange(dot_rows, dtype=np.float64)[:, None]
        inked: BoolArray = (rows >= self.top[:, None]) & (rows <= self.bottom[:, None])
        series, columns = self.single.nonzero()
        if len(series):
            # The other dot column of the same cell, so that no second cell is touched.
            beside = np.minimum(columns ^ 1, self.top.shape[1] - 1)
            inked[series, :, beside] |= inked[series, :, columns]
        return inked


@frozen(eq=False)
class _Folded:
    """Columns of `s` series folded onto dot columns: the same summaries, one per dot column.

    Attributes:
        values: float64[s, 4, n]: lo, hi, first, last.
        occupied: bool[s, n], whether there are points.
        nonfinite: bool[s, n], whether some of them are NaN or infinite.
    """

    values: Float64Array
    occupied: BoolArray
    nonfinite: BoolArray


def strokes_of(series: Sequence[Columns], x: Axis, y: Axis, dot_rows: int, dot_columns: int) -> Strokes:
    """Lay series out over a plot.

    In each dot column the span from lo to hi is inked, and `last` of one column is connected with `first` of
    the next column that has points by a straight line. A non-finite value on either side breaks the line.
    """
    folded = _folded(series, x, dot_columns)
    rows = (1.0 - y.fractions(folded.values)) * (dot_rows - 1)
    shown = np.isfinite(rows[:, :2])
    hidden = np.logical_or.reduce(np.isfinite(folded.values[:, :2]) & ~shown, axis=1)
    for line, occupied in zip(rows, folded.occupied, strict=True):
        bridge(line, occupied)
    top, bottom = np.fmin.reduce(rows, axis=1), np.fmax.reduce(rows, axis=1)
    entry, leave = rows[:, 2], rows[:, 3]
    linked = np.isfinite(leave[:, :-1] + entry[:, 1:])
    np.rint(rows, out=rows)
    np.rint(top, out=top)
    np.rint(bottom, out=bottom)
    single = top == bottom
    single[:, :-1] &= ~linked
    single[:, 1:] &= ~linked
    # Two by two dots: a single dot is easily overlooked.
    bottom += single
    _join(top, bottom, entry, leave)
    last = max(dot_rows - 1, 0)
    for rows_of_ink in (top, bottom):
        np.maximum(rows_of_ink, 0, out=rows_of_ink)
        np.minimum(rows_of_ink, last, out=rows_of_ink)
    return Strokes(top, bottom, folded.nonfinite, hidden, single)


def _dot_positions(edges: Float64Array, x: Axis, dot_columns: int) -> Int64Array:
    """The dot column of each column's middle; -1 where that is outside of the plot."""
    at = x.fractions(edges)
    middles = (at[:-1] + at[1:]) * 0.5
    inside = (middles >= 0) & (middles <= 1)
    positions = np.where(inside, middles * dot_columns, -1.0).astype(np.int64)
    return np.minimum(positions, dot_columns - 1)


def _folded(series: Sequence[Columns], x: Axis, dot_columns: int) -> _Folded:
    shape = (len(series), dot_columns)
    folded = _Folded(
        np.full((len(series), 4, dot_columns), np.nan),
        np.zeros(shape, dtype=np.bool_),
        np.zeros(shape, dtype=np.bool_),
    )
    edges: Float64Array | None = None
    positions = np.zeros(0, dtype=np.int64)
    for index, columns in enumerate(series):
        if columns.edges is not edges:
            # A smoothed series and its raw one share their edges.
            edges, positions = columns.edges, _dot_positions(columns.edges, x, dot_columns)
        _fold(folded, index, columns, positions)
    return folded


def _fold(folded: _Folded, index: int, columns: Columns, positions: Int64Array) -> None:
    """Write one series; `positions` ascend, and columns that share a dot column are folded into one."""
    chosen = ((columns.count > 0) & (positions >= 0)).nonzero()[0]
    if not len(chosen):
        return
    at = positions[chosen]
    lo, hi, nonfinite = columns.lo[chosen], columns.hi[chosen], columns.nonfinite[chosen] > 0
    begins = np.concatenate(([True], at[1:] != at[:-1]))
    starts = begins.nonzero()[0]
    first = last = chosen
    if len(starts) < len(chosen):
        lo, hi = np.fmin.reduceat(lo, starts), np.fmax.reduceat(hi, starts)
        nonfinite = np.logical_or.reduceat(nonfinite, starts)
        at, first, last = at[starts], chosen[starts], chosen[np.append(starts[1:], len(chosen)) - 1]
    values = folded.values[index]
    values[0, at] = lo
    values[1, at] = hi
    values[2, at] = columns.first[first]
    values[3, at] = columns.last[last]
    folded.occupied[index, at] = True
    folded.nonfinite[index, at] = nonfinite


def bridge(rows: Float64Array, occupied: BoolArray) -> None:
    """Put the straight line between two columns with points into the empty columns between them.

    Args:
        rows: float64[4, n], lo, hi, first and last of one series in rows of dots; written.
        occupied: bool[n], the columns with points.
    """
    at = occupied.nonzero()[0]
    if len(at) < 2 or at[-1] - at[0] + 1 == len(at):
        return
    empty = (~occupied[at[0] : at[-1]]).nonzero()[0] + at[0]
    after = np.searchsorted(at, empty)
    left, right = at[after - 1], at[after]
    entry, leave = rows[2, right], rows[3, left]
    rows[:, empty] = leave + (entry - leave) * ((empty - left) / (right - left))


def _join(top: Float64Array, bottom: Float64Array, entry: Float64Array, leave: Float64Array) -> None:
    """Stretch the spans of neighbouring columns towards each other until they touch at a corner.

    Each takes half of the rows between; on a gentle slope nothing is added, so that the line stays thin.
    All are float64[s, n]; `top` and `bottom` are written.
    """
    rise = entry[:, 1:] - leave[:, :-1]
    direction = np.sign(rise)
    missing = np.maximum(np.abs(rise) - 1, 0)
    half = np.floor(missing * 0.5)
    reach_right = leave[:, :-1] + direction * half
    reach_left = entry[:, 1:] - direction * (missing - half)
    np.fmin(top[:, :-1], reach_right, out=top[:, :-1])
    np.fmax(bottom[:, :-1], reach_right, out=bottom[:, :-1])
    np.fmin(top[:, 1:], reach_left, out=top[:, 1:])
    np.fmax(bottom[:, 1:], reach_left, out=bottom[:, 1:])
