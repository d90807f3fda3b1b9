"""What a person asks first about a run: is it well, how far is it, what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tuimon.analysis.best import best_value
from tuimon.analysis.incidents import incidents_of
from tuimon.analysis.status import Status
from tuimon.core.roles import Role
from tuimon.core.units import (
    format_count,
    format_date,
    format_duration,
    format_percent,
    format_rate,
    format_value,
)
from tuimon.monitor.snapshot import RunState
from tuimon.output.checked import Checked

_STATUS_WORDS = {
    Status.RUNNING: "The run goes on",
    Status.WAITING: "The run waits",
    Status.DONE: "The run is done",
    Status.FAILED: "The run failed",
    Status.STOPPED: "The run stopped before its end",
    Status.UNKNOWN: "Nothing tells whether the run goes on",
}


def verdict(checked: Checked) -> tuple[str, ...]:
    """Return a few sentences: status and progress, metrics, findings."""
    state = checked.state
    return (_progress_sentence(state), *_metric_sentences(state), finding_sentence(checked))


def finding_sentence(checked: Checked) -> str:
    """Return what the rules found, in one sentence."""
    state = checked.state
    still_open = sorted((i for i in incidents_of(state.findings) if i.open), key=lambda i: -i.severity)
    if still_open:
        worst = still_open[0]
        count = f"{len(still_open)} matters are open, the worst" if len(still_open) > 1 else "Open"
        followed = len(worst.consequences)
        then = f", and {followed} more that followed" if followed else ""
        return f"{count} ({worst.severity.name.lower()}): {worst.first.message}{then}."
    if state.checked_step is None:
        return "No rule knows these metrics."
    since = f" from step {checked.first_step}" if checked.first_step is not None else ""
    resolved = f"; {len(state.findings)} resolved" if state.findings else ""
    return f"No finding is open (checked{since} to step {state.checked_step}{resolved})."


def facts(checked: Checked) -> Iterator[tuple[str, str]]:
    """Yield names and values for the head of a run's chapter."""
    yield from _progress_facts(checked.state)
    yield from _metric_facts(checked.state)


def _progress_facts(state: RunState) -> Iterator[tuple[str, str]]:
    progress = state.progress
    if progress.step is not None:
        yield "step", f"{progress.step}" + (f" of {progress.total_steps}" if progress.total_steps else "")
    if progress.epoch is not None:
        total = f" of {format_value(progress.total_epochs, 3)}" if progress.total_epochs else ""
        yield "epoch", f"{progress.epoch:.2f}{total}"
    if progress.elapsed_s is not None:
        yield "elapsed", format_duration(progress.elapsed_s)
    if progress.steps_per_s:
        yield "speed", format_rate(progress.steps_per_s)
    for name, per_second in (("samples", progress.samples_per_s), ("tokens", progress.tokens_per_s)):
        if per_second:
            yield f"{name} per second", format_count(per_second)
    if progress.eta_s and state.status.live:
        yield "time left", format_duration(progress.eta_s)
        yield "ends", format_date(progress.finish_time)


def _metric_facts(state: RunState) -> Iterator[tuple[str, str]]:
    for role, name in ((Role.LOSS, "loss"), (Role.EVAL_LOSS, "evaluation loss"), (Role.REWARD, "reward")):
        for series in state.run.with_role(role)[:1]:
            if len(series):
                yield name, format_value(series.statistics.last)
    best = best_value(state.run)
    if best is not None:
        yield f"best {best.series}", f"{format_value(best.value)} at step {best.step}"
    if state.progress.last_time is not None:
        yield "last line", format_date(state.progress.last_time)


def _progress_sentence(state: RunState) -> str:
    progress = state.progress
    parts = [_STATUS_WORDS[state.status]]
    if progress.step is not None:
        where = f"at step {progress.step}"
        if progress.total_steps:
            where += f" of {progress.total_steps} ({format_percent(progress.fraction)})"
        parts.append(where)
    if progress.elapsed_s is not None:
        parts.append(f"after {format_duration(progress.elapsed_s)}")
    sentence = " ".join(parts)
    if progress.eta_s and state.status.live:
        sentence += f", with about {format_duration(progress.eta_s)} left"
    return sentence + "."


def _metric_sentences(state: RunState) -> Iterator[str]:
    run = state.run
    for series in run.with_role(Role.LOSS)[:1]:
        s = series.statistics
        first = float(series.values[0]) if len(series) else float("nan")
        trend = state.trend
        going = f" and is {trend.direction}" if trend is not None and math.isfinite(s.last) else ""
        yield f"{series.tag} went from {format_value(first)} to {format_value(s.last)}{going}."
    best = best_value(run)
    if best is not None:
        at = f" ({best.checkpoint})" if best.checkpoint else ""
        yield f"The best {best.series} is {format_value(best.value)} at step {best.step}{at}."
