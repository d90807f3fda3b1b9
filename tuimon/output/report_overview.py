"""The chapter that compares several runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tuimon.analysis.best import best_value
from tuimon.core.roles import Role, role_of
from tuimon.core.units import format_duration, format_rate, format_value
from tuimon.output.checked import Checked
from tuimon.output.panels import MOST_RUNS, Choice, make_figure
from tuimon.output.report import Chapter, Charts, Section, Table
from tuimon.output.report_tables import config_text

_CHOICE = Choice(columns=300)
_MOST_RUNS_IN_COLUMNS = 8
_MOST_SETTINGS = 60
_MISSING = "-"


def overview(runs: Sequence[Checked]) -> Chapter:
    """Return what there is to say of several runs together: which is best, how they differ, their curves."""
    ranked = _ranked(runs)
    sections: list[Section] = [_run_table(ranked)]
    figure = make_figure([checked.state for checked in ranked[:MOST_RUNS]], _CHOICE)
    if figure.panels:
        left = len(ranked) - MOST_RUNS
        note = f"the best {MOST_RUNS} of {len(ranked)} runs" if left > 0 else ""
        sections.append(Charts("Curves", figure.panels, note, figure.names))
    differences = _difference_table(ranked[:_MOST_RUNS_IN_COLUMNS], len(ranked))
    if differences.rows:
        sections.append(differences)
    return Chapter("Comparison", None, tuple(_verdict(ranked)), None, (), tuple(sections))


def _ranked(runs: Sequence[Checked]) -> list[Checked]:
    """Return the runs, better ones first: those that log what most of them are judged by, then the others."""
    bests = {id(checked): best_value(checked.state.run) for checked in runs}
    counts = Counter(role_of(best.series) for best in bests.values() if best is not None)
    order = {role: place for place, (role, _) in enumerate(counts.most_common())}

    def rank(checked: Checked) -> tuple[int, float]:
        best = bests[id(checked)]
        if best is None:
            return (len(order), 0.0)
        return (order[role_of(best.series)], best.value if best.direction == "min" else -best.value)

    return sorted(runs, key=rank)


def _verdict(ranked: Sequence[Checked]) -> list[str]:
    best = best_value(ranked[0].state.run)
    said = [f"{len(ranked)} runs."]
    if best is not None:
        said.append(
            f"{ranked[0].state.name} is best: {best.series} {format_value(best.value)} at step {best.step}."
        )
        bests = (best_value(checked.state.run) for checked in ranked)
        if len({role_of(each.series) for each in bests if each is not None}) > 1:
            said.append("Not all runs are judged by the same kind of metric: those that are come first.")
    wrong = [checked.state.name for checked in ranked if checked.state.open_findings]
    if wrong:
        said.append(f"With open findings: {', '.join(wrong[:MOST_RUNS])}.")
    return said


def _run_table(ranked: Sequence[Checked]) -> Table:
    rows = []
    for place, checked in enumerate(ranked, 1):
        state = checked.state
        progress, best = state.progress, best_value(state.run)
        loss = state.run.with_role(Role.LOSS)[:1]
        rows.append(
            (
                str(place),
                state.name,
                state.status.value,
                _MISSING if progress.step is None else str(progress.step),
                format_value(loss[0].statistics.last) if loss and len(loss[0]) else _MISSING,
                _MISSING if best is None else best.series,
                _MISSING if best is None else format_value(best.value),
                _MISSING if best is None else str(best.step),
                format_rate(progress.steps_per_s),
                format_duration(progress.elapsed_s),
                str(len(state.open_findings)),
            )
        )
    heads = (
        "",
        "run",
        "status",
        "step",
        "loss",
        "judged by",
        "best",
        "at step",
        "speed",
        "elapsed",
        "open findings",
    )
    return Table("Runs", heads, tuple(rows), frozenset({0, 3, 4, 6, 7, 8, 9, 10}))


def _difference_table(ranked: Sequence[Checked], count: int) -> Table:
    """Return the settings in which runs differ, a column for each run."""
    names = dict.fromkeys(name for checked in ranked for name in checked.state.run.config)
    rows = []
    for name in names:
        texts = tuple(
            config_text(checked.state.run.config[name]) if name in checked.state.run.config else _MISSING
            for checked in ranked
        )
        if len(set(texts)) > 1:
            rows.append((name, *texts))
    notes = []
    if count > len(ranked):
        notes.append(f"of the best {len(ranked)} runs")
    if len(rows) > _MOST_SETTINGS:
        notes.append(f"{len(rows) - _MOST_SETTINGS} more differ")
    heads = ("setting", *(checked.state.name for checked in ranked))
    return Table("Settings that differ", heads, tuple(rows[:_MOST_SETTINGS]), note=", ".join(notes))
