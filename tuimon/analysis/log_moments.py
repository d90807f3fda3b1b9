"""When lines of a log were: what links them with the curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.analysis.charted import main_series
from tuimon.analysis.lines import training_series
from tuimon.analysis.moments import Moment
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView


@frozen
class Moments:
    """The moments of n things that happened in a run.

    Attributes:
        steps: float64[n], on the accumulated axis; NaN where nothing tells.
        times: float64[n], unix seconds; NaN where nothing tells.
    """

    steps: Float64Array
    times: Float64Array

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Moment:
        return Moment(float(self.steps[index]), float(self.times[index]))

    def nearest(self, moment: Moment) -> int | None:
        """Return which one is nearest by step, and of several that are by time; None where nothing tells."""
        apart = np.abs(self.steps - moment.step)
        later = np.abs(self.times - moment.wall_time)
        told = np.isfinite(apart) | np.isfinite(later)
        if not told.any():
            return None
        keys = np.nan_to_num(later, nan=np.inf), np.nan_to_num(apart, nan=np.inf)
        return int(np.lexsort(keys)[0])


def moments_of(run: RunView, steps: Sequence[float], times: Sequence[float]) -> Moments:
    """Return moments, those before and behind all steps at the first and the last one."""
    reach = [(a.first_step + a.offset, a.last_step + a.offset) for a in run.attempts]
    bounds = (reach[0][0], reach[-1][1]) if reach else (0, 0)
    return Moments(np.clip(np.array(steps, np.float64), *bounds), np.array(times, np.float64))


def log_moments(run: RunView) -> Moments:
    """Return when each line of a run's console log was printed.

    A line belongs to the last point that its source logged before it. Lines of a source without points
    belong to the training by their times.
    """
    orders = np.array([line.order for line in run.log], np.int64)
    times = np.array([line.wall_time for line in run.log], np.float64)
    streams = np.array(run.log_streams, np.int64)
    steps = np.full(len(orders), np.nan)
    training = training_series(run) or main_series(run)
    for stream in np.unique(streams).tolist():
        rows = np.flatnonzero(streams == stream)
        own = max((s for s in run.series.values() if s.stream == stream and len(s)), key=len, default=None)
        if own is not None:
            points = np.clip(own.order.searchsorted(orders[rows], side="right") - 1, 0, None)
            steps[rows] = _steps_at(own, points)
            unknown = rows[np.isnan(times[rows])]
            points = np.clip(own.order.searchsorted(orders[unknown], side="right") - 1, 0, None)
            times[unknown] = own.wall_times[points]
        elif training is not None and training.times_known:
            timed = rows[np.isfinite(times[rows])]
            points = np.clip(training.wall_times.searchsorted(times[timed], side="right") - 1, 0, None)
            steps[timed] = _steps_at(training, points)
    return Moments(steps, times)


def _steps_at(series: SeriesView, points: Int64Array) -> Float64Array:
    """Return the accumulated steps of some points."""
    starts = np.array([segment.start for segment in series.segments])
    offsets = np.array([segment.attempt.offset for segment in series.segments], np.float64)
    found: Float64Array = series.steps[points] + offsets[starts.searchsorted(points, side="right") - 1]
    return found
