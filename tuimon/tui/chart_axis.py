"""The x axis that all charts of a run share: what it counts, its window, its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from tuimon.analysis.placing import choose_axis, extent, is_told, logged_steps
from tuimon.charts.limits import stepped_window, stepped_x_limits
from tuimon.charts.scales import Limits
from tuimon.charts.ticks import linear_ticks, round_step
from tuimon.charts.ticks import tick_labels as number_labels
from tuimon.charts.time_ticks import clock_ticks, duration_ticks
from tuimon.core.frozen import frozen
from tuimon.core.units import format_clock, format_count, format_duration
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Attempt, Axis
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
Ticks = list[tuple[float, str]]
# The densest first; an axis shorter than this has smaller gaps.
_CELLS_PER_TICK, _NARROW = (4, 5, 6, 8), 40
_LABEL_WIDTH = 8
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


def fitting_ticks(run: RunView, axis: ChartAxis, cells: int) -> Ticks:
    """Return as many ticks as have room for their labels on an axis that is so many cells long."""
    return _fitting(run.attempts, axis, cells)


@lru_cache(maxsize=64)  # the charts of a screen have few widths
def _fitting(attempts: tuple[Attempt, ...], axis: ChartAxis, cells: int) -> Ticks:
    gap = 2 if cells < _NARROW else 4
    lo, hi = axis.shown
    begins = [attempt.first_step + attempt.offset for attempt in attempts[1:]]
    scale = cells / (hi - lo)
    ticks: Ticks = []
    for cells_per_tick in _CELLS_PER_TICK:
        ticks = _ticks(attempts, axis, max(cells // cells_per_tick, 1))
        # The last label may have to stand a little to the left of its place.
        placed = [(min((x - lo) * scale, cells - len(text) / 2), len(text)) for x, text in ticks]
        # Where an attempt begins, a label that has no room is left out.
        crossed = [any(a < begin <= b for begin in begins) for (a, _), (b, _) in pairwise(ticks)]
        between = zip(pairwise(placed), crossed, strict=True)
        if all(cut or b - a >= (wide + broad) / 2 + gap for ((a, wide), (b, broad)), cut in between):
            break
    return ticks


def tick_labels(run: RunView, axis: ChartAxis, count: int) -> Ticks:
    """Return about so many ticks; on the accumulated axis they are labelled with the steps as logged."""
    return _ticks(run.attempts, axis, count)


def _ticks(attempts: tuple[Attempt, ...], axis: ChartAxis, count: int) -> Ticks:
    if axis.axis is Axis.WALL:
        return clock_ticks(*axis.shown, count)
    if axis.axis is Axis.RELATIVE:
        return duration_ticks(*axis.shown, count)
    if axis.axis in LOGGED_AXES:
        places = linear_ticks(*axis.shown, count)
        return list(zip(places, number_labels(places, _LABEL_WIDTH), strict=True))
    if axis.axis is Axis.STEP or all(attempt.offset == 0 for attempt in attempts):
        # Steps are whole numbers: a short axis has few ticks rather than the same label twice.
        return [(x, format_count(x)) for x in linear_ticks(*axis.shown, count) if x == round(x)]
    spacing = max(round_step((axis.shown[1] - axis.shown[0]) / max(count, 1)), 1.0)
    return [
        (step + offset, format_count(step))
        for offset, steps in logged_steps(attempts, *axis.shown, spacing)
        for step in steps
    ]
