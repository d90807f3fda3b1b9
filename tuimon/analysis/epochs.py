"""How each epoch of a run went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tuimon.analysis.epoch_count import epoch_series, is_position
from tuimon.analysis.lines import training_series
from tuimon.analysis.totals import find_totals
from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.store.column import IntColumn
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# A run whose every step is an epoch may have very many; the last ones are told.
_MOST_EPOCHS = 1000
_MOST_NUMBER = 1e9
# So many points are looked at in one pass, for which memory that was used before is enough: pages that are
# taken for the first time cost more than all the rest.
_PIECE = 1 << 15
# Where epochs only rise, so many points of a long stretch are looked at first, then those between which one
# ends, unless that is so almost everywhere.
_COARSE, _FEW = 512, 32


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


class _Stretches(NamedTuple):
    """Stretches of the leading series within one epoch and one attempt, which follow one another.

    Attributes:
        epochs: int64[k], from 1.
        starts: int64[k], their first points.
        stops: int64[k], one past their last points.
        begins: bool[k], whether an attempt begins with it.
    """

    epochs: Int64Array
    starts: Int64Array
    stops: Int64Array
    begins: npt.NDArray[np.bool_]


class _Numbering(NamedTuple):
    """Which epoch (int64[n], from 1) some steps (int64[n]) lie in, and whether that rises with the step."""

    of: Callable[[Int64Array], Int64Array]
    rises: bool


def epoch_statistics(run: RunView) -> tuple[EpochStatistics, ...]:
    """Return how each epoch went, oldest first; empty where nothing tells epochs.

    Epochs are known by a logged epoch (fractional, or a counter from 0 or 1), else by steps per epoch. What
    a resumed run did again counts to the epoch in which it lies. The cost grows with the points of the
    training loss, by a few nanoseconds each.
    """
    leader = training_series(run)
    if leader is None:
        return ()
    numbering = _numbering(run)
    if numbering is None:
        return ()
    stretches = _stretches(leader, numbering)
    epochs, place = np.unique(stretches.epochs, return_inverse=True)
    first = max(len(epochs) - _MOST_EPOCHS, 0)
    loss = np.full(len(epochs), np.nan)
    if leader.role is Role.LOSS:
        sums, counts = _sums(leader.values, stretches)
        found = np.bincount(place, counts)
        loss[found > 0] = (np.bincount(place, sums) / np.maximum(found, 1))[found > 0]
    elapsed, passed = (np.bincount(place, each) for each in _durations(leader, stretches))
    evaluations = _evaluations(run, leader, stretches)
    return tuple(
        EpochStatistics(
            epoch=int(epochs[at]),
            loss=None if np.isnan(loss[at]) else float(loss[at]),
            eval_loss=evaluations.get(int(epochs[at])),
            elapsed_s=float(elapsed[at]) if elapsed[at] > 0 else None,
            steps_per_s=float(passed[at] / elapsed[at]) if elapsed[at] > 0 and passed[at] > 0 else None,
        )
        for at in range(first, len(epochs))
    )


def _numbering(run: RunView) -> _Numbering | None:
    """Return how steps tell the epoch; None where nothing does."""
    series = epoch_series(run)
    if series is None:
        length = find_totals(run).steps_per_epoch
        if not length:
            return None
        # Step 1 is the first of epoch 1, and step `length` the last.
        return _Numbering(
            lambda steps: np.clip(np.ceil(steps / length), 1, _MOST_NUMBER).astype(np.int64), rises=True
        )
    steps, epochs = _by_step(series)
    if not len(steps):
        return None
    tell = _position if is_position(steps, epochs) else _counted
    from_one = 1 if tell is _counted and epochs.min() < 1 else 0

    def of(at: Int64Array) -> Int64Array:
        if not len(at):
            return at
        knots = _knots(steps, at)
        return tell(at, steps[knots], epochs[knots].astype(np.float64)).astype(np.int64) + from_one

    return _Numbering(of, all((epochs[part][1:] >= epochs[part][:-1]).all() for part in _pieces(len(epochs))))


def _position(at: Int64Array, steps: Int64Array, epochs: Float64Array) -> Float64Array:
    """Return the epoch that some steps lie in where epochs are positions: 1.0 when the first one ends."""
    return np.maximum(np.ceil(np.interp(at, steps, epochs) - 1e-9), 1)


def _counted(at: Int64Array, steps: Int64Array, epochs: Float64Array) -> Float64Array:
    """Return the epoch that was counted last."""
    return epochs[np.maximum(steps.searchsorted(at, side="right") - 1, 0)]


def _by_step(series: SeriesView) -> tuple[IntColumn, ValueArray]:
    """Return logged steps, ascending and each once, and their epochs; mostly these are the columns."""
    steps: IntColumn = series.steps
    epochs = series.values
    known = (epochs >= 0) & (epochs < _MOST_NUMBER)
    if not known.all():
        steps, epochs = _chosen(steps, known), epochs[known]
    if all((steps[part][1:] > steps[part][:-1]).all() for part in _pieces(len(steps))):
        return steps, epochs
    unique, first = np.unique(steps, return_index=True)
    return unique, epochs[first]


def _chosen(steps: IntColumn, known: npt.NDArray[np.bool_]) -> Int64Array:
    """Return the steps of some points."""
    chosen = np.empty(np.count_nonzero(known), np.int64)
    at = 0
    for begin in range(0, len(known), _PIECE):
        part = slice(begin, begin + _PIECE)
        found = steps[part][known[part]]
        chosen[at : at + len(found)] = found
        at += len(found)
    return chosen


def _knots(steps: IntColumn, at: Int64Array) -> slice | Int64Array:
    """Return which of the ascending steps lie around those at which something is asked."""
    first, last = steps.searchsorted(np.array([at.min(), at.max()]), side="right").tolist()
    if last - first <= _PIECE:
        return slice(max(first - 1, 0), last + 1)
    behind = steps.searchsorted(at, side="right")
    return np.unique(np.concatenate([behind - 1, behind]).clip(0, len(steps) - 1))


def _pieces(stop: int, start: int = 0) -> Iterator[slice]:
    """Yield slices that cover `[start, stop)`, each of which begins with the last point of the one before."""
    for begin in range(start, max(stop - 1, start + 1), _PIECE):
        yield slice(begin, min(begin + _PIECE + 1, stop))


def _stretches(leader: SeriesView, numbering: _Numbering) -> _Stretches:
    """Return the stretches of a series that has points."""
    borders = [*(segment.start for segment in leader.segments), len(leader)]
    parts = [
        np.append(start, _changes(leader, numbering, start, stop))
        for start, stop in pairwise(borders)
        if stop > start
    ]
    starts = np.concatenate(parts)
    begins = np.zeros(len(starts), np.bool_)
    begins[np.cumsum([0, *(len(part) for part in parts[:-1])])] = True
    return _Stretches(numbering.of(leader.steps[starts]), starts, np.append(starts[1:], len(leader)), begins)


def _changes(leader: SeriesView, numbering: _Numbering, start: int, stop: int) -> Int64Array:
    """Return which points of `[start, stop)` lie in another epoch than the point before."""
    spans = list(_pieces(stop, start))
    if stop - start > 2 * _COARSE and numbering.rises and not len(leader.steps.part(start, stop).falls):
        coarse = np.linspace(start, stop - 1, _COARSE).astype(np.int64)
        known = numbering.of(leader.steps[coarse])
        at = np.flatnonzero(known[1:] != known[:-1])
        if len(at) <= _FEW:
            spans = [slice(coarse[each], coarse[each + 1] + 1) for each in at.tolist()]
    found = [np.empty(0, np.int64)]
    for span in spans:
        numbers = numbering.of(leader.steps[span])
        found.append(np.flatnonzero(numbers[1:] != numbers[:-1]) + (span.start + 1))
    return np.concatenate(found)


def _sums(values: ValueArray, stretches: _Stretches) -> tuple[Float64Array, Float64Array]:
    """Return the sum of the finite values of each stretch (infinite beyond 1e308), and how many there are."""
    sums, counts = np.zeros(len(stretches.starts)), np.zeros(len(stretches.starts))
    for begin in range(0, len(values), _PIECE):
        part = values[begin : begin + _PIECE]
        first, last = stretches.starts.searchsorted([begin, begin + len(part) - 1], side="right") - 1
        within = slice(first, last + 1)
        starts = np.maximum(stretches.starts[within] - begin, 0)
        finite = np.isfinite(part)
        counts[within] += np.add.reduceat(finite, starts, dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            sums[within] += np.add.reduceat(np.where(finite, part, 0.0), starts, dtype=np.float64)
    return sums, counts


def _durations(leader: SeriesView, stretches: _Stretches) -> tuple[Float64Array, Float64Array]:
    """Return seconds and steps of each stretch, from the last point of the one before in the same attempt."""
    last = stretches.stops - 1
    before = np.where(stretches.begins, stretches.starts, stretches.starts - 1)
    if leader.times_rise:
        passed = leader.steps[last] - leader.steps[before]
        return leader.wall_times[last] - leader.wall_times[before], passed.astype(np.float64)
    times = np.asarray(leader.wall_times)
    seconds = np.diff(np.where(np.isfinite(times), times, np.nan), prepend=np.nan)
    seconds[stretches.starts[stretches.begins]] = np.nan
    known = seconds >= 0
    passed = np.where(known, np.diff(leader.steps, prepend=leader.steps[:1]), 0)
    return (
        np.add.reduceat(np.where(known, seconds, 0.0), stretches.starts),
        np.add.reduceat(passed, stretches.starts, dtype=np.float64),
    )


def _evaluations(run: RunView, leader: SeriesView, stretches: _Stretches) -> dict[int, float]:
    """Return the last finite evaluation loss of each epoch."""
    series = next(iter(run.with_role(Role.EVAL_LOSS)), None)
    if series is None:
        return {}
    if series.times_rise and leader.times_rise:
        # Those of a stretch were logged from its first point on, and before that of the next.
        begins = np.searchsorted(series.wall_times, leader.wall_times[stretches.starts])
        ends = np.append(begins[1:], len(series))
        last = _last_finite(series.values, ends)
        begins[0] = 0
        found = (ends > begins) & (last >= begins)
        return dict(zip(stretches.epochs[found].tolist(), series.values[last[found]].tolist(), strict=True))
    finite = np.isfinite(series.values)
    ranked = np.argsort(leader.steps, kind="stable")
    at = ranked[np.maximum(np.searchsorted(leader.steps[ranked], series.steps, side="right") - 1, 0)]
    epochs = stretches.epochs[np.searchsorted(stretches.starts, at[finite], side="right") - 1]
    return dict(zip(epochs.tolist(), series.values[finite].tolist(), strict=True))


def _last_finite(values: ValueArray, ends: Int64Array) -> Int64Array:
    """Return the last finite value before each end, by its index; -1 or less where there is none."""
    last = ends - 1
    if not np.isfinite(values[last]).all():
        last = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))[last]
    return last
