"""From series to what pictures draw: folded, smoothed, and laid out as points of a line.

No point is left out: a column of a picture knows the extremes of all points behind it, and the line passes
through both.
"""

from __future__ import annotations

import numpy as np

from tuimon.analysis.charted import is_noisy
from tuimon.analysis.smoothing import SmoothedSeries, Smoothing
from tuimon.charts.scales import Limits
from tuimon.core.columns import Columns, Float64Array
from tuimon.store.axis import Axis
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

_LEAST_SMOOTHED = 20
# The average goes over about this part of the curve, so that it looks the same however long the run is.
_SMOOTHED_SHARE = 1 / 60
_MOST_WEIGHT = 0.9999


@np.errstate(over="ignore", invalid="ignore")
def folded(
    run: RunView, series: SeriesView, axis: Axis, limits: Limits, columns: int, attempt: int | None = None
) -> Columns:
    """Fold a series between two limits of an axis into so many columns."""
    return run.window(series, axis, np.linspace(*limits, columns + 1), attempt)


def smoothed(series: SeriesView, weight: float | None = None) -> SeriesView | None:
    """Return a series smoothed; None where nothing is to be smoothed.

    Args:
        series: The series.
        weight: Of the exponential average, as in TensorBoard, 0 for none. None: one that averages over a
            sixtieth of the curve, and none for what is no noisy measurement.
    """
    if weight is None:
        weight = _usual_weight(len(series)) if is_noisy(series) else 0.0
    if weight <= 0 or len(series) < 2:
        return None
    return SmoothedSeries(Smoothing(weight=weight)).update(series)


def _usual_weight(points: int) -> float:
    """Return the weight w of an average over a part of a curve; its span is (1 + w) / (1 - w) points."""
    if points < _LEAST_SMOOTHED:
        return 0.0
    span = max(points * _SMOOTHED_SHARE, 5.0)
    return min((span - 1) / (span + 1), _MOST_WEIGHT)


def polyline(columns: Columns) -> tuple[Float64Array, Float64Array]:
    """Return the points of a line through columns, float64[n] x and y, all finite.

    In each column it enters at the first value, passes the smallest and the largest one, and leaves at the
    last. Columns without a finite point are bridged.
    """
    held = np.flatnonzero(np.isfinite(columns.lo))
    lo, hi = columns.lo[held], columns.hi[held]
    first = np.where(np.isfinite(columns.first[held]), columns.first[held], lo)
    last = np.where(np.isfinite(columns.last[held]), columns.last[held], hi)
    rises = last >= first
    y = np.stack([first, np.where(rises, lo, hi), np.where(rises, hi, lo), last], axis=1)
    # A value that was just drawn is not drawn again.
    fresh = np.ones(y.shape, np.bool_)
    fresh[:, 1:] = y[:, 1:] != y[:, :-1]
    x = np.broadcast_to(centres(columns)[held][:, np.newaxis], y.shape)
    return x[fresh], y[fresh]


def band(columns: Columns) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return x, the smallest and the largest value of all columns with a finite point, float64[n] each."""
    held = np.isfinite(columns.lo)
    return centres(columns)[held], columns.lo[held], columns.hi[held]


def centres(columns: Columns) -> Float64Array:
    """Return the middle of each column, float64[n]."""
    middle: Float64Array = columns.edges[:-1] * 0.5 + columns.edges[1:] * 0.5
    return middle


def nonfinite_places(columns: Columns) -> Float64Array:
    """Return the middle of each column that holds a NaN or an infinity."""
    return centres(columns)[columns.nonfinite > 0]
