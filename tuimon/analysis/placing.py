"""Which x axis suits runs, and where their series and what happened stand on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tuimon.core.roles import HARDWARE_ROLES, Role
from tuimon.store.axis import Attempt, Axis
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# More epochs than this are no epochs.
_MOST_EPOCHS = 1e9


def choose_axis(runs: Sequence[RunView], wanted: Axis | None) -> Axis:
    """Return the axis that was asked for, else one on which points lie apart and several runs compare.

    Where not all runs tell epochs, there is no axis of epochs.
    """
    if wanted is Axis.EPOCH and not all(map(_tells_epochs, runs)):
        return Axis.STEP if len(runs) > 1 else Axis.ACCUMULATED
    if wanted is not None:
        return wanted
    curves = [s for run in runs for s in run.series.values() if len(s) > 1 and s.role not in HARDWARE_ROLES]
    if curves and all(s.statistics.first_step == s.statistics.last_step for s in curves):
        if any(s.times_rise for s in curves):
            return Axis.WALL if len(runs) == 1 else Axis.RELATIVE
        return Axis.STEP
    return Axis.ACCUMULATED if len(runs) == 1 else Axis.STEP


def _tells_epochs(run: RunView) -> bool:
    """Return whether a run logs epochs that can be an axis."""
    logged = run.with_role(Role.EPOCH)
    return bool(logged) and all(abs(s.statistics.maximum or 0.0) < _MOST_EPOCHS for s in logged)


def extent(run: RunView, series: SeriesView, axis: Axis) -> tuple[float, float] | None:
    """Return the smallest and largest x of a series on any axis; None where no point has one.

    Where no epoch is logged, `EPOCH` is `ACCUMULATED`, as in `RunView.window`.
    """
    if axis is not Axis.EPOCH:
        return series.extent(axis)
    steps = series.extent(Axis.ACCUMULATED)
    return None if steps is None else (epoch_at(run, steps[0]), epoch_at(run, steps[1]))


@np.errstate(over="ignore", invalid="ignore")  # a logged epoch may be any number
def epoch_at(run: RunView, accumulated_step: float) -> float:
    """Return the epoch at a step; the step itself where nothing tells epochs."""
    epochs = run.epoch_of_step(np.asarray([accumulated_step]))
    return accumulated_step if epochs is None or not np.isfinite(epochs[0]) else float(epochs[0])


def place(run: RunView, axis: Axis, accumulated_step: float, wall_time: float) -> float | None:
    """Return where something that happened at a step and a time stands on an axis, or None."""
    if axis is Axis.ACCUMULATED:
        return accumulated_step
    if axis is Axis.WALL:
        return None if math.isnan(wall_time) else wall_time
    if axis is Axis.EPOCH:
        return epoch_at(run, accumulated_step)
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
