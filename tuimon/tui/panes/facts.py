"""Facts of a run: best values, epochs, attempts, hyper-parameters, one-point and constant series."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.best import best_value
from tuimon.analysis.differences import differences
from tuimon.analysis.epochs import epoch_statistics
from tuimon.core.roles import Role, role_of
from tuimon.core.text import clean, shorten_middle
from tuimon.core.units import format_clock, format_duration, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.store.run import RunView
from tuimon.tui.chart_list import facts
from tuimon.tui.ink import Ink
from tuimon.tui.panes.hardware import SHOWN_ROLES
from tuimon.tui.rows import Row, columns_row, fit, row_width

# Narrower panes have shorter forms.
_WIDE, _NARROW = 32, 24


def facts_rows(
    state: RunState,
    width: int,
    now: float,
    pinned: RunState | None = None,
    process: Sequence[str] = (),
) -> list[Row]:
    """Return everything the pane can say, `width` cells wide; it scrolls.

    Against a `pinned` run, what differs comes first. `process` is what is known of the process behind it.
    """
    sections: list[tuple[str, list[Row]]] = [
        ("Best", _best_rows(state.run, width)),
        ("Process", [((f" {line}", Ink.TEXT),) for line in process]),
        ("Trend", _trend_rows(state, width)),
        ("Epochs", _epoch_rows(state.run, width)),
        ("Attempts", _attempt_rows(state.run, width, now)),
        ("Sources", _source_rows(state.run, width)),
        ("Config", _config_rows(state.run, width)),
        ("Facts", _fact_rows(state.run, width)),
        ("Other records", _count_rows(state.run)),
    ]
    if pinned is not None:
        sections.insert(0, (f"Against {clean(pinned.name)}", _difference_rows(state, pinned, width)))
    rows: list[Row] = []
    for title, body in sections:
        if body:
            rows += [((title, Ink.TITLE),), *body]
    return [fit(row, width) for row in rows]


def _difference_rows(state: RunState, pinned: RunState, width: int) -> list[Row]:
    """Return the best values of two runs, and the settings in which they differ: pinned -> this one."""
    rows = []
    best, other = best_value(state.run), best_value(pinned.run)
    if best is not None and other is not None and best.series == other.series:
        values = f"{format_value(other.value)} -> {format_value(best.value)}"
        rows.append(_pair_row(f"best {best.series}", values, width))
    rows += [
        _pair_row(name, " -> ".join("-" if value is None else str(value) for value in values), width)
        for name, values in differences([pinned.run, state.run]).different.items()
    ]
    return rows or [((" same hyper-parameters", Ink.MUTED),)]


def _best_rows(run: RunView, width: int) -> list[Row]:
    best = best_value(run)
    if best is None:
        return []
    value, where = format_value(best.value), f" @{best.step}"
    name = shorten_middle(clean(best.series), max(width - len(value) - len(where) - 2, 4))
    rows: list[Row] = [((f" {name} ", Ink.TEXT), (value, Ink.GREEN), (where, Ink.MUTED))]
    if best.checkpoint:
        rows.append(((f"   {clean(best.checkpoint)}"[:width], Ink.MUTED),))
    return rows


def _trend_rows(state: RunState, width: int) -> list[Row]:
    trend = state.trend
    if trend is None:
        return []
    slope = format_value(trend.slope_per_100, 2) + (" per 100 steps" if width >= _WIDE else "/100")
    told = "" if trend.direction == "flat" else slope  # what is lost in the noise is no slope
    return [
        ((f" {trend.metric} {trend.direction} ", Ink.TEXT), (told, Ink.MUTED)),
        ((" convergence ", Ink.TEXT), (format_value(trend.convergence, 2), Ink.TEXT)),
    ]


def _epoch_rows(run: RunView, width: int) -> list[Row]:
    rows = []
    for epoch in epoch_statistics(run)[-12:]:
        # As the curve ends on the charts.
        name = "eval" if width >= (_NARROW if epoch.epoch < 100 else _WIDE) else "e"
        evaluation = "" if epoch.eval_loss is None else f"{name} {format_value(epoch.eval_loss)}"
        cells = [
            (f" {epoch.epoch}", 3 if epoch.epoch < 100 else 5, Ink.MUTED),
            (format_value(epoch.loss), 7, Ink.TEXT),
            (evaluation, len(name) + 8, Ink.YELLOW),
        ]
        if width >= _WIDE:
            cells.append((format_duration(epoch.elapsed_s), -6, Ink.MUTED))
        rows.append(columns_row(cells))
    return rows


def _attempt_rows(run: RunView, width: int, now: float) -> list[Row]:
    rows: list[Row] = []
    if len(run.attempts) < 2:
        return rows
    for attempt in run.attempts:
        row: Row = (
            (f" {attempt.number}  ", Ink.MAGENTA),
            (f"{attempt.first_step} -> {attempt.last_step}", Ink.TEXT),
        )
        known = attempt.start_time == attempt.start_time
        clock = f"  {format_clock(attempt.start_time, now)}" if known else ""
        rows.append((*row, (clock, Ink.MUTED)) if row_width(row) + len(clock) <= width else row)
    return rows


def _source_rows(run: RunView, width: int) -> list[Row]:
    """Return where each metric that several sources tell is shown from, and where else it stands."""
    rows: list[Row] = []
    for tag, duplicates in run.duplicates.items():
        others = ", ".join(run.sources.get(other.stream, "") for other in duplicates)
        rows.append(_pair_row(tag, run.sources.get(run.series[tag].stream, ""), width))
        rows.append(((f"   also in {clean(others)}"[:width], Ink.MUTED),))
    return rows


def _config_rows(run: RunView, width: int) -> list[Row]:
    logged = {
        tag.rpartition("/")[2]: format_value(value)
        for tag, value in facts(run)
        if role_of(tag) is Role.CONFIG
    }
    known = {name: str(value) for name, value in run.config.items()}
    return [_pair_row(name, value, width) for name, value in (logged | known).items()]


def _fact_rows(run: RunView, width: int) -> list[Row]:
    return [
        _pair_row(tag, format_value(value), width)
        for tag, value in facts(run)
        if role_of(tag) is not Role.CONFIG and role_of(tag) not in SHOWN_ROLES
    ]


def _count_rows(run: RunView) -> list[Row]:
    counts = (("texts", run.texts), ("histograms", run.histograms), ("images", run.images))
    return [
        ((f" {sum(records.count for records in held.values())} {name} in {len(held)} tags", Ink.TEXT),)
        for name, held in counts
        if held
    ]


def _pair_row(name: str, value: str, width: int) -> Row:
    share = max(width - 2 - min(len(value), width * 2 // 3), 6)
    return columns_row(((" " + clean(name), share, Ink.MUTED), (clean(value), width - share - 1, Ink.TEXT)))
