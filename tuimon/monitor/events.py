"""The event log of a run: what happened, in the order in which it happened."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import HARDWARE_ROLES, Role
from tuimon.core.text import clean
from tuimon.core.units import format_duration, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# What a line of the log says about a training step, in this order; all other values are on the charts.
_STEP_ROLES = (Role.LOSS, Role.PERPLEXITY, Role.REWARD, Role.ACCURACY, Role.LEARNING_RATE, Role.GRAD_NORM)
_EVALUATION_ROLES = frozenset({Role.EVAL_LOSS, Role.EVAL_PERPLEXITY, Role.EVAL_ACCURACY})
_SHORT = {Role.LEARNING_RATE: "lr", Role.GRAD_NORM: "grad norm"}

# While a run goes on, steps have a line of their own at most this often; the newest one always has.
_LIVE_LINE_S = 10.0
# To find the lines of a live run, this many times as many points are looked at.
_LOOKED_AT = 50


class EventKind(StrEnum):
    """What an event is; the screen gives each its colour and its word."""

    START = "start"
    STEP = "step"
    EVALUATION = "evaluation"
    CHECKPOINT = "checkpoint"
    FINDING = "finding"
    ERROR = "error"
    RESTART = "restart"
    END = "end"


@frozen(eq=False)
class LoggedValues:
    """What was logged at n steps.

    Attributes:
        names: What the log calls each series.
        values: float64[series, n].
        known: bool[series, n], whether the series logged a value at that step.
    """

    names: tuple[str, ...]
    values: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]

    def text(self, row: int) -> str:
        """Return the values of one step, for people."""
        columns = zip(self.names, self.values[:, row].tolist(), self.known[:, row].tolist(), strict=True)
        return "  ".join(f"{name} {format_value(value)}" for name, value, known in columns if known)


@frozen
class Event:
    """A line of the event log.

    Attributes:
        kind: What it is.
        position: The accumulated step, by which events are in order.
        wall_time: Unix seconds; NaN where none is known.
        step: As logged, or None.
        note: What happened, where that is a sentence.
        logged: What happened, where that is values; they are in row `row`.
        row: See `logged`.
    """

    kind: EventKind
    position: float
    wall_time: float
    step: int | None
    note: str = ""
    logged: LoggedValues | None = None
    row: int = 0

    @property
    def text(self) -> str:
        """What happened, for people: made when it is asked for, since a screen shows few of all events."""
        return self.note if self.logged is None else self.logged.text(self.row)


def run_events(state: RunState, limit: int = 200) -> tuple[Event, ...]:
    """Return the last `limit` events, oldest first. The cost follows `limit`, not the run's length.

    While a run goes on, not every step has a line: a log that scrolls with every step cannot be read, and
    sends more to the terminal than all charts do. Once the run has ended, each step has one.
    """
    run = state.run
    events = [
        *_step_events(run, limit, live=state.status.live),
        *_evaluation_events(run, limit),
        *_restart_events(run),
        *_lifecycle_events(run, limit),
        *(_finding_event(finding) for finding in state.findings[-limit:]),
    ]
    events.sort(key=lambda event: event.position)
    return (*_start_events(run), *events, *_end_events(state))[-limit:]


def _leading(run: RunView) -> SeriesView | None:
    for role in (Role.LOSS, Role.LEARNING_RATE, Role.REWARD, Role.OTHER):
        series = run.with_role(role)
        if series:
            return series[0]
    return None


def _step_events(run: RunView, limit: int, *, live: bool) -> list[Event]:
    leading = _leading(run)
    if leading is None:
        return []
    companions = [s for role in _STEP_ROLES for s in run.with_role(role)[:1] if s.stream == leading.stream]
    chosen = _spaced_points(leading, limit) if live else _last_points(leading, limit)
    return _events_at(leading, chosen, companions or [leading], EventKind.STEP)


def _evaluation_events(run: RunView, limit: int) -> list[Event]:
    measured = [s for s in run.series.values() if s.role in _EVALUATION_ROLES]
    if not measured:
        return []
    leading = max(measured, key=len)
    shown = [s for s in measured if s.stream == leading.stream][:4]
    return _events_at(leading, _last_points(leading, limit), shown, EventKind.EVALUATION)


def _last_points(series: SeriesView, limit: int) -> Int64Array:
    """Return the indices of the last points."""
    return np.arange(max(0, len(series) - limit), len(series))


def _spaced_points(series: SeriesView, limit: int) -> Int64Array:
    """Return the indices of the last point, and of the last one of each stretch of some seconds before it."""
    looked_at = _last_points(series, _LOOKED_AT * limit)
    stretches = np.floor(series.wall_times[looked_at] / _LIVE_LINE_S)
    # An unknown time differs from every other: points without times all have a line.
    ends = np.append(stretches[1:] != stretches[:-1], True).nonzero()[0]
    chosen: Int64Array = looked_at[ends[-limit:]]
    return chosen


def _events_at(
    leading: SeriesView, chosen: Int64Array, shown: list[SeriesView], kind: EventKind
) -> list[Event]:
    """Return one event for each chosen point of `leading`, with the values of `shown` at its step."""
    steps, times = leading.steps[chosen], leading.wall_times[chosen]
    logged = _values_at(shown, leading.order[chosen], steps)
    later = 0.25 if kind is EventKind.EVALUATION else 0.0
    positions = _positions(leading, chosen) + later
    return [
        Event(kind, position, time, step, logged=logged, row=row)
        for row, (position, time, step) in enumerate(
            zip(positions.tolist(), times.tolist(), steps.tolist(), strict=True)
        )
    ]


def _values_at(shown: list[SeriesView], order: Int64Array, steps: Int64Array) -> LoggedValues:
    """Return what series of one stream logged at some steps, in the records that lie next to `order`."""
    values = np.full((len(shown), len(steps)), np.nan)
    known = np.zeros(values.shape, np.bool_)
    for row, series in enumerate(shown):
        before = series.order.searchsorted(order, side="right") - 1
        # Tags of one step may be in one record, or in several, in any order.
        for near in (before, before + 1):
            inside = np.clip(near, 0, len(series) - 1)
            fits = (near == inside) & (series.steps[inside] == steps)
            values[row, fits] = series.values[inside[fits]]
            known[row] |= fits
    names = tuple(clean(_SHORT.get(series.role, series.tag)) for series in shown)
    return LoggedValues(names, values, known)


def _positions(series: SeriesView, chosen: Int64Array) -> npt.NDArray[np.float64]:
    """Return the accumulated steps of some points."""
    starts = np.array([segment.start for segment in series.segments])
    offsets = np.array([segment.attempt.offset for segment in series.segments], np.float64)
    return series.steps[chosen] + offsets[starts.searchsorted(chosen, side="right") - 1]


def _restart_events(run: RunView) -> list[Event]:
    return [
        Event(
            EventKind.RESTART,
            after.first_step + after.offset - 0.5,
            after.start_time,
            after.first_step,
            f"attempt {after.number}: went on at step {after.first_step} (was at {before.last_step}"
            + (f", down {format_duration(down)})" if math.isfinite(down) else ")"),
        )
        for before, after in zip(run.attempts, run.attempts[1:], strict=False)
        for down in (after.start_time - before.last_time,)
    ]


def _lifecycle_events(run: RunView, limit: int) -> list[Event]:
    kinds = {"checkpoint": EventKind.CHECKPOINT, "error": EventKind.ERROR}
    events = []
    for record in run.lifecycle[-4 * limit :]:
        if record.kind in kinds:
            position = _position(run, record.step, record.wall_time)
            text = clean(record.text) or record.kind
            events.append(Event(kinds[record.kind], position + 0.5, record.wall_time, record.step, text))
    return events


def _position(run: RunView, step: int | None, wall_time: float) -> float:
    """Return the accumulated step of something that carries a logged step: in the attempt that it fits."""
    if step is None:
        return math.inf
    fitting = [a for a in run.attempts if a.first_step <= step <= a.last_step] or list(run.attempts[-1:])
    timely = [a for a in fitting if a.start_time <= wall_time]
    chosen = (timely or fitting)[-1:]
    return float(step + (chosen[0].offset if chosen else 0))


def _finding_event(finding: Finding) -> Event:
    place = finding.accumulated_step if finding.accumulated_step is not None else finding.step
    word = {Severity.CRITICAL: "CRIT", Severity.WARNING: "WARN", Severity.INFO: "info"}[finding.severity]
    return Event(
        EventKind.FINDING,
        (math.inf if place is None else float(place)) + 0.75,
        finding.time,
        finding.step,
        f"{word} {finding.rule}: {clean(finding.message)}",
    )


def _start_events(run: RunView) -> list[Event]:
    starts = [s for s in run.series.values() if len(s) and s.role not in HARDWARE_ROLES]
    if not starts:
        return []
    times = np.array([s.wall_times[0] for s in starts])
    known = times[np.isfinite(times)]
    step = min(int(s.steps[0]) for s in starts)
    return [
        Event(EventKind.START, -math.inf, float(known.min()) if len(known) else math.nan, step, "run started")
    ]


def _end_events(state: RunState) -> list[Event]:
    if state.status.live:
        return []
    last = [r for r in state.run.lifecycle if r.kind in ("finished", "failed")]
    time = last[-1].wall_time if last else state.progress.last_time
    text = f"run {state.status}" + (f": {clean(last[-1].text)}" if last and last[-1].text else "")
    return [Event(EventKind.END, math.inf, math.nan if time is None else time, state.progress.step, text)]
