"""The chapter that compares several runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tuimon.core.units import format_duration, format_rate, format_value
from tuimon.output import compare
from tuimon.output.checked import Checked
from tuimon.output.compare import Compared, Comparison, Point
from tuimon.output.panels import MOST_RUNS, Choice, make_figure
from tuimon.output.report import Chapter, Charts, Section, Table
from tuimon.output.report_tables import config_text

_CHOICE = Choice(columns=300)
_MOST_RUNS_IN_COLUMNS = 8
_MOST_SETTINGS = 60
_MISSING = "-"


def overview(runs: Sequence[Checked]) -> Chapter:
    """Return what there is to say of several runs together: which is best, how they differ, their curves."""
    comparison = compare.compare(runs, compare.Choice())
    return Chapter("Comparison", None, tuple(_verdict(comparison)), None, (), tuple(_sections(comparison)))


def _sections(comparison: Comparison) -> Iterator[Section]:
    yield _run_table(comparison)
    figure = make_figure([each.state for each in comparison.runs[:MOST_RUNS]], _CHOICE)
    if figure.panels:
        count = len(comparison.runs)
        note = f"the best {MOST_RUNS} of {count} runs" if count > MOST_RUNS else ""
        yield Charts("Curves", figure.panels, note, figure.names)
    yield from (table for table in (_setting_table(comparison), _importance_table(comparison)) if table.rows)


def _verdict(comparison: Comparison) -> Iterator[str]:
    count = len(comparison.runs)
    best = comparison.runs[0]
    if comparison.metric is None or best.best is None:
        yield f"{count} runs. No metric was logged that could rank them."
    else:
        better = "higher" if comparison.goal == "max" else "lower"
        value = f"{comparison.metric} {format_value(best.best.value)} at step {best.best.step}"
        yield f"{best.state.name} is the best of {count} runs: {value} ({better} is better)."
        if comparison.ranked < count:
            yield f"{count - comparison.ranked} of them did not log this metric, and stand last."
    wrong = [each.state.name for each in comparison.runs if each.state.open_findings]
    if wrong:
        more = f" and {len(wrong) - MOST_RUNS} more" if len(wrong) > MOST_RUNS else ""
        yield f"With open findings: {', '.join(wrong[:MOST_RUNS])}{more}."


def _run_table(comparison: Comparison) -> Table:
    where = _MISSING if comparison.at is None else f"{comparison.at:.0f}"
    heads = (
        *("rank", "run", "status", "step", "best", "at step", "checkpoint", "last", f"at step {where}"),
        *("speed", "elapsed", "open findings"),
    )
    rows = tuple(_run_row(each) for each in comparison.runs)
    note = f"ranked by the best {comparison.metric}" if comparison.metric is not None else ""
    return Table("Runs", heads, rows, frozenset({0, 3, 4, 5, 7, 8, 9, 10, 11}), note)


def _run_row(each: Compared) -> tuple[str, ...]:
    state = each.state
    progress = state.progress
    return (
        _MISSING if each.rank is None else str(each.rank),
        state.name,
        state.status.value,
        _MISSING if progress.step is None else str(progress.step),
        _value(each.best),
        _MISSING if each.best is None else str(each.best.step),
        each.checkpoint or _MISSING,
        _value(each.last),
        _value(each.at),
        format_rate(progress.steps_per_s),
        format_duration(progress.elapsed_s),
        str(len(state.open_findings)),
    )


def _value(point: Point | None) -> str:
    return _MISSING if point is None else format_value(point.value)


def _setting_table(comparison: Comparison) -> Table:
    """Return the settings in which runs differ, a column for each of the best runs."""
    shown = comparison.runs[:_MOST_RUNS_IN_COLUMNS]
    different = comparison.settings.different
    rows = tuple(
        (name, *(_MISSING if value is None else config_text(value) for value in values[: len(shown)]))
        for name, values in list(different.items())[:_MOST_SETTINGS]
    )
    notes = [f"{len(comparison.settings.same)} settings are the same"] if comparison.settings.same else []
    if len(comparison.runs) > len(shown):
        notes.append(f"the best {len(shown)} of {len(comparison.runs)} runs are shown")
    if len(different) > _MOST_SETTINGS:
        notes.append(f"{len(different) - _MOST_SETTINGS} more differ")
    heads = ("setting", *(each.state.name for each in shown))
    return Table("Settings that differ", heads, rows, note=", ".join(notes))


def _importance_table(comparison: Comparison) -> Table:
    """Return what each setting does to the metric; no rows where too few runs tell."""
    rows = tuple(
        (
            ", ".join((each.name, *each.same_as)),
            f"{each.importance:.2f}",
            f"{each.low:.2f} to {each.high:.2f}",
            _MISSING if each.correlation is None else f"{each.correlation:+.2f}",
        )
        for each in comparison.importances[:_MOST_SETTINGS]
    )
    heads = ("setting", "importance", "95 % interval", "rank correlation")
    note = f"for {comparison.metric}, over {comparison.ranked} runs"
    return Table("Which settings matter", heads, rows, frozenset({1, 2, 3}), note)
