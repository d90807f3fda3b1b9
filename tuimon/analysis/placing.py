"""Which x axis suits runs, and where their series and what happened stand on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tuimon.core.roles import HARDWARE_ROLES
from tuimon.store.axis import Attempt, Axis
from tuimon.store.logged_axis import LOGGED_AXES
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

_TIMES = (Axis.RELATIVE, Axis.WALL)


def choose_axis(runs: Sequence[RunView], wanted: Axis | None) -> Axis:
    """Return the axis that was asked for, else one on which points lie apart and several runs compare.

    Where not all runs tell epochs, there is no axis of epochs, and so it is with tokens and times.
    """
    if wanted is not None and not is_told(runs, wanted):
        return Axis.STEP if len(runs) > 1 else Axis.ACCUMULATED
    if wanted is not None:
        return wanted
    curves = [s for run in runs for s in run.series.values() if len(s) > 1 and s.role not in HARDWARE_ROLES]
    if curves and all(s.statistics.first_step == s.statistics.last_step for s in curves):
        if any(s.times_rise for s in curves):
            return Axis.WALL if len(runs) == 1 else Axis.RELATIVE
        return Axis.STEP
    return Axis.ACCUMULATED if len(runs) == 1 else Axis.STEP


def is_told(runs: Iterable[RunView], axis: Axis) -> bool:
    """Return whether all runs log what an axis counts; every point has a step."""
    if axis in LOGGED_AXES:
        return all(run.knots(axis) is not None for run in runs)
    return axis not in _TIMES or all(any(s.times_known for s in run.series.values()) for run in runs)


def extent(run: RunView, series: SeriesView, axis: Axis) -> tuple[float, float] | None:
    """Return the smallest and largest x of a series on any axis; None where no point has one.

    Where no epoch is logged, `EPOCH` is `ACCUMULATED`, as in `RunView.window`; and so it is with tokens.
    """
    if axis not in LOGGED_AXES:
        return series.extent(axis)
    steps = series.extent(Axis.ACCUMULATED)
    return None if steps is None else (logged_at(run, axis, steps[0]), logged_at(run, axis, steps[1]))


@np.errstate(over="ignore", invalid="ignore")  # what is logged may be any number
def logged_at(run: RunView, axis: Axis, accumulated_step: float) -> float:
    """Return what stands at a step on an axis that the run logs; the step itself where it does not."""
    logged = run.logged_at(axis, np.asarray([accumulated_step]))
    return accumulated_step if logged is None or not np.isfinite(logged[0]) else float(logged[0])


def place(run: RunView, axis: Axis, accumulated_step: float, wall_time: float) -> float | None:
    """Return where something that happened at a step and a time stands on an axis, or None."""
    if axis is Axis.ACCUMULATED:
        return accumulated_step
    if axis is Axis.WALL:
        return None if math.isnan(wall_time) else wall_time
    if axis in LOGGED_AXES:
        return logged_at(run, axis, accumulated_step)
    attempt = next((a for a in reversed(run.attempts) if a.first_step + a.offset <= accumulated_step), None)
    if attempt is None:
        return None
    if axis is Axis.RELATIVE:
        return None if math.isnan(wall_time) else wall_time - attempt.start_time
    return accumulated_step - attempt.offset


def logged_steps(
    attempts: Sequence[Attempt], lo: float, hi: float, spacing: float
) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Yield for each attempt its offset, and the multiples of `spacing` that it came by.

    Args:
        attempts: All of a run.
        lo: The accumulated step to begin at.
        hi: The accumulated step to end at.
        spacing: Above 0, in steps as they were logged; and so are those that are yielded.
    """
    for attempt, after in zip(attempts, (*attempts[1:], None), strict=True):
        end = hi if after is None else float(after.first_step + after.offset)
        first = math.ceil(max(lo - attempt.offset, attempt.first_step) / spacing)
        last = math.floor((min(end, hi) - attempt.offset) / spacing)
        yield attempt.offset, tuple(at * spacing for at in range(first, last + 1))
