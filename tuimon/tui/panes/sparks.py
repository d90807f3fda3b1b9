"""A line for each of the first charts, where a screen is too low for charts: name, value, course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.charts.sparkline import sparkline
from tuimon.charts.style import Glyphs, series_style
from tuimon.core.text import clean, pad, shorten_middle
from tuimon.core.units import format_value
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.tui.chart_list import ChartSpec
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, fit, grid_rows, row_width

_NAME, _VALUE = 18, 9
_LEAST_CURVE = 8


def spark_rows(
    state: RunState | None, specs: Sequence[ChartSpec], width: int, height: int, glyphs: Glyphs
) -> list[Row]:
    """Return `height` rows of `width` cells; the curves reach from the first to the last logged step."""
    rows: list[Row] = []
    for spec in specs if state is not None else ():
        series = state.run.series.get(spec.tags[0]) if state is not None else None
        reach = None if series is None else series.extent(Axis.ACCUMULATED)
        if series is None or reach is None:
            continue
        name = pad(shorten_middle(clean(spec.tags[0]), _NAME), _NAME)
        value = format_value(series.statistics.last)
        finite = np.isfinite(series.statistics.last)
        label: Row = (
            (f" {name} ", series_style(0)),
            (f"{value:>{_VALUE}} ", Ink.STRONG if finite else Ink.CRITICAL),
        )
        room = width - row_width(label)
        if room >= _LEAST_CURVE:
            edges = np.linspace(reach[0], max(reach[1], reach[0] + 1.0), room + 1)
            label = (*label, *grid_rows(sparkline(series.window(Axis.ACCUMULATED, edges), room, glyphs))[0])
        rows.append(fit(label, width))
        if len(rows) == height:
            break
    return [*rows, *([fit((), width)] * (height - len(rows)))][:height]
