"""When a place on an x axis was, so that it can be found again on every other axis."""

from __future__ import annotations

import math

import numpy as np

from tuimon.analysis.charted import main_series
from tuimon.analysis.lines import training_series
from tuimon.analysis.placing import place
from tuimon.core.frozen import frozen
from tuimon.store.axis import Axis
from tuimon.store.logged_axis import LOGGED_AXES
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView


@frozen
class Moment:
    """A moment of a run.

    Attributes:
        step: On the accumulated axis.
        wall_time: Unix seconds; NaN where no time is logged.
    """

    step: float
    wall_time: float

    def on(self, run: RunView, axis: Axis) -> float | None:
        """Return where it stands on an axis, or None."""
        return place(run, axis, self.step, self.wall_time)


def last_time(run: RunView) -> float:
    """Return the wall time of a run's last point, in unix seconds; NaN where none is known."""
    known = [attempt.last_time for attempt in run.attempts if math.isfinite(attempt.last_time)]
    return max(known, default=math.nan)


def moment_at(run: RunView, axis: Axis, x: float) -> Moment:
    """Return the moment at a place of an axis, as the series that tells how far the training is has it.

    On the axes of steps and times that attempts share, the last attempt is meant that came by.
    """
    series = training_series(run) or main_series(run)
    if axis is Axis.WALL or axis is Axis.RELATIVE:
        start = run.attempts[-1].start_time if axis is Axis.RELATIVE and run.attempts else 0.0
        time = start + x
        return Moment(math.nan if series is None else _step_at(series, time), time)
    step = x
    if axis is Axis.STEP:
        step = accumulated(run, x)
    elif axis in LOGGED_AXES and (known := run.knots(axis)) is not None:
        step = float(known.steps_at(np.array([x]))[0])
    return Moment(step, math.nan if series is None else _time_at(series, step))


def accumulated(run: RunView, step: float) -> float:
    """Return the accumulated step of a logged one: in the last attempt that came by it."""
    held = [attempt for attempt in run.attempts if attempt.first_step <= step <= attempt.last_step]
    return float(step + (held[-1].offset if held else 0))


def _step_at(series: SeriesView, time: float) -> float:
    """Return the accumulated step of the first point that was logged at a time or after it."""
    found = series.wall_times.searchsorted(time)
    index = min(int(found), len(series) - 1)
    segment = next(s for s in series.segments if s.start <= index < s.stop)
    return float(series.steps[index] + segment.attempt.offset)


def _time_at(series: SeriesView, step: float) -> float:
    """Return when the first point was logged that lies at an accumulated step or behind it."""
    segments = [s for s in series.segments if s.attempt.first_step + s.attempt.offset <= step]
    segment = segments[-1] if segments else series.segments[0]
    steps = series.steps.part(segment.start, segment.stop)
    found = steps.searchsorted(math.ceil(step - segment.attempt.offset))
    return float(series.wall_times[min(segment.start + int(found), segment.stop - 1)])
