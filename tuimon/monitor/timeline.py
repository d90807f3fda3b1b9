"""The time of a replay: when each point of a finished run came, with long gaps made short."""

from __future__ import annotations

import numpy as np

from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.core.medians import median
from tuimon.store.axis import Axis
from tuimon.store.column import TimeColumn
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# Nobody watches an hour of down-time: a gap is never longer than this many usual intervals.
_LONGEST_GAP_INTERVALS = 10.0


@frozen(eq=False)
class Timeline:
    """When the points of a run come, in seconds of the replay.

    Attributes:
        times: Per tag, float64[n]: when each point comes; it never falls.
        start: When the first point comes.
        end: When the last point comes.
    """

    times: dict[str, Float64Array]
    start: float
    end: float
    _wall: Float64Array
    _paced: Float64Array

    def wall_time(self, position: float) -> float:
        """Return the wall time of the data at a position of the replay; NaN where none is logged."""
        if not len(self._wall):
            return float("nan")
        return float(np.interp(position, self._paced, self._wall))

    def covers(self, wall_time: float) -> bool:
        """Return whether a wall time lies within the data; that of a file that was copied does not."""
        return len(self._wall) > 0 and float(self._wall[0]) <= wall_time <= float(self._wall[-1])

    def position(self, wall_time: float) -> float:
        """Return the position of the replay at a wall time of the data."""
        return float(np.interp(wall_time, self._wall, self._paced)) if len(self._wall) else self.start


def make_timeline(run: RunView) -> Timeline:
    """Lay the points of a run on the time of its replay.

    Points with a wall time come at that time, long gaps made short. A format without times is paced by its
    steps, one second a step; beside others with times, by the share of its steps.
    """
    timed = [s for s in run.series.values() if np.isfinite(s.wall_times).any()]
    moments = np.unique(np.concatenate([_rising(s.wall_times) for s in timed])) if timed else np.empty(0)
    paced = _shortened(moments)
    # Without times all series share one pace: that of their steps on the accumulated axis.
    placed = [s.extent(Axis.ACCUMULATED) for s in run.series.values() if len(s)]
    steps = (min(e[0] for e in placed if e), max(e[1] for e in placed if e)) if any(placed) else (0.0, 0.0)
    length = float(paced[-1]) if len(paced) else steps[1] - steps[0]
    times: dict[str, Float64Array] = {}
    for tag, series in run.series.items():
        if not len(series):
            continue
        if np.isfinite(series.wall_times).any():
            times[tag] = np.interp(_rising(series.wall_times), moments, paced)
        else:
            times[tag] = _by_steps(series, steps, length)
    start = min((float(t[0]) for t in times.values()), default=0.0)
    end = max((float(t[-1]) for t in times.values()), default=0.0)
    return Timeline(times, start, end, moments, paced)


def _rising(wall_times: TimeColumn) -> Float64Array:
    """Return wall times that never fall: an unknown or falling one is that of the point before."""
    known = np.where(np.isfinite(wall_times), wall_times, -np.inf)
    rising = np.maximum.accumulate(known)
    first = rising[np.isfinite(rising)]
    return np.where(np.isfinite(rising), rising, first[0] if len(first) else 0.0)


def _shortened(moments: Float64Array) -> Float64Array:
    """Return when each moment comes if no gap is longer than a few usual ones; the first comes at 0."""
    if len(moments) < 2:
        return np.zeros(len(moments))
    gaps = np.diff(moments)
    return np.append(0.0, np.cumsum(np.minimum(gaps, median(gaps) * _LONGEST_GAP_INTERVALS)))


def _by_steps(series: SeriesView, steps: tuple[float, float], length: float) -> Float64Array:
    """Return when each point comes if the steps of the whole run take `length` seconds."""
    positions = np.maximum.accumulate(series.axis_values(Axis.ACCUMULATED))
    span = steps[1] - steps[0]
    shares: Float64Array = (positions - steps[0]) / span if span > 0 else np.zeros(len(series))
    return shares * length
