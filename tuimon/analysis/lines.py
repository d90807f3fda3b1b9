"""The training lines of a run: the points that tell how far it is and how fast."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import HARDWARE_ROLES, Role, is_evaluation, pair_key, role_of
from tuimon.store.attempts import leading_rank
from tuimon.store.column import IntColumn, TimeColumn
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# An evaluation logs dozens of tags within one second, again and again: the last points of each tell when.
KEPT_EVALUATIONS = 64
_NO_EVALUATION = HARDWARE_ROLES | {Role.CONFIG, Role.SUMMARY, Role.EPOCH}
_ELAPSED = frozenset({"elapsed", "elapsed_time", "time_elapsed", "elapsed_s", "elapsed_seconds", "_runtime"})


@frozen(eq=False)
class TrainingLines:
    """When training lines and evaluations were logged.

    Attributes:
        steps: int64[n], as logged.
        times: float64[n], seconds; NaN where none is known.
        starts: int64[k], the lines with which an attempt begins; 0 is one of them.
        evaluation_times: float64[m], seconds, ascending.
        evaluation_steps: int64[m], as logged.
        wall: Whether times are unix seconds; else they count from the start of the run.
    """

    steps: IntColumn
    times: TimeColumn
    starts: Int64Array
    evaluation_times: Float64Array
    evaluation_steps: Int64Array
    wall: bool

    def __len__(self) -> int:
        return len(self.steps)

    def equals(self, other: TrainingLines) -> bool:
        """Return whether these are the same lines and evaluations, of the same columns of the store."""
        return (
            self.steps is other.steps
            and self.times is other.times
            and np.array_equal(self.starts, other.starts)
            and np.array_equal(self.evaluation_times, other.evaluation_times)
            and np.array_equal(self.evaluation_steps, other.evaluation_steps)
        )

    def cut(self, lines: int, evaluations: int) -> TrainingLines:
        """Return the first so many lines and evaluations: the run as it was at that moment."""
        return TrainingLines(
            self.steps[:lines],
            self.times[:lines],
            self.starts[: int(np.searchsorted(self.starts, lines))],
            self.evaluation_times[:evaluations],
            self.evaluation_steps[:evaluations],
            self.wall,
        )


def training_series(run: RunView) -> SeriesView | None:
    """Return the series whose steps tell how far the training is, or None before there is one.

    The role of a tag decides, then the number of its points.
    """
    ranked = [
        (rank, -series.statistics.count, tag)
        for tag, series in run.series.items()
        if len(series) and (rank := leading_rank(tag)) is not None
    ]
    return run.series[min(ranked, key=lambda entry: entry[:2])[2]] if ranked else None


def training_lines(run: RunView, evaluations: int | None = KEPT_EVALUATIONS) -> TrainingLines | None:
    """Return the training lines of a run, or None where it has none.

    The columns are those of the store: nothing is copied but the evaluations; with all of these, the lines
    are unpacked, to be looked at one by one.

    Args:
        run: The run.
        evaluations: How many of the last points of each evaluation tag to look at; None for all.
    """
    leader = training_series(run)
    if leader is None:
        return None
    clock = None if leader.times_known else _elapsed_clock(run, leader.stream)
    found = [
        (_times(series, clock)[-evaluations:] if evaluations else _times(series, clock),
         series.steps[-evaluations:] if evaluations else series.steps)
        for tag, series in run.series.items()
        if _is_evaluation_line(tag) and (clock is None or series.stream == clock.stream)
    ]  # fmt: skip
    times = np.concatenate([np.empty(0), *(each for each, _ in found)])
    steps = np.concatenate([np.empty(0, np.int64), *(each for _, each in found)])
    known = np.isfinite(times)
    times, first = np.unique(times[known], return_index=True)
    line_times = _times(leader, clock)
    return TrainingLines(
        steps=leader.steps if evaluations else np.asarray(leader.steps),
        times=line_times if evaluations else np.asarray(line_times),
        starts=np.array([segment.start for segment in leader.segments], np.int64),
        evaluation_times=times,
        evaluation_steps=steps[known][first],
        wall=clock is None,
    )


@lru_cache(maxsize=65536)
def _is_evaluation_line(tag: str) -> bool:
    return is_evaluation(tag) and role_of(tag) not in _NO_EVALUATION


def _elapsed_clock(run: RunView, stream: int) -> SeriesView | None:
    """Return a series of the stream that counts the seconds since the run began."""
    return next(
        (s for s in run.series.values() if s.stream == stream and len(s) and pair_key(s.tag) in _ELAPSED),
        None,
    )


def _times(series: SeriesView, clock: SeriesView | None) -> TimeColumn:
    """Return when each point was logged: its wall time, or what `clock` last said before it."""
    if clock is None:
        return series.wall_times
    before = np.searchsorted(clock.order, series.order, side="right") - 1
    return np.where(before >= 0, clock.values[np.maximum(before, 0)], np.nan)
