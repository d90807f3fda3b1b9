"""The x axis of a picture: what it counts, from where to where, and what its ticks say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tuimon.analysis.placing import extent, logged_steps
from tuimon.charts.scales import Limits
from tuimon.charts.ticks import linear_ticks, round_step, tick_labels
from tuimon.charts.time_ticks import clock_ticks, duration_ticks
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
    Axis.TOKENS: "tokens seen",
}
_LABEL_WIDTH = 8
# Curves that end before this share of the others' reach count something else (epochs, evaluations).
_OTHER_SCALE = 0.1


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


def _logged_ticks(attempts: Sequence[Attempt], limits: Limits, count: int) -> Ticks:
    """Return ticks at round logged steps of every attempt, at their places on the accumulated axis."""
    spacing = max(round_step((limits[1] - limits[0]) / max(count, 1)), 1.0)
    ticks: Ticks = []
    for offset, steps in logged_steps(attempts, *limits, spacing):
        texts = tick_labels(steps, _LABEL_WIDTH)
        ticks += [(step + offset, text) for step, text in zip(steps, texts, strict=True)]
    return ticks
