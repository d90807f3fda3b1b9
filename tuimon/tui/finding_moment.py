"""The part of a curve that a finding is about."""

from __future__ import annotations

from dataclasses import replace

from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.moments import Moment, accumulated
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.tui.chart_axis import ChartAxis
from tuimon.tui.view import View

# What is usual is learned from some hundred points; then a spike is a few columns wide, and what came of it
# is seen.
_BEFORE, _AFTER = 96, 64


def place_of(state: RunState, finding: Finding, axis: Axis) -> float | None:
    """Return where a finding stands on an axis, or None."""
    step = finding.accumulated_step if finding.accumulated_step is not None else finding.step
    return None if step is None else Moment(float(step), finding.time).on(state.run, axis)


def moment_view(state: RunState, finding: Finding, points: int, axis: ChartAxis, view: View) -> View:
    """Return the view in which the moment of a finding can be read: its surroundings, and the cursor on it.

    A part that the person has zoomed to stays, and a curve of few `points` is shown whole.
    """
    at = place_of(state, finding, axis.axis)
    if at is None:
        return view
    window = view.window or _surroundings(state, finding, points, axis, at)
    return replace(view, window=window, crosshair=at, follow=False)


def _surroundings(
    state: RunState, finding: Finding, points: int, axis: ChartAxis, at: float
) -> tuple[float, float] | None:
    """Return the limits of the window around a moment; None for the whole axis."""
    lo, hi = axis.full
    point = (hi - lo) / max(points, 1)
    began = at
    if finding.onset_step is not None:
        onset = Moment(accumulated(state.run, finding.onset_step), finding.time).on(state.run, axis.axis)
        began = at if onset is None else min(onset, at)
    first, last = max(began - _BEFORE * point, lo), min(at + _AFTER * point, hi)
    # At an end of the curve the other side has the room.
    width = (_BEFORE + _AFTER) * point
    first, last = max(min(first, last - width), lo), min(max(last, first + width), hi)
    return None if (first, last) == (lo, hi) or last <= first else (first, last)
