"""The distribution of a metric's values as a panel of bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.charts.scales import Limits
from tuimon.charts.ticks import linear_ticks, tick_labels
from tuimon.core.columns import Float64Array
from tuimon.core.text import clean
from tuimon.output.figure import Bars, Panel, Ticks
from tuimon.store.series import SeriesView

_BINS = 40
# Where the bulk of the values lies is told from at most this many of them, at equal distances.
_LOOKED_AT = 100_000
_BULK = (5, 95)
# Values further from the bulk than its own width are counted in the outermost bars.
_REACH = 1.0
# Differences of larger values have no float of their own.
_LARGEST = 1e300


def distribution(series: Sequence[tuple[str, int, SeriesView]]) -> Panel:
    """Return the panel of how often each value occurs; every finite point that is held counts.

    Args:
        series: Name, place in the palette, and series; at least one. Several share the edges of their bars,
            and are shown as shares of their points.
    """
    finite = [(name, colour, _finite(each)) for name, colour, each in series]
    limits = _limits([values for _, _, values in finite])
    edges = np.linspace(*limits, _BINS + 1)
    bars = []
    beyond = 0
    for name, colour, values in finite:
        counts = np.histogram(np.clip(values, *limits), edges)[0].astype(np.float64)
        beyond += int(np.count_nonzero((values < limits[0]) | (values > limits[1])))
        shares = counts / max(len(values), 1) if len(finite) > 1 else counts
        bars.append(Bars(name, edges, shares, colour))
    tag = clean(series[0][2].tag)
    return Panel(
        title=f"distribution of {tag}",
        x_label=tag if len(series) == 1 else "loss",
        y_label="share of points" if len(series) > 1 else "points",
        x_limits=limits,
        x_ticks=lambda count: _ticks(limits, count),
        bars=tuple(bars),
        note=f"{beyond} points lie beyond the ends" if beyond else "",
    )


def _finite(series: SeriesView) -> Float64Array:
    values = series.values
    finite = np.isfinite(values)
    return np.clip(values[finite].astype(np.float64), -_LARGEST, _LARGEST)


def _limits(columns: Sequence[Float64Array]) -> Limits:
    looked_at = [values[:: max(len(values) // _LOOKED_AT, 1)] for values in columns]
    together = np.concatenate(looked_at)
    if not len(together):
        return (0.0, 1.0)
    low, high = (float(limit) for limit in np.percentile(together, _BULK))
    lowest = min(float(values.min()) for values in columns if len(values))
    highest = max(float(values.max()) for values in columns if len(values))
    lo, hi = max(lowest, low - _REACH * (high - low)), min(highest, high + _REACH * (high - low))
    return (lo, hi) if hi > lo else (lo - 0.5, lo + 0.5)


def _ticks(limits: Limits, count: int) -> Ticks:
    places = linear_ticks(*limits, count)
    return list(zip(places, tick_labels(tuple(places), 8), strict=True))
