"""The x axis of a picture: what it counts, from where to where, and what its ticks say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tuimon.charts.scales import Limits
from tuimon.charts.ticks import linear_ticks, tick_labels
from tuimon.charts.time_ticks import clock_ticks, duration_ticks
from tuimon.core.roles import HARDWARE_ROLES, Role
from tuimon.output.curves import epoch_at, extent
from tuimon.output.figure import Ticks
from tuimon.store.axis import Attempt, Axis
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

X_LABELS = {
    Axis.ACCUMULATED: "step",
    Axis.STEP: "step",
    Axis.RELATIVE: "time since the attempt began",
    Axis.WALL: "time",
    Axis.EPOCH: "epoch",
}
_LABEL_WIDTH = 8
# Curves that end before this share of the others' reach count something else (epochs, evaluations).
_OTHER_SCALE = 0.1
# More epochs than this are no epochs.
_MOST_EPOCHS = 1e9


def choose_axis(runs: Sequence[RunView], wanted: Axis | None) -> Axis:
    """Return the axis that was asked for, else one on which points lie apart and several runs compare."""
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


def reach(curves: Iterable[tuple[RunView, SeriesView]], axis: Axis) -> Limits | None:
    """Return the smallest and the largest x of curves; None where no point has one."""
    extents = [found for run, series in curves if (found := extent(run, series, axis)) is not None]
    return (min(lo for lo, _ in extents), max(hi for _, hi in extents)) if extents else None


def panel_limits(own: Limits | None, shared: Limits | None) -> Limits:
    """Return the limits of one panel: those that all panels share, unless it counts something else."""
    if own is None or shared is None:
        return (0.0, 1.0)
    lo, hi = own if own[1] < _OTHER_SCALE * shared[1] else shared
    return (lo, hi) if hi > lo else (lo - 0.5, lo + 0.5)


def x_ticks(runs: Sequence[RunView], axis: Axis, limits: Limits) -> Callable[[int], Ticks]:
    """Return what gives about so many ticks between two limits; steps are those that were logged."""
    if axis is Axis.WALL:
        return partial(clock_ticks, *limits)
    if axis is Axis.RELATIVE:
        return partial(duration_ticks, *limits)
    attempts = runs[0].attempts if axis is Axis.ACCUMULATED and len(runs) == 1 else ()
    if any(attempt.offset for attempt in attempts):
        return partial(_logged_ticks, attempts, limits)
    return partial(_number_ticks, limits, axis is not Axis.EPOCH)


def _number_ticks(limits: Limits, whole: bool, count: int) -> Ticks:  # noqa: FBT001 - bound by partial
    places = [x for x in linear_ticks(*limits, count) if not whole or x == round(x)]
    return list(zip(places, tick_labels(tuple(places), _LABEL_WIDTH), strict=True))


def _logged_ticks(attempts: tuple[Attempt, ...], limits: Limits, count: int) -> Ticks:
    """Return ticks at round logged steps of every attempt, at their places on the accumulated axis."""
    span = linear_ticks(0.0, limits[1] - limits[0], count)
    step = max(span[1] - span[0], 1.0) if len(span) > 1 else 1.0
    ticks: Ticks = []
    for attempt, after in zip(attempts, (*attempts[1:], None), strict=True):
        end = limits[1] if after is None else float(after.first_step + after.offset)
        first = math.ceil(max(limits[0] - attempt.offset, attempt.first_step) / step)
        last = math.floor((min(end, limits[1]) - attempt.offset) / step)
        logged = tuple(at * step for at in range(first, last + 1))
        texts = tick_labels(logged, _LABEL_WIDTH)
        ticks += [(at + attempt.offset, text) for at, text in zip(logged, texts, strict=True)]
    return ticks


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
