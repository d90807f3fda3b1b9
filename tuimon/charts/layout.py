"""Which cells of a chart hold the plot, the axes and their labels; known before any point is folded."""

from __future__ import annotations

from tuimon.charts.canvas import DOT_SETS, DotSet
from tuimon.charts.style import Glyphs
from tuimon.core.frozen import frozen

Size = tuple[int, int]

_WIDE_GUTTER, _NARROW_GUTTER = 7, 6
_WIDE_FROM, _NARROW_FROM = 30, 16
_CELLS_PER_X_TICK = 8
_AXIS_ROW_FROM, _LABEL_ROW_FROM = 8, 4


@frozen
class PlotArea:
    """The plot inside a chart: rows 0 to `height - 1`, cells `left` to `left + width - 1`.

    Attributes:
        left: cells of the gutter for the y axis; its last cell is the axis line. 0: no room for one.
        height: rows of the plot.
        width: cells of the plot.
        axis_row: the row of the x axis line, where there is room for one.
        label_row: the row of the x labels, where there is room.
        glyphs: which characters the chart is made of.
    """

    left: int
    height: int
    width: int
    axis_row: int | None
    label_row: int | None
    glyphs: Glyphs

    @property
    def dot_set(self) -> DotSet:
        """How a cell is divided."""
        return DOT_SETS[self.glyphs]

    @property
    def dot_rows(self) -> int:
        """Dots from the top of the plot to its bottom."""
        return self.height * self.dot_set.rows

    @property
    def dot_columns(self) -> int:
        """Dots from left to right."""
        return self.width * self.dot_set.columns

    @property
    def foot_row(self) -> int:
        """The row that shows what happened when: the axis, else the labels, else the last row."""
        if self.axis_row is not None:
            return self.axis_row
        return self.label_row if self.label_row is not None else self.height - 1

    @property
    def x_tick_count(self) -> int:
        """How many ticks the x axis has room for, with labels of usual length."""
        return max(self.width // _CELLS_PER_X_TICK, 1)

    def cell_at(self, fraction: float) -> int:
        """The cell of the chart at a fraction (0 to 1) of the x axis."""
        return self.left + min(max(int(fraction * self.width), 0), self.width - 1)

    def fraction_at(self, cell: int) -> float:
        """The fraction of the x axis in the middle of a cell of the chart, for a crosshair or a mouse."""
        return min(max((cell - self.left + 0.5) / self.width, 0.0), 1.0) if self.width else 0.0


def plot_area(size: Size, glyphs: Glyphs = "braille") -> PlotArea:
    """Divide a chart of `size` = (height, width) cells.

    A low chart loses first the x axis line, then the x labels; a narrow one the y axis.
    """
    height, width = max(size[0], 0), max(size[1], 0)
    left = _WIDE_GUTTER if width >= _WIDE_FROM else _NARROW_GUTTER if width >= _NARROW_FROM else 0
    if height >= _AXIS_ROW_FROM:
        return PlotArea(left, height - 2, width - left, height - 2, height - 1, glyphs)
    if height >= _LABEL_ROW_FROM:
        return PlotArea(left, height - 1, width - left, None, height - 1, glyphs)
    return PlotArea(left, height, width - left, None, None, glyphs)


def columns_wanted(size: Size, glyphs: Glyphs = "braille") -> int:
    """How many columns a series should be folded into for a chart of `size` = (height, width) cells."""
    return plot_area(size, glyphs).dot_columns
