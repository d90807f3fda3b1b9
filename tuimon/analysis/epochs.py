"""How each epoch of a run went."""

from __future__ import annotations

import numpy as np

from tuimon.analysis.epoch_count import epoch_series, is_position
from tuimon.analysis.lines import training_series
from tuimon.analysis.totals import find_totals
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# A run whose every step is an epoch may have very many; the last ones are told.
_MOST_EPOCHS = 1000
_MOST_NUMBER = 1e9


@frozen
class EpochStatistics:
    """How one epoch went. What is not known is None.

    Attributes:
        epoch: Its number, from 1.
        loss: Mean of the finite training losses logged in it.
        eval_loss: The last evaluation loss logged in it.
        elapsed_s: Seconds of training; down-time between attempts does not count.
        steps_per_s: Steps over those seconds.
    """

    epoch: int
    loss: float | None
    eval_loss: float | None
    elapsed_s: float | None
    steps_per_s: float | None


def epoch_statistics(run: RunView) -> tuple[EpochStatistics, ...]:
    """Return how each epoch went, oldest first; empty where nothing tells epochs.

    Epochs are known by a logged epoch (fractional, or a counter from 0 or 1), else by steps per epoch. What
    a resumed run did again counts to the epoch in which it lies. The cost grows with the points of the
    training loss.
    """
    leader = training_series(run)
    if leader is None:
        return ()
    numbers = _epoch_numbers(run, leader)
    if numbers is None:
        return ()
    epochs, place = _ranked(numbers)
    first = max(len(epochs) - _MOST_EPOCHS, 0)
    loss = _means(leader.values.astype(np.float64), place, len(epochs)) if leader.role is Role.LOSS else None
    seconds, steps = _durations(leader)
    elapsed = np.bincount(place, np.nan_to_num(seconds), len(epochs))
    passed = np.bincount(place, np.where(np.isfinite(seconds), steps, 0), len(epochs))
    evaluations = _evaluations(run, leader, numbers)
    return tuple(
        EpochStatistics(
            epoch=int(epochs[at]),
            loss=None if loss is None or np.isnan(loss[at]) else float(loss[at]),
            eval_loss=evaluations.get(int(epochs[at])),
            elapsed_s=float(elapsed[at]) if elapsed[at] > 0 else None,
            steps_per_s=float(passed[at] / elapsed[at]) if elapsed[at] > 0 and passed[at] > 0 else None,
        )
        for at in range(first, len(epochs))
    )


def _epoch_numbers(run: RunView, leader: SeriesView) -> Int64Array | None:
    """Return int64[n], in which epoch (from 1) each point of the leading series lies."""
    series = epoch_series(run)
    if series is None:
        length = find_totals(run).steps_per_epoch
        if not length:
            return None
        # Step 1 is the first of epoch 1, and step `length` the last.
        return np.clip(np.ceil(np.asarray(leader.steps) / length), 1, _MOST_NUMBER).astype(np.int64)
    steps, epochs = _by_step(series)
    if not len(steps):
        return None
    if is_position(steps, epochs):
        # The epoch is 1.0 when the first one ends.
        return np.maximum(np.ceil(np.interp(leader.steps, steps, epochs) - 1e-9), 1).astype(np.int64)
    before = np.maximum(np.searchsorted(steps, leader.steps, side="right") - 1, 0)
    return (epochs[before] + (1 if epochs.min() < 1 else 0)).astype(np.int64)


def _ranked(numbers: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the numbers that occur, ascending, and which of them each one is."""
    lowest = int(numbers.min())
    if int(numbers.max()) - lowest > len(numbers):
        return np.unique(numbers, return_inverse=True)
    # Sorting millions of points for three epochs would be most of the cost.
    occurs = np.bincount(numbers - lowest) > 0
    return np.flatnonzero(occurs) + lowest, (np.cumsum(occurs) - 1)[numbers - lowest]


def _by_step(series: SeriesView) -> tuple[Int64Array, Float64Array]:
    """Return logged steps, ascending and each once, and their epochs."""
    epochs = series.values.astype(np.float64)
    known = np.isfinite(epochs) & (epochs >= 0) & (epochs < _MOST_NUMBER)
    steps, epochs = series.steps[known], epochs[known]
    if (np.diff(steps) > 0).all():
        return steps, epochs
    unique, first = np.unique(steps, return_index=True)
    return unique, epochs[first]


def _means(values: Float64Array, place: Int64Array, count: int) -> Float64Array:
    """Return the mean of the finite values of each place; NaN where it has none."""
    finite = np.isfinite(values)
    sums = np.bincount(place[finite], values[finite], count)
    counts = np.bincount(place[finite], minlength=count)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _durations(leader: SeriesView) -> tuple[Float64Array, Int64Array]:
    """Return seconds and steps from the line before to each line; NaN where an attempt begins."""
    times = leader.wall_times
    seconds = np.diff(np.where(np.isfinite(times), times, np.nan), prepend=np.nan)
    seconds[[segment.start for segment in leader.segments]] = np.nan
    seconds[seconds < 0] = np.nan
    return seconds, np.diff(leader.steps, prepend=leader.steps[:1])


def _evaluations(run: RunView, leader: SeriesView, numbers: Int64Array) -> dict[int, float]:
    """Return the last finite evaluation loss of each epoch."""
    series = next(iter(run.with_role(Role.EVAL_LOSS)), None)
    if series is None:
        return {}
    if series.times_rise and leader.times_rise:
        at = np.searchsorted(leader.wall_times, series.wall_times, side="right") - 1
    else:
        ranked = np.argsort(leader.steps, kind="stable")
        at = ranked[np.maximum(np.searchsorted(leader.steps[ranked], series.steps, side="right") - 1, 0)]
    finite = np.isfinite(series.values)
    if not finite.any():
        return {}
    epochs, place = _ranked(numbers[np.maximum(at, 0)][finite])
    last = np.empty(len(epochs), np.int64)
    # Of those with the same place, the last one stays.
    last[place] = np.arange(len(place))
    return dict(zip(epochs.tolist(), series.values[finite][last].tolist(), strict=True))
