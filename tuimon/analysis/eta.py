"""How far a run is, how fast, and when it will be done."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tuimon.analysis.epoch_count import epoch_series, is_position, steps_per_epoch
from tuimon.analysis.lines import TrainingLines, training_lines, training_series
from tuimon.analysis.pace import Pace, measure_pace
from tuimon.analysis.progress import EtaState, Progress
from tuimon.analysis.status import Status
from tuimon.analysis.throughput import closing_runtime_s, samples_per_s, tokens_per_s
from tuimon.analysis.totals import Totals, find_totals
from tuimon.core.batch import ValueArray
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.store.column import TimeColumn
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# A silence is a pause when it is this many times the usual interval,
_PAUSE_INTERVALS = 3.0
# and a stall from here on (the rule `stalled`): 10 minutes, 10 intervals, 3 times the longest silence.
_STALL_S, _STALL_INTERVALS, _STALL_LONGEST = 600.0, 10.0, 3.0


@frozen(eq=False)
class Gauge:
    """What the points of a run say about its progress, before the time of asking comes in.

    Attributes:
        progress: Everything but the ETA.
        lines: Its training lines; None where there are none.
        pace: How fast they come; None where that cannot be told yet.
    """

    progress: Progress
    lines: TrainingLines | None
    pace: Pace | None

    @classmethod
    def of(cls, run: RunView, totals: Totals, before: Gauge | None = None) -> Gauge:
        """Read a run; the cost does not grow with it.

        Args:
            run: The run.
            totals: Where it ends.
            before: What the same run said before. Where only sensors have told something since, the pace is
                the same.
        """
        lines = training_lines(run)
        if (
            lines is not None
            and before is not None
            and before.lines is not None
            and lines.equals(before.lines)
        ):
            pace = before.pace
        else:
            pace = measure_pace(lines) if lines is not None else None
        step = _reached_step(run)
        speed = 1 / pace.seconds_per_step if pace is not None else _closing_speed(run)
        epoch = _last_epoch(run, step, totals)
        progress = Progress(
            step=step,
            total_steps=totals.total_steps,
            epoch=epoch,
            total_epochs=totals.total_epochs,
            fraction=_fraction(run, step, epoch, totals),
            steps_per_s=speed,
            samples_per_s=samples_per_s(run),
            tokens_per_s=tokens_per_s(run, speed),
            elapsed_s=_elapsed_s(run, lines),
            last_time=_last_known(lines.times) if lines is not None and lines.wall else None,
            interval_s=pace.interval_s if pace is not None else None,
            interval_steps=pace.interval_steps if pace is not None else None,
        )
        return cls(progress, lines, pace)

    def at(self, now: float, status: Status | None = None, *, stalled: bool = False) -> Progress:
        """Return how far the run is, and how long the rest will take.

        Args:
            now: What the remaining time counts from, in unix seconds: the clock's, or the data's. NaN if
                unknown.
            status: What the run is doing; None before it is decided: then it is taken to go on.
            stalled: Whether the rule `stalled` found it to hang.
        """
        progress = self.progress
        if status is not None and not status.live and status is not Status.UNKNOWN:
            return replace(progress, eta_state=EtaState.ENDED, eta_s=0.0 if status is Status.DONE else None)
        if progress.total_steps is None:
            return progress
        if self.pace is None or self.lines is None or progress.step is None:
            return replace(progress, eta_state=EtaState.ESTIMATING)
        return _with_eta(progress, self.pace, self.lines, now, stalled=stalled)


def _with_eta(progress: Progress, pace: Pace, lines: TrainingLines, now: float, *, stalled: bool) -> Progress:
    """Count the time that has passed since the last line off what was left then.

    It counts until the next line is due. In a longer silence the ETA stands still: what it will cost is
    not known before it is over.
    """
    step, total = progress.step or 0, progress.total_steps or 0
    left = pace.remaining(step, total)
    silence = _silence_s(lines, now)
    if stalled or silence > max(
        _STALL_S, _STALL_INTERVALS * pace.interval_s, _STALL_LONGEST * pace.longest_gap_s
    ):
        return replace(progress, eta_state=EtaState.STALLED)
    due_s = _due_evaluation_s(pace, step)
    passed = min(silence, pace.interval_s + due_s)
    eta_s = max(left.seconds - passed, 0.0)
    return replace(
        progress,
        eta_s=eta_s,
        eta_low_s=max(left.low - passed, 0.0),
        eta_high_s=max(left.high - passed, 0.0),
        finish_time=now + eta_s if lines.wall and math.isfinite(now) else None,
        eta_state=EtaState.PAUSED if silence > _PAUSE_INTERVALS * pace.interval_s else EtaState.KNOWN,
        evaluating=due_s > 0,
    )


class TracePoint(NamedTuple):
    """The estimate at one logged line, as it was when that line was the last one."""

    time: float
    step: int
    eta_s: float | None


def trace_eta(run: RunView, total: int | None = None) -> Iterator[TracePoint]:
    """Yield, for each training line and evaluation in order of time, the estimate that was known there.

    Args:
        run: A run, whole or not.
        total: Its number of steps, if a person gave it.
    """
    lines = training_lines(run, evaluations=None)
    if lines is None:
        return
    total_at = _totals_over_time(run, find_totals(run, total))
    lines_before = np.searchsorted(lines.times, lines.evaluation_times, side="right")
    lines_before = np.maximum.accumulate(np.clip(lines_before, 1, len(lines)))
    evaluation = 0
    for line in range(1, len(lines) + 1):
        step = int(lines.steps[line - 1])
        eta_s = _eta_at(lines.cut(line, evaluation), total_at(line))
        yield TracePoint(float(lines.times[line - 1]), step, eta_s)
        while evaluation < len(lines_before) and lines_before[evaluation] == line:
            evaluation += 1
            eta_s = _eta_at(lines.cut(line, evaluation), total_at(line))
            at = int(lines.evaluation_steps[evaluation - 1])
            yield TracePoint(float(lines.evaluation_times[evaluation - 1]), at, eta_s)


def _eta_at(lines: TrainingLines, total: int | None) -> float | None:
    pace = measure_pace(lines) if total is not None else None
    return None if pace is None or total is None else pace.remaining(int(lines.steps[-1]), total).seconds


def _totals_over_time(run: RunView, totals: Totals) -> Callable[[int], int | None]:
    """Return a function from the number of training lines to the total steps that was known then."""
    leader, series = training_series(run), epoch_series(run)
    if not totals.from_epochs or leader is None or series is None or totals.total_epochs is None:
        return lambda _: totals.total_steps
    steps, epochs, total_epochs = np.asarray(series.steps), series.values, totals.total_epochs
    begins = [segment.start for segment in series.segments]
    known = _points_known(series, leader)

    def total_at(lines: int) -> int | None:
        count = int(known[lines - 1])
        begin = begins[max(bisect_left(begins, count) - 1, 0)]
        length = steps_per_epoch(steps[begin:count], epochs[begin:count]) if count > begin else None
        return round(length * total_epochs) if length else None

    return total_at


def _points_known(series: SeriesView, leader: SeriesView) -> Int64Array:
    """Return how many points of a series had been logged with or before each point of the leading one."""
    if series.stream == leader.stream:
        return np.searchsorted(series.order, leader.order, side="right")
    return np.searchsorted(series.wall_times, leader.wall_times, side="right")


def _reached_step(run: RunView) -> int | None:
    """Return the last training step, or that of a checkpoint or an end that was recorded after it."""
    leader = training_series(run)
    if leader is None:
        return None
    step = leader.statistics.last_step
    for record, stream in zip(run.lifecycle, run.lifecycle_streams, strict=True):
        if stream == leader.stream and record.order > leader.order[-1] and record.step is not None:
            step = max(step, record.step)
    return step


def _last_epoch(run: RunView, step: int | None, totals: Totals) -> float | None:
    series = epoch_series(run)
    if series is not None:
        return _last_known(series.values)
    return step / totals.steps_per_epoch if step is not None and totals.steps_per_epoch else None


def _fraction(run: RunView, step: int | None, epoch: float | None, totals: Totals) -> float | None:
    if step is not None and totals.total_steps:
        return min(max(step / totals.total_steps, 0.0), 1.0)
    series = epoch_series(run)
    if epoch is not None and totals.total_epochs and series is not None:
        # A counter says which epoch it is, not how much of it is over.
        told = is_position(series.steps, series.values)
        return min(max(epoch / totals.total_epochs, 0.0), 1.0) if told else None
    return None


def _elapsed_s(run: RunView, lines: TrainingLines | None) -> float | None:
    """Return the seconds within attempts, as far as they are known."""
    spans = [attempt.last_time - attempt.start_time for attempt in run.attempts]
    known = [span for span in spans if math.isfinite(span) and span >= 0]
    if known:
        return sum(known)
    if lines is not None and not lines.wall:
        return _last_known(lines.times)
    closing = closing_runtime_s(run)
    return closing[0] if closing is not None else None


def _closing_speed(run: RunView) -> float | None:
    closing = closing_runtime_s(run)
    return closing[1] / closing[0] if closing is not None and closing[1] > 0 else None


def _silence_s(lines: TrainingLines, now: float) -> float:
    """Return the seconds since the last line; 0 where times are no wall times or not known."""
    if not lines.wall or not math.isfinite(now):
        return 0.0
    last = max(_last_known(lines.times) or -math.inf, *lines.evaluation_times[-1:].tolist(), -math.inf)
    return max(now - last, 0.0) if math.isfinite(last) else 0.0


def _due_evaluation_s(pace: Pace, step: int) -> float:
    """Return how long the evaluation takes that is due at this step and has not been logged."""
    due = pace.evaluations
    if due is None or step < due.last_step + due.gap_steps:
        return 0.0
    return due.seconds.mean_ahead(1)


def _last_known(values: ValueArray | TimeColumn) -> float | None:
    """Return the last finite value among the last few."""
    recent = values[-256:]
    recent = recent[np.isfinite(recent)]
    return float(recent[-1]) if len(recent) else None
