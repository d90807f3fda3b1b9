"""`tuimon compare`: runs side by side, ranked by a metric, with what they differ in and what that did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from tuimon.analysis.alignment import AlignedCurve, Alignment, align
from tuimon.analysis.best import Best, best_value, checkpoint_at
from tuimon.analysis.differences import Differences, differences
from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.importance import FEWEST_RUNS, Importance, importances
from tuimon.core.frozen import frozen
from tuimon.core.roles import HARDWARE_ROLES, RISING_IS_GOOD, Role, pair_key, role_of
from tuimon.monitor.snapshot import RunState
from tuimon.output.checked import Checked
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

Goal = Literal["min", "max"]
RankBy = Literal["best", "last", "at"]

_SHORT = {
    "lr": Role.LEARNING_RATE,
    "grad": Role.GRAD_NORM,
    "ppl": Role.PERPLEXITY,
    "eval": Role.EVAL_LOSS,
    "acc": Role.ACCURACY,
}
# What is not measured to be compared.
_NO_METRIC = frozenset({Role.CONFIG, Role.SUMMARY, Role.EPOCH}) | HARDWARE_ROLES


@frozen
class Choice:
    """What the person asked to compare.

    Attributes:
        metric: A tag, or what it means (`loss`, `eval_loss`, `lr`); None for the runs' most telling one.
        goal: Which values are better; None: as the metric's meaning tells, else the smaller ones.
        alignment: What runs are compared by.
        at: Where; None for the furthest place that every run has reached.
        rank_by: Which value ranks the runs.
    """

    metric: str | None = None
    goal: Goal | None = None
    alignment: Alignment = Alignment.STEP
    at: float | None = None
    rank_by: RankBy = "best"


@frozen
class Point:
    """A value and the step at which it was logged."""

    value: float
    step: int


@frozen
class Compared:
    """One run of a comparison.

    Attributes:
        state: The run.
        rank: 1 for the best; None for a run that does not log the metric.
        curve: The metric, aligned; None where it is not logged or cannot be aligned.
        series: The metric's tag in this run, or None.
        last: Its last value.
        best: Its best finite value.
        at: Its value where all runs are compared.
        checkpoint: Of the step of `best`, where one is known.
        checked_from_step: The rules looked at this step and later ones; None where they looked at all.
    """

    state: RunState
    rank: int | None
    curve: AlignedCurve | None
    series: str | None
    last: Point | None
    best: Point | None
    at: Point | None
    checkpoint: str | None
    checked_from_step: int | None


@frozen
class Comparison:
    """Runs side by side.

    Attributes:
        metric: What ranks them: a tag, or the role that tags of several names share; None where nothing was
            logged that could.
        goal: Which values are better.
        choice: What was asked for.
        at: Where they are compared, on the axis of `choice.alignment`; None where they share no place.
        runs: The best one first, those without the metric last.
        settings: What they differ in, in the order of `runs`.
        importances: What each setting does to the metric, the most important one first; empty for few runs.
    """

    metric: str | None
    goal: Goal
    choice: Choice
    at: float | None
    runs: tuple[Compared, ...]
    settings: Differences
    importances: tuple[Importance, ...]

    @property
    def ranked(self) -> int:
        """How many runs have the metric."""
        return sum(each.rank is not None for each in self.runs)

    @property
    def warning(self) -> str | None:
        """Why nothing is said of the importance of settings; None if something is."""
        if self.ranked < FEWEST_RUNS:
            return f"too few runs: {self.ranked}, of at least {FEWEST_RUNS} that it takes"
        return None if self.settings.different else "the runs do not differ in any setting"


def compare(checked: Sequence[Checked], choice: Choice) -> Comparison:
    """Compare runs.

    Args:
        checked: At least one.
        choice: By what.
    """
    states = [each.state for each in checked]
    bests = [best_value(state.run) for state in states]
    metric = choice.metric or _usual_metric(bests) or _most_logged([state.run for state in states])
    found = [_series_of(state.run, metric, best) for state, best in zip(states, bests, strict=True)]
    goal = choice.goal or _goal(found)
    curves = [
        None if series is None else align(state.run, series, choice.alignment)
        for state, series in zip(states, found, strict=True)
    ]
    at = choice.at if choice.at is not None else _shared_end(curves)
    compared = [
        _compared(each, series, curve, at, goal)
        for each, series, curve in zip(checked, found, curves, strict=True)
    ]
    ranked = _ranked(compared, goal, choice.rank_by)
    settings = differences([each.state.run for each in ranked])
    values = np.array([_value(each, choice.rank_by) for each in ranked])
    named = None if metric is None else _common_name(metric, found)
    told = tuple(importances(settings.different, values))
    return Comparison(named, goal, choice, at, tuple(ranked), settings, told)


def severities(state: RunState) -> dict[str, int]:
    """Return how many findings of each severity a run has, open and resolved ones, the worst first."""
    counted = Counter(finding.severity for finding in state.findings)
    return {severity.name.lower(): counted[severity] for severity in sorted(Severity, reverse=True)}


def _usual_metric(bests: Sequence[Best | None]) -> str | None:
    """Return the tag of most runs' best value, or its role where tags differ."""
    roles = Counter(role_of(best.series) for best in bests if best is not None)
    if not roles:
        return None
    role = roles.most_common(1)[0][0]
    tags = Counter(best.series for best in bests if best is not None and role_of(best.series) is role)
    return next(iter(tags)) if len(tags) == 1 else role.value


def _most_logged(runs: Sequence[RunView]) -> str | None:
    """Return the tag that most runs log, and of those the one with the most points, or None."""
    held: Counter[str] = Counter()
    points: Counter[str] = Counter()
    for run in runs:
        for tag, series in run.series.items():
            if len(series) > 1 and series.role not in _NO_METRIC:
                held[tag] += 1
                points[tag] += len(series)
    return max(held, key=lambda tag: (held[tag], points[tag]), default=None)


def _series_of(run: RunView, metric: str | None, best: Best | None) -> SeriesView | None:
    """Return the series that a metric is in a run: that tag, else that meaning, else a tag that ends so."""
    if metric is None:
        return None
    exact = run.series.get(metric)
    if exact is not None and len(exact):
        return exact
    role = _SHORT.get(metric.lower()) or next((role for role in Role if role.value == metric.lower()), None)
    if role is not None:
        known = best is not None and role_of(best.series) is role
        found = (
            run.series[best.series] if best is not None and known else next(iter(run.with_role(role)), None)
        )
        return found if found is not None and len(found) else None
    # Trainers spell one metric in many ways: `train/loss`, `Training/Loss`.
    meant = role_of(metric), pair_key(metric)
    alike = (s for s in run.series.values() if len(s) and s.role not in _NO_METRIC)
    return next(
        (s for s in alike if s.tag.rsplit("/", 1)[-1] == metric or (s.role, pair_key(s.tag)) == meant), None
    )


def _goal(found: Sequence[SeriesView | None]) -> Goal:
    """Return which values of a metric are better; the smaller ones where nobody knows."""
    roles = {series.role for series in found if series is not None}
    return "max" if roles and roles <= RISING_IS_GOOD else "min"


def _common_name(metric: str, found: Sequence[SeriesView | None]) -> str:
    tags = {series.tag for series in found if series is not None}
    return next(iter(tags)) if len(tags) == 1 else metric


def _shared_end(curves: Sequence[AlignedCurve | None]) -> float | None:
    """Return the furthest place that all runs have passed; None where there is none."""
    limits = [curve.limits for curve in curves if curve is not None]
    known = [each for each in limits if each is not None]
    if not known:
        return None
    end = min(hi for _, hi in known)
    return end if end >= max(lo for lo, _ in known) else None


def _compared(
    checked: Checked, series: SeriesView | None, curve: AlignedCurve | None, at: float | None, goal: Goal
) -> Compared:
    state = checked.state
    if series is None:
        return Compared(state, None, None, None, None, None, None, None, checked.first_step)
    s = series.statistics
    value, step = (s.minimum, s.minimum_step) if goal == "min" else (s.maximum, s.maximum_step)
    best = None if value is None or step is None else Point(value, step)
    index = curve.index_at(at) if curve is not None and at is not None else None
    return Compared(
        state=state,
        rank=None,
        curve=curve,
        series=series.tag,
        last=Point(s.last, s.last_step),
        best=best,
        at=None if index is None else Point(float(series.values[index]), int(series.steps[index])),
        checkpoint=None if best is None else checkpoint_at(state.run, best.step),
        checked_from_step=checked.first_step,
    )


def _ranked(compared: Sequence[Compared], goal: Goal, rank_by: RankBy) -> list[Compared]:
    """Return the runs with their ranks, the best one first; equal values share a rank."""

    def key(each: Compared) -> tuple[bool, bool, float]:
        value = _value(each, rank_by)
        return each.series is None, not math.isfinite(value), -value if goal == "max" else value

    ordered = sorted(compared, key=lambda each: (*key(each)[:2], 0.0 if key(each)[1] else key(each)[2]))
    ranked: list[Compared] = []
    for place, each in enumerate(ordered, 1):
        same = bool(ranked) and _value(ranked[-1], rank_by) == _value(each, rank_by)
        rank = None if each.series is None else ranked[-1].rank if same else place
        ranked.append(replace(each, rank=rank))
    return ranked


def _value(each: Compared, rank_by: RankBy) -> float:
    """Return the value that ranks a run; NaN where there is none."""
    point = {"best": each.best, "last": each.last, "at": each.at}[rank_by]
    return math.nan if point is None else point.value
