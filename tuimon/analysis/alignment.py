"""What the x of two runs must be for their points to be compared."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.store.axis import Axis
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView


class Alignment(StrEnum):
    """What runs are compared by."""

    STEP = "step"
    RELATIVE_STEP = "relative-step"
    EPOCH = "epoch"
    TOKENS = "tokens"
    TIME = "time"
    WALL = "wall"


@frozen(eq=False)
class AlignedCurve:
    """A series as a curve along what runs are compared by.

    Attributes:
        series: The series.
        x: float64[n], of each of its points; NaN where it is not known.
    """

    series: SeriesView
    x: Float64Array

    @property
    def limits(self) -> tuple[float, float] | None:
        """The smallest and the largest known x; None where none is known."""
        known = self.x[np.isfinite(self.x)]
        return (float(known.min()), float(known.max())) if len(known) else None

    def index_at(self, x: float) -> int | None:
        """Return which point counts at `x`: the last one written of those nearest before it.

        None before the first point, and behind the last one: what a run has not reached it cannot tell.
        """
        limits = self.limits
        if limits is None or not limits[0] <= x <= limits[1]:
            return None
        reached = np.where(self.x <= x, self.x, -math.inf)  # NaN is no less than anything
        return len(reached) - 1 - int(np.argmax(reached[::-1]))


def align(run: RunView, series: SeriesView, alignment: Alignment) -> AlignedCurve | None:
    """Return a series of a run along what runs are compared by; None where the run does not log that.

    Args:
        run: The run.
        series: One of its series.
        alignment: `STEP` as logged; `RELATIVE_STEP` from the step at which the run began; `EPOCH` and
            `TOKENS` as logged, in between by interpolation; `TIME` in seconds of training, without the time
            between attempts; `WALL` in unix seconds.
    """
    x = _x_of(run, series, alignment)
    return None if x is None or not np.isfinite(x).any() else AlignedCurve(series, x)


def _x_of(run: RunView, series: SeriesView, alignment: Alignment) -> Float64Array | None:
    if alignment is Alignment.STEP:
        return np.asarray(series.steps).astype(np.float64)
    if alignment is Alignment.RELATIVE_STEP:
        first = run.attempts[0].first_step if run.attempts else series.statistics.first_step
        return np.asarray(series.steps).astype(np.float64) - first
    if alignment is Alignment.EPOCH:
        return run.logged_at(Axis.EPOCH, series.axis_values(Axis.ACCUMULATED))
    if alignment is Alignment.TOKENS:
        return _tokens(run, series)
    if alignment is Alignment.WALL:
        return np.asarray(series.wall_times)
    return _training_time(run, series)


def _tokens(run: RunView, series: SeriesView) -> Float64Array | None:
    """Return how many tokens had been seen at each point; NaN before the first count and after the last."""
    known = run.knots(Axis.TOKENS)
    if known is None:
        return None
    at = series.axis_values(Axis.ACCUMULATED)
    tokens = known.at(at)
    tokens[~((at >= known.steps[0]) & (at <= known.steps[-1]))] = np.nan
    return tokens


def _training_time(run: RunView, series: SeriesView) -> Float64Array:
    """Return seconds since the run began, without the time between attempts."""
    before: dict[int, float] = {}
    elapsed = 0.0
    for attempt in run.attempts:
        before[attempt.number] = elapsed
        lasted = attempt.last_time - attempt.start_time
        elapsed += lasted if lasted > 0 else 0.0
    x = np.array(series.axis_values(Axis.RELATIVE))
    for segment in series.segments:
        x[segment.start : segment.stop] += before.get(segment.attempt.number, 0.0)
    return x
