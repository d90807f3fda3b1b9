"""How many examples and tokens a run gets through per second."""

from __future__ import annotations

import re

import numpy as np

from tuimon.analysis.lines import training_series
from tuimon.core.roles import Role, is_evaluation
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

_SAMPLES = re.compile(r"samples|examples|images|seqs|sequences")
_TOKENS = re.compile(r"tok|tgs|tps|words")
_RECENT = 64


def samples_per_s(run: RunView) -> float | None:
    """Return the examples per second as last logged, or None."""
    return _last_logged(run, _SAMPLES)


def tokens_per_s(run: RunView, steps_per_s: float | None) -> float | None:
    """Return the tokens per second as last logged, or from the tokens counted so far and the speed."""
    logged = _last_logged(run, _TOKENS)
    if logged is not None or steps_per_s is None:
        return logged
    counters = [series for series in run.with_role(Role.TOKENS) if not is_evaluation(series.tag)]
    rates = (_tokens_per_step(series) for series in counters)
    return next((rate * steps_per_s for rate in rates if rate is not None), None)


def _last_logged(run: RunView, unit: re.Pattern[str]) -> float | None:
    """Return the last value of a rate in this unit; Hugging Face's closing mean where there is no other."""
    for role in (Role.THROUGHPUT, Role.SUMMARY):
        for series in run.with_role(role):
            name = series.tag.lower()
            is_rate = role is Role.THROUGHPUT or "per_second" in name
            if is_rate and unit.search(name) and np.isfinite(series.statistics.last):
                return series.statistics.last
    return None


def _tokens_per_step(series: SeriesView) -> float | None:
    """Return by how much a counter rose per step lately; None for what does not only rise."""
    begin = max(series.segments[-1].start, len(series) - _RECENT) if series.segments else 0
    counts, steps = series.values[begin:].astype(np.float64), series.steps[begin:]
    if len(counts) < 2 or not np.isfinite(counts).all() or (counts[1:] < counts[:-1]).any():
        return None
    gained, passed = float(counts[-1]) - float(counts[0]), int(steps[-1] - steps[0])
    return gained / passed if 0 < gained < np.inf and passed > 0 else None


def closing_runtime_s(run: RunView) -> tuple[float, float] | None:
    """Return the seconds that a finished training took in all, as Hugging Face logs it, and its steps."""
    leader = training_series(run)
    for series in run.with_role(Role.SUMMARY):
        if "train_runtime" in series.tag and leader is not None and series.statistics.last > 0:
            return series.statistics.last, float(series.statistics.last_step)
    return None
