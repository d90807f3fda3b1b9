"""The x axis that all charts of a run share: what it counts, its window, its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tuimon.analysis.placing import choose_axis, extent, is_told, logged_steps
from tuimon.charts.axes import TickLabels
from tuimon.charts.limits import stepped_window, stepped_x_limits
from tuimon.charts.scales import Limits
from tuimon.charts.ticks import linear_ticks, round_step
from tuimon.charts.time_ticks import clock_ticks, duration_ticks
from tuimon.core.frozen import frozen
from tuimon.core.units import format_clock, format_count, format_duration
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.store.logged_axis import LOGGED_AXES
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView
from tuimon.tui.view import View

LABELS = {
    Axis.ACCUMULATED: "steps",
    Axis.STEP: "step of attempt",
    Axis.RELATIVE: "time of attempt",
    Axis.WALL: "clock",
    Axis.EPOCH: "epoch",
    Axis.TOKENS: "tokens",
}
UNTOLD = {
    Axis.RELATIVE: "times logged",
    Axis.WALL: "times logged",
    Axis.EPOCH: "epochs logged",
    Axis.TOKENS: "tokens counted",
}
"""What is missing where a run cannot be laid out along an axis."""
# A tag whose steps end before this share of the run's counts something else (epochs, evaluations).
_OTHER_SCALE = 0.1


@frozen
class ChartAxis:
    """What x counts and which part of it is shown.

    Attributes:
        axis: What x counts.
        full: The limits that show everything.
        shown: The limits that are shown.
    """

    axis: Axis
    full: Limits
    shown: Limits


def extents_of(state: RunState, axis: Axis) -> frozenset[tuple[float, float]]:
    """Return the different extents of a run's series; tags that are logged together have the same."""
    found = (extent(state.run, series, axis) for series in state.run.series.values() if len(series))
    return frozenset(each for each in found if each is not None)


def shared_axis(
    state: RunState,
    view: View,
    previous: ChartAxis | None,
    others: Sequence[RunState] = (),
    look_up: Callable[[RunState, Axis], frozenset[tuple[float, float]]] = extents_of,
) -> ChartAxis:
    """Return the axis of a run's charts and of runs under it; limits move in steps, not with each point.

    `look_up` is `extents_of`, or what remembers its answers: a run may have thousands of series.
    """
    runs = [state.run, *(other.run for other in others)]
    is_known = view.axis is not None and is_told(runs, view.axis)
    axis = choose_axis(runs[:1], view.axis if is_known else None)
    extents = [each for run in (state, *others) for each in look_up(run, axis)]
    if not extents:
        return ChartAxis(axis, (0.0, 1.0), (0.0, 1.0))
    reach = max(hi for _, hi in extents)
    lo = min(lo for lo, hi in extents if hi >= _OTHER_SCALE * reach or hi == reach)
    if state.status.live or any(other.status.live for other in others):
        full = stepped_x_limits(lo, reach, previous.full if previous and previous.axis is axis else None)
    else:
        full = (lo, reach) if reach > lo else (lo, lo + 1.0)
    shown = full
    if view.window is not None:
        if view.follow and reach > view.window[1]:
            view.window = stepped_window(reach, view.window)
        shown = view.window
    return ChartAxis(axis, full, shown)


def own_axis(run: RunView, series: SeriesView, shared: ChartAxis) -> ChartAxis:
    """Return the axis of a chart whose tag counts something else than the run's steps."""
    if shared.axis not in (Axis.ACCUMULATED, Axis.STEP) or shared.shown != shared.full:
        return shared
    own = extent(run, series, shared.axis)
    if own is None or own[1] >= _OTHER_SCALE * shared.full[1]:
        return shared
    limits = stepped_x_limits(*own)
    return replace(shared, full=limits, shown=limits)


def last_x(run: RunView, axis: Axis) -> float | None:
    """Return the largest x of any curve, or None where there is none."""
    ends = (extent(run, series, axis) for series in run.series.values() if len(series))
    return max((end[1] for end in ends if end is not None), default=None)


def value_at(run: RunView, series: SeriesView, axis: ChartAxis, x: float) -> float | None:
    """Return the value that a series had last at `x`; None before its first point."""
    # Half a cell of the finest chart further: what lies under the cursor's line counts.
    reach = x + (axis.shown[1] - axis.shown[0]) / 400
    begin = min(axis.full[0], axis.shown[0]) - 1.0
    columns = run.window(series, axis.axis, np.array([begin, max(reach, begin)]))
    return float(columns.last[0]) if columns.count[0] else None


def x_text(run: RunView, axis: Axis, x: float, now: float) -> str:
    """Return a place on an axis as people read it; on the accumulated axis, as the step that was logged."""
    if axis is Axis.WALL:
        return format_clock(x, now)
    if axis is Axis.RELATIVE:
        return format_duration(x)
    if axis is Axis.EPOCH:
        return f"epoch {x:.2f}"
    if axis is Axis.TOKENS:
        return f"{format_count(x)} tokens"
    begun = [a for a in run.attempts if a.first_step + a.offset <= x] if axis is Axis.ACCUMULATED else []
    attempt = f" of attempt {begun[-1].number}" if len(run.attempts) > 1 and begun else ""
    return f"step {x - (begun[-1].offset if begun else 0):.0f}{attempt}"


def tick_labels(run: RunView, axis: ChartAxis, count: int) -> TickLabels | None:
    """Return what ticks say; on the accumulated axis they are labelled with the steps that were logged."""
    if axis.axis is Axis.WALL:
        return clock_ticks(*axis.shown, count)
    if axis.axis is Axis.RELATIVE:
        return duration_ticks(*axis.shown, count)
    if axis.axis in LOGGED_AXES:
        return None
    if axis.axis is Axis.STEP or all(attempt.offset == 0 for attempt in run.attempts):
        # Steps are whole numbers: a short axis has few ticks rather than the same label twice.
        return [(x, format_count(x)) for x in linear_ticks(*axis.shown, count) if x == round(x)]
    spacing = max(round_step((axis.shown[1] - axis.shown[0]) / max(count, 1)), 1.0)
    return [
        (step + offset, format_count(step))
        for offset, steps in logged_steps(run.attempts, *axis.shown, spacing)
        for step in steps
    ]
