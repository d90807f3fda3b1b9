"""What the rules say about a run that was read at once; of very long runs they look at the newest part."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tuimon.analysis.findings.catalog import FindingSettings
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.core.frozen import frozen
from tuimon.monitor.judging import RunJudge
from tuimon.monitor.once import data_time
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Segment
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# Rules look at points one by one, some 200,000 a second: so many take a quarter of a second.
MOST_POINTS = 50_000


@frozen
class Checked:
    """A run with its findings.

    Attributes:
        state: The run.
        first_step: The rules looked at this step and later ones; None where they looked at everything.
    """

    state: RunState
    first_step: int | None = None


def check_run(
    state: RunState,
    now: float,
    *,
    total: int | None = None,
    most_points: int | None = MOST_POINTS,
    thresholds: FindingSettings | None = None,
) -> Checked:
    """Let the rules look at a run.

    Args:
        state: The run, with all its points.
        now: The present, in unix seconds; for a run that has ended the time of its data counts instead.
        total: The total number of steps, if the person gave it.
        most_points: Of a longer run only about so many of the newest points are looked at; None for all.
        thresholds: Those of the rules, if not the defaults.
    """
    run, first_step = state.run, None
    if most_points is not None:
        run, first_step = _newest_part(state.run, most_points)
    judge = RunJudge(state.name, total, with_rules=True, thresholds=thresholds)
    while judge.extend(run, None):
        pass
    live = state.status.live
    judge.verdict(run, now if live else data_time(run), live=live, changed_at=state.changed_at)
    engine = judge.engine
    if engine is None:
        return Checked(state)
    seen = replace(
        state, findings=engine.findings, checked_step=engine.checked_step, checked=first_step is None
    )
    return Checked(seen, first_step)


def _newest_part(run: RunView, most_points: int) -> tuple[RunView, int | None]:
    """Return a run with its newest points only, and the step they begin at; the run itself if it is short."""
    watched = {tag: series for tag, series in run.series.items() if FindingEngine.wanted(tag) and len(series)}
    if sum(map(len, watched.values())) <= most_points:
        return run, None
    rows = most_points // len(watched)
    begins: dict[int, int] = {}
    first_step = 0
    for stream in {series.stream for series in watched.values()}:
        # What was logged together stays together: all tags of a source begin at the same record.
        longest = max((s for s in watched.values() if s.stream == stream), key=len)
        at = max(len(longest) - rows, 0)
        begins[stream] = int(longest.order[at])
        first_step = max(first_step, int(longest.steps[at]) if at else 0)
    cut = {tag: _from_order(series, begins[series.stream]) for tag, series in watched.items()}
    return replace(run, series=MappingProxyType(cut)), first_step


def _from_order(series: SeriesView, order: int) -> SeriesView:
    """Return a series without what lies before a record; statistics still count all points."""
    start = int(series.order.searchsorted(np.array([order], np.int64))[0])
    stop = len(series)
    return replace(
        series,
        order=series.order.part(start, stop),
        steps=series.steps.part(start, stop),
        wall_times=series.wall_times.part(start, stop),
        values=series.values[start:],
        segments=tuple(
            Segment(max(s.start - start, 0), s.stop - start, s.attempt)
            for s in series.segments
            if s.stop > start
        ),
    )
