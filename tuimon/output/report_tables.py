"""The tables of a report on one run: metrics, epochs, attempts, hardware, configuration, environment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuimon.analysis.charted import chart_rank, is_curve
from tuimon.analysis.epochs import epoch_statistics
from tuimon.core.roles import FALLING_IS_GOOD, HARDWARE_ROLES, RISING_IS_GOOD, Role
from tuimon.core.units import format_count, format_date, format_duration, format_rate, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.output.quantity import quantity
from tuimon.output.report import Table
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

_MOST_ROWS = 200
_MOST_PROBLEMS = 20
_MOST_CHECKPOINTS = 20
# The first line of a run is among so many of its first points.
_FIRST_POINTS = 16
_NO_METRICS = HARDWARE_ROLES | {Role.CONFIG, Role.EPOCH}


def tables(state: RunState) -> Iterator[Table]:
    """Yield the tables that have rows."""
    run = state.run
    made = (
        metric_table(run),
        _epoch_table(run),
        _attempt_table(run),
        _checkpoint_table(run),
        hardware_table(run),
        _config_table(run),
        _environment_table(state),
        _problem_table(state),
    )
    yield from (table for table in made if table.rows)


def metric_table(run: RunView) -> Table:
    """Return last, best and extremes of every metric, those worth most first."""
    shown = [series for series in run.series.values() if len(series) and series.role not in _NO_METRICS]
    shown.sort(key=lambda series: chart_rank(series.role))
    rows = []
    for series in shown[:_MOST_ROWS]:
        s = series.statistics
        gone = [f"{count} {word}" for count, word in ((s.nan, "NaN"), (s.inf, "Inf")) if count]
        rows.append(
            (
                series.tag,
                format_value(s.last),
                best_text(series),
                format_value(s.minimum),
                format_value(s.maximum),
                format_value(s.mean),
                format_count(s.count),
                str(s.last_step),
                ", ".join(gone),
            )
        )
    heads = ("metric", "last", "best", "min", "max", "mean", "points", "last step", "not finite")
    return Table("Metrics", heads, tuple(rows), frozenset(range(1, 8)), _left_out(len(shown)))


def best_text(series: SeriesView) -> str:
    """Return the best value of a series and its step; nothing where no direction is the better one."""
    s = series.statistics
    value, step = None, None
    if series.role in FALLING_IS_GOOD:
        value, step = s.minimum, s.minimum_step
    elif series.role in RISING_IS_GOOD:
        value, step = s.maximum, s.maximum_step
    return "" if value is None else f"{format_value(value)} at {step}"


def hardware_table(run: RunView) -> Table:
    """Return mean and extremes of every sensor that the run logged."""
    rows = []
    shown = [s for s in run.series.values() if len(s) and s.role in HARDWARE_ROLES]
    for series in shown[:_MOST_ROWS]:
        s = series.statistics
        rows.append(
            (
                series.tag,
                quantity(series.role, series.tag),
                format_value(s.last, 3),
                format_value(s.mean, 3),
                format_value(s.minimum, 3),
                format_value(s.maximum, 3),
            )
        )
    heads = ("sensor", "what", "last", "mean", "min", "max")
    return Table("Sensors", heads, tuple(rows), frozenset(range(2, 6)), _left_out(len(shown)))


def _epoch_table(run: RunView) -> Table:
    epochs = epoch_statistics(run)
    rows = tuple(
        (
            str(epoch.epoch),
            format_value(epoch.loss),
            format_value(epoch.eval_loss),
            format_duration(epoch.elapsed_s),
            format_rate(epoch.steps_per_s),
        )
        for epoch in epochs[-_MOST_ROWS:]
    )
    heads = ("epoch", "loss", "evaluation loss", "time", "speed")
    note = f"the last {_MOST_ROWS} of {len(epochs)}" if len(epochs) > _MOST_ROWS else ""
    return Table("Epochs", heads, rows, frozenset(range(5)), note)


def _attempt_table(run: RunView) -> Table:
    if len(run.attempts) < 2:
        return Table("Attempts", (), ())
    rows = tuple(
        (
            str(attempt.number),
            str(attempt.first_step),
            str(attempt.last_step),
            format_date(attempt.start_time),
            format_date(attempt.last_time),
        )
        for attempt in run.attempts
    )
    heads = ("attempt", "first step", "last step", "began", "last line")
    return Table("Attempts", heads, rows, frozenset(range(3)))


def _checkpoint_table(run: RunView) -> Table:
    saved = [record for record in run.lifecycle if record.kind == "checkpoint"]
    saved.sort(key=lambda record: -1 if record.step is None else record.step)
    rows = tuple(
        ("-" if record.step is None else str(record.step), record.text, format_date(record.wall_time))
        for record in saved[-_MOST_CHECKPOINTS:]
    )
    note = f"the last {_MOST_CHECKPOINTS} of {len(saved)}" if len(saved) > _MOST_CHECKPOINTS else ""
    return Table("Checkpoints", ("step", "checkpoint", "saved"), rows, frozenset({0}), note)


def _config_table(run: RunView) -> Table:
    rows = [(name, config_text(value)) for name, value in run.config.items()]
    rows += [
        (series.tag, format_value(series.statistics.last))
        for series in run.series.values()
        if series.role is Role.CONFIG and len(series)
    ]
    return Table("Configuration", ("name", "value"), tuple(rows[:_MOST_ROWS]), note=_left_out(len(rows)))


def config_text(value: object) -> str:
    """Return the value of a hyper-parameter as people write it."""
    return format_value(value, 6) if isinstance(value, float) else str(value)


def _environment_table(state: RunState) -> Table:
    run = state.run
    hosts = list(dict.fromkeys(record.host for record in run.lifecycle if record.host))
    heads = (series.wall_times[:_FIRST_POINTS] for series in run.series.values() if series.times_known)
    firsts = [float(times[np.isfinite(times)].min()) for times in heads if np.isfinite(times).any()]
    rows = [("path", str(state.path)), ("formats", ", ".join(dict.fromkeys(state.formats)))]
    if hosts:
        rows.append(
            ("written by", ", ".join(hosts[:8]) + ("" if len(hosts) <= 8 else f" and {len(hosts) - 8} more"))
        )
    if firsts:
        rows.append(("first line", format_date(min(firsts))))
    if state.progress.last_time is not None:
        rows.append(("last line", format_date(state.progress.last_time)))
    counts = (("texts", run.texts), ("histograms", run.histograms), ("images", run.images))
    rows += [
        (name, f"{sum(h.count for h in held.values())} in {len(held)} tags") for name, held in counts if held
    ]
    curves = sum(is_curve(series) for series in run.series.values())
    points = sum(series.statistics.count for series in run.series.values())
    rows.append(
        ("metrics", f"{len(run.series)}, of which {curves} are curves; {format_count(points)} points")
    )
    return Table("Environment", ("what", "value"), tuple(rows))


def _problem_table(state: RunState) -> Table:
    problems = state.problems
    rows = tuple((problem.path, problem.message) for problem in problems[:_MOST_PROBLEMS])
    note = f"{_MOST_PROBLEMS} of {len(problems)}" if len(problems) > _MOST_PROBLEMS else ""
    return Table("What could not be read", ("file", "what is wrong"), rows, note=note)


def _left_out(count: int) -> str:
    return f"{count - _MOST_ROWS} more: `tuimon summary --json` has them" if count > _MOST_ROWS else ""
