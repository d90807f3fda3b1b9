"""Draws the histograms of a tag of the open run over its steps."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.moments import accumulated
from tuimon.analysis.placing import place
from tuimon.charts.grid import CellGrid
from tuimon.charts.heatmap import Histogram, draw_heatmap
from tuimon.charts.layout import plot_area
from tuimon.charts.marks import Mark
from tuimon.charts.style import Glyphs, Style
from tuimon.core.text import clean, shorten
from tuimon.monitor.snapshot import RunState
from tuimon.tui.chart_axis import ChartAxis, fitting_ticks
from tuimon.tui.chart_list import ChartSpec
from tuimon.tui.chart_marks import chart_marks
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row

# Cells of a frame's upper edge that are never a title's.
_EDGE = 4


def paint_heatmap(
    state: RunState,
    spec: ChartSpec,
    axis: ChartAxis,
    size: tuple[int, int],
    glyphs: Glyphs,
    marked: Sequence[Mark],
) -> tuple[CellGrid, Row]:
    """Return a heat map of `size` = (height, width) cells, and the title of its frame.

    `marked` is what a person has marked.
    """
    run, tag = state.run, spec.tags[0]
    records = run.histograms[tag]
    placed = [
        (place(run, axis.axis, accumulated(run, int(each.steps[0])), float(each.wall_times[0])), each)
        for each in records.kept
    ]
    histograms = [Histogram(x, each.edges[0], each.counts[0]) for x, each in placed if x is not None]
    histograms.sort(key=lambda each: each.x)
    grid = draw_heatmap(
        histograms,
        size,
        axis.shown,
        glyphs=glyphs,
        x_tick_labels=fitting_ticks(run, axis, plot_area(size, glyphs).width),
        marks=[*marked, *chart_marks(state, spec, axis.axis, checkpoints=False)],
    )
    left_out = records.count - len(records.kept)
    counted = f" {records.count} histograms" + (f", {left_out} of them not kept" if left_out else "")
    name = shorten(clean(tag), max(size[1] - _EDGE - len(counted), 3))
    return grid, ((name, Style.SERIES_1), (counted, Ink.MUTED))
