"""Where a run was restarted, seen from the steps of its training series."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.medians import median
from tuimon.core.roles import HARDWARE_ROLES, Role, is_evaluation, role_of
from tuimon.store.axis import Attempt
from tuimon.store.column import IntColumn, TimeColumn
from tuimon.store.series import SeriesView

# A new writer is a restart only after a pause this many times the usual time between two logged steps, so
# that a trainer that merely starts another file goes on in the same attempt.
_GAP_INTERVALS = 5.0
# The usual time is the median over this many intervals before (or, where there are none, after) the pause.
_USUAL_INTERVALS = 64
# Jobs restart a handful of times. A step that falls more often than this, and in more than one of a hundred
# points, falls for another reason: several writers in one file, or a counter that restarts each epoch.
_MOST_RESTARTS, _MOST_RESTARTS_SHARE, _MOST_ATTEMPTS = 20, 0.01, 200

_NO_TIMES = frozenset({Role.CONFIG, Role.SUMMARY, Role.EPOCH, Role.EVAL_TIME}) | HARDWARE_ROLES


@frozen
class Cut:
    """Where an attempt after the first one begins.

    Attributes:
        after_order: `order` of the leading series' last point before the restart.
        at_order: `order` of its first point after it, or of the writer that began the attempt.
        after_time: Wall time of that last point.
        at_time: Wall time of that first point.
        step_before: The step that had been reached.
    """

    after_order: int
    at_order: int
    after_time: float
    at_time: float
    step_before: int


@frozen
class History:
    """The attempts of one stream, as its leading series tells them.

    Attributes:
        attempts: At least one.
        cuts: One for each attempt after the first.
        interleaved: The step falls too often to be restarts, and all is taken for one attempt.
        falls: How often it falls.
    """

    attempts: tuple[Attempt, ...]
    cuts: tuple[Cut, ...] = ()
    interleaved: bool = False
    falls: int = 0


def leading_rank(tag: str) -> int | None:
    """Return how well the steps of a tag tell restarts (smaller is better), or None if they do not.

    A tag on another step scale (evaluation, epoch, hardware, facts) never starts an attempt.
    """
    role = role_of(tag)
    if role in _NO_TIMES or is_evaluation(tag):
        return None
    if "epoch" in tag.lower():
        return 4
    return {Role.LOSS: 0, Role.LEARNING_RATE: 1, Role.GRAD_NORM: 1}.get(role, 3)


def find_attempts(leader: SeriesView, writers: Sequence[int]) -> History:
    """Return the attempts that a leading series with at least one point tells.

    The answer depends on the points alone, not on the portions in which they came. The cost follows the
    number of restarts.

    Args:
        leader: The series whose steps count.
        writers: The `order` at which each new writer of the stream began.
    """
    allowed = min(max(_MOST_RESTARTS, _MOST_RESTARTS_SHARE * leader.statistics.count), _MOST_ATTEMPTS)
    interleaved = len(leader.step_falls) > allowed
    restarts = [] if interleaved else {*leader.step_falls.tolist(), *_after_gaps(leader, writers)}
    begins = [0, *sorted(restarts)]
    attempts: list[Attempt] = []
    for begin, stop in pairwise([*begins, len(leader)]):
        attempts.append(_attempt(leader, begin, stop, attempts[-1] if attempts else None))
    cuts = tuple(_cut(leader, begin, writers) for begin in begins[1:])
    return History(tuple(attempts), cuts, interleaved, len(leader.step_falls))


def rows_of_writers(order: IntColumn, writers: Sequence[int]) -> Int64Array:
    """Return the points around each new writer from which `find_attempts` tells whether it is a restart."""
    begins = order.searchsorted(np.array(writers, np.int64))
    around = np.arange(-_USUAL_INTERVALS - 1, _USUAL_INTERVALS + 2)
    rows: Int64Array = (begins[:, np.newaxis] + around).ravel()
    return rows[(rows >= 0) & (rows < len(order))]


def locate_cuts(view: SeriesView, cuts: Sequence[Cut], *, by_time: bool) -> Int64Array:
    """Return the index at which each attempt after the first begins in a series that need not lead.

    Between the leading series' last point before a restart and its first one after it, other tags may have
    been logged on either side: those whose step lies below the step that had been reached come after it.

    Args:
        view: The series; its own segments do not matter.
        cuts: In order of time.
        by_time: Compare wall times, because the series is of another stream than the leading one.
    """
    position: IntColumn | TimeColumn
    if by_time:
        position, after, at = (
            view.wall_times,
            np.array([cut.after_time for cut in cuts]),
            np.array([cut.at_time for cut in cuts]),
        )
    else:
        position, after, at = (
            view.order,
            np.array([cut.after_order for cut in cuts]),
            np.array([cut.at_order for cut in cuts]),
        )
    ends = position.searchsorted(at, side="left")
    begins = np.minimum(position.searchsorted(after, side="right"), ends)
    for index in np.flatnonzero(begins < ends).tolist():
        between = view.steps[begins[index] : ends[index]]
        fallen = np.flatnonzero(between < cuts[index].step_before)
        if len(fallen):
            ends[index] = begins[index] + fallen[0]
    return np.maximum.accumulate(ends)


def _attempt(leader: SeriesView, begin: int, stop: int, before: Attempt | None) -> Attempt:
    first_step = int(leader.steps[begin])
    offset = 0
    if before is not None:
        # An attempt begins on the accumulated axis one step after the last one that was reached, or goes on
        # where the step did not fall.
        redone = first_step <= before.last_step
        offset = before.offset + (before.last_step + 1 - first_step if redone else 0)
    return Attempt(
        number=1 if before is None else before.number + 1,
        first_step=first_step,
        last_step=_reached(leader, begin, stop),
        start_time=_first_known(leader.wall_times[begin : min(stop, begin + _USUAL_INTERVALS)]),
        last_time=float(leader.wall_times[stop - 1]),
        offset=offset,
    )


def _reached(leader: SeriesView, begin: int, stop: int) -> int:
    """Return the largest step of a stretch, which ends either it or one of its rises."""
    peaks = leader.step_falls[(leader.step_falls > begin) & (leader.step_falls < stop)] - 1
    return int(leader.steps[np.append(peaks, stop - 1)].max())


def _cut(leader: SeriesView, begin: int, writers: Sequence[int]) -> Cut:
    after_order, at_order = int(leader.order[begin - 1]), int(leader.order[begin])
    # Where a new writer began in between, the restart lies exactly there.
    at_order = next((writer for writer in writers if after_order < writer <= at_order), at_order)
    return Cut(
        after_order=at_order - 1 if at_order in writers else after_order,
        at_order=at_order,
        after_time=float(leader.wall_times[begin - 1]),
        at_time=float(leader.wall_times[begin]),
        step_before=int(leader.steps[begin - 1]),
    )


def _after_gaps(leader: SeriesView, writers: Sequence[int]) -> list[int]:
    """Return the indices at which the points of a new writer begin after a pause."""
    found = []
    for writer in writers:
        at = int(leader.order.searchsorted(writer, side="left"))
        if 0 < at < len(leader):
            pause = leader.wall_times[at] - leader.wall_times[at - 1]
            if pause > _GAP_INTERVALS * _usual_interval(leader.wall_times, at):
                found.append(at)
    return found


def _usual_interval(times: TimeColumn, at: int) -> float:
    """Return the median time between points before `at`, or behind it; NaN where neither is known."""
    for known in (times[max(0, at - _USUAL_INTERVALS - 1) : at], times[at : at + _USUAL_INTERVALS + 1]):
        intervals = np.diff(known)
        intervals = intervals[np.isfinite(intervals) & (intervals >= 0)]
        if len(intervals):
            return median(intervals)
    return float("nan")


def _first_known(times: Float64Array) -> float:
    """Return the first of the times that is known."""
    known = times[np.isfinite(times)]
    return float(known[0]) if len(known) else float("nan")
