"""Marks on a chart: restarts, checkpoints and findings, and the places that a person marked."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.analysis.moments import accumulated
from tuimon.analysis.placing import place
from tuimon.charts.marks import Mark
from tuimon.core.roles import FALLING_IS_GOOD, Role
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.tui.chart_list import ChartSpec
from tuimon.tui.finding_moment import place_of
from tuimon.tui.view import View

_MOST_CHECKPOINTS = 30
# On the other axes attempts lie over each other, and a restart has no place.
_RESTART_AXES = (Axis.ACCUMULATED, Axis.WALL, Axis.EPOCH, Axis.TOKENS)


def chart_marks(state: RunState, spec: ChartSpec, axis: Axis, *, checkpoints: bool) -> list[Mark]:
    """Return the marks of one chart: its own findings, and what concerns the whole run.

    A low chart has no line for `checkpoints`: they would take the place of the labels of its axis.
    """
    marks = [*_restart_marks(state, axis), *_finding_marks(state, spec, axis)]
    if checkpoints and spec.role in FALLING_IS_GOOD:
        marks += _checkpoint_marks(state, axis)
    return marks


def place_marks(state: RunState, view: View, axis: Axis) -> list[Mark]:
    """Return the marks that a person has set on a run's charts: bookmarks, and the cursor."""
    cursor = [] if view.crosshair is None else [Mark(view.crosshair, "cursor")]
    placed = (
        (letter, bookmark.moment.on(state.run, axis))
        for letter, bookmark in view.bookmarks.items()
        if bookmark.run_name == state.name and letter.isalpha()
    )
    return cursor + [Mark(x, "bookmark", letter=letter) for letter, x in placed if x is not None]


def _restart_marks(state: RunState, axis: Axis) -> list[Mark]:
    if axis not in _RESTART_AXES:
        return []
    marks = []
    for attempt in state.run.attempts[1:]:
        x = place(state.run, axis, attempt.first_step + attempt.offset, attempt.start_time)
        if x is not None:
            marks.append(Mark(x, "restart", f"r{attempt.number}"))
    return marks


def _checkpoint_marks(state: RunState, axis: Axis) -> list[Mark]:
    run = state.run
    saved = [record for record in run.lifecycle if record.kind == "checkpoint"][-_MOST_CHECKPOINTS:]
    marks = []
    for record in saved:
        if record.step is None:
            continue
        x = place(run, axis, accumulated(run, record.step), record.wall_time)
        if x is not None:
            marks.append(Mark(x, "checkpoint"))
    return marks


def _finding_marks(state: RunState, spec: ChartSpec, axis: Axis) -> list[Mark]:
    marks = []
    for finding in state.findings:
        x = place_of(state, finding, axis)
        if x is not None and _concerns(finding, spec):
            critical = finding.severity is Severity.CRITICAL
            marks.append(Mark(x, "finding_critical" if critical else "finding_warning"))
    return marks


def _concerns(finding: Finding, spec: ChartSpec) -> bool:
    """Return whether a finding is marked on a chart; a restart has a mark of its own."""
    about_run = finding.series == "run" and spec.role is Role.LOSS and finding.rule != "restart_detected"
    return about_run or spec.holds(finding.series)
