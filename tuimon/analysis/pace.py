"""How fast a run is, and how long the rest of it will take, from the times of its training lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tuimon.analysis.drift import Drift, find_drift, fit_line, largest_jump
from tuimon.analysis.lines import TrainingLines
from tuimon.analysis.pauses import Pauses, expected_pauses, longest_calm
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.medians import median

# All that follows looks at no more than this many intervals. With a checkpoint every 500 steps, which is
# what trainers save by default, and a line for each step, they hold the three that show a regular gap.
_KEPT_INTERVALS = 1600
# Where one step is logged many times, more lines have to be looked at to find as many steps.
_MOST_LINES = 1 << 16
# Before three clean intervals nobody can tell compilation from speed.
FEWEST_INTERVALS = 3
# The newest stretch is held against ever longer ones before it. They are of another speed where the means
# differ by more than 6 % and 3.5 standard errors; less is noise that comes and goes.
_FIRST_WINDOW = 8
_OTHER_SPEED, _OTHER_SPEED_ERRORS = 0.06, 3.5
# Three intervals that are all longer than the eight before come by chance once in 165; by as much as this,
# which is a throughput drop by any of the definitions in use (1.28 to 1.33), hardly ever.
_CLEAR_RATIO = 1.3
_GROWTH_ERRORS, _FEWEST_GROWTH_EVALUATIONS = 3.0, 4
_LAST_EVALUATIONS = 3


@frozen
class EvaluationPace:
    """How often evaluations come and how long they take.

    Attributes:
        last_step: The training step of the last one.
        gap_steps: The usual number of steps between two.
        seconds: Of each: the present level and how it grows from one to the next.
    """

    last_step: int
    gap_steps: float
    seconds: Drift

    def left(self, total: int) -> int:
        """Return how many are still to come before step `total` is done."""
        return max(int((total - self.last_step) / self.gap_steps + 1e-9), 0)


@frozen
class Remaining:
    """Seconds until the end: the likely value and a range around it."""

    seconds: float
    low: float
    high: float


@frozen
class Pace:
    """How fast a run is at present.

    Attributes:
        seconds_per_step: Mean over the newest stretch of one speed, pauses left out.
        low: Lower quartile of the single intervals of that stretch, per step.
        high: Their upper quartile.
        pauses: Those that nothing in the log explains (checkpoints).
        drift: How the seconds per step change, counted in steps; None where they do not.
        evaluations: None where the run has none.
        interval_s: Usual seconds between two training lines.
        interval_steps: Usual steps between two training lines.
        longest_gap_s: The longest silence between any two lines of one attempt.
    """

    seconds_per_step: float
    low: float
    high: float
    pauses: Pauses
    drift: Drift | None
    evaluations: EvaluationPace | None
    interval_s: float
    interval_steps: float
    longest_gap_s: float

    def remaining(self, step: int, total: int) -> Remaining:
        """Return what is left from the last line of the log, which is at `step`, to step `total`."""
        steps = max(total - step, 0)
        per_step = self.drift.mean_ahead(steps) if self.drift else self.seconds_per_step
        pauses = self.pauses.ahead(step, total)
        if self.evaluations is not None:
            left = self.evaluations.left(total)
            pauses += left * self.evaluations.seconds.mean_ahead(left)
        scale = per_step / self.seconds_per_step
        likely = steps * per_step + pauses
        low, high = steps * self.low * scale + pauses, steps * self.high * scale + pauses
        return Remaining(likely, min(low, likely), max(high, likely))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # clocks that are none, steps near 2**63
def measure_pace(lines: TrainingLines) -> Pace | None:
    """Measure the speed of a run, or return None before there are three clean intervals.

    The method: a first interval (compilation), a slow start, and an interval that holds a restart do not
    count. After an evaluation an interval begins at the evaluation's line. Walking back in doubling windows
    ends where the speed was another one. Intervals longer than median + max(4 IQR, median / 2) hold a pause:
    they are left out of the mean, and what they take more is the pause. The cost does not grow with the run.
    """
    intervals = _clean_intervals(lines)
    if intervals is None:
        return None
    newest = _newest_stretch(intervals.per_step)
    stretch, steps = intervals.per_step[newest:], intervals.steps[newest:]
    paused = stretch > longest_calm(stretch)
    calm = np.sort(stretch[~paused])
    mean = float(calm.mean())
    if not mean > 0:
        return None
    usual_steps = median(steps)
    pace = Pace(
        seconds_per_step=mean,
        low=float(calm[len(calm) // 4]),
        high=float(calm[(3 * len(calm)) // 4]),
        pauses=expected_pauses(
            intervals.per_step,
            intervals.begins,
            intervals.steps,
            newest,
            first_step=lines.steps[0] - usual_steps if intervals.from_start else None,
            interval_s=intervals.usual_s,
        ),
        drift=_steady_drift(intervals),
        evaluations=None,
        interval_s=intervals.usual_s,
        interval_steps=usual_steps,
        longest_gap_s=intervals.longest_gap_s,
    )
    return replace(pace, evaluations=_evaluation_pace(lines, pace))


@frozen(eq=False)
class _Intervals:
    """The last clean intervals.

    Attributes:
        per_step: Seconds per step, float64[n].
        begins: The step at which each begins, int64[n].
        steps: The steps of each, int64[n].
        from_start: Whether they go back to the first line.
        usual_s: Usual seconds of one.
        longest_gap_s: The longest silence between two lines of one attempt.
    """

    per_step: Float64Array
    begins: Int64Array
    steps: Int64Array
    from_start: bool
    usual_s: float
    longest_gap_s: float


def _clean_intervals(lines: TrainingLines) -> _Intervals | None:
    steps, times, starts = _recent_steps(lines)
    if len(steps) <= FEWEST_INTERVALS:
        return None
    begin_times, begin_steps = times[:-1].copy(), steps[:-1].copy()
    before = np.searchsorted(times, lines.evaluation_times, side="right") - 1
    inside = (before >= 0) & (before < len(times) - 1)
    before, at = before[inside], lines.evaluation_steps[inside]
    # An evaluation that bears the next line's step was logged with that line, not between two.
    between = at != steps[before + 1]
    before, at = before[between], at[between]
    begin_times[before] = lines.evaluation_times[inside][between]
    on_scale = (at >= steps[before]) & (at < steps[before + 1])
    begin_steps[before[on_scale]] = at[on_scale]
    seconds, counts = times[1:] - begin_times, steps[1:] - begin_steps
    clean = (counts > 0) & (seconds >= 0) & ~starts[1:]
    later = clean & ~starts[:-1]
    if np.count_nonzero(later) >= FEWEST_INTERVALS:
        clean = later
    if np.count_nonzero(clean) < FEWEST_INTERVALS:
        return None
    per_step, counts = seconds[clean] / counts[clean], counts[clean]
    begin = _slow_start(per_step)
    return _Intervals(
        per_step=per_step[begin:],
        begins=begin_steps[clean][begin:],
        steps=counts[begin:],
        from_start=bool(steps[0] == lines.steps[0] and len(steps) <= _KEPT_INTERVALS),
        usual_s=median(seconds[clean]),
        longest_gap_s=float(np.diff(times)[~starts[1:]].max(initial=0.0)),
    )


def _recent_steps(lines: TrainingLines) -> tuple[Int64Array, Float64Array, npt.NDArray[np.bool_]]:
    """Return step and time of the last lines, the first line of each step only.

    The third column says with which of them an attempt begins.
    """
    window = _KEPT_INTERVALS + 1
    while True:
        first = max(len(lines) - window, 0)
        steps, times = lines.steps[first:], lines.times[first:]
        starts = np.zeros(len(steps), np.bool_)
        starts[lines.starts[lines.starts >= first] - first] = True
        fresh = (np.append(True, np.diff(steps) != 0) | starts) & np.isfinite(times)
        if first == 0 or window >= _MOST_LINES or np.count_nonzero(fresh) > _KEPT_INTERVALS // 2:
            kept = np.flatnonzero(fresh)[-_KEPT_INTERVALS - 1 :]
            return steps[kept], times[kept], starts[kept]
        window *= 4


def _slow_start(per_step: Float64Array) -> int:
    """Return how many intervals at the beginning are slow ones in a row (compilation, caches that fill).

    As pauses they would be expected again and again.
    """
    calm = np.flatnonzero(per_step <= longest_calm(per_step))
    begin = int(calm[0]) if len(calm) else 0
    return begin if len(per_step) - begin >= FEWEST_INTERVALS else 0


def _winsorised(values: Float64Array) -> Float64Array:
    """Cut values at the longest calm one."""
    return np.minimum(values, longest_calm(values))


def _clear_change(per_step: Float64Array) -> int:
    """Return where the newest intervals begin that all lie clearly apart from all of those before them.

    The means below need whole windows on either side of a change; one that everybody sees is seen here
    within three intervals. 0 where there is none.
    """
    for new in range(FEWEST_INTERVALS, min(2 * _FIRST_WINDOW, len(per_step) - _FIRST_WINDOW + 1)):
        begin = len(per_step) - new
        after, before = per_step[begin:], per_step[begin - _FIRST_WINDOW : begin]
        faster = float(after.max()) * _CLEAR_RATIO < float(before.min())
        if faster or float(after.min()) > _CLEAR_RATIO * float(before.max()):
            return begin
    return 0


def _newest_stretch(per_step: Float64Array) -> int:
    """Return where the newest stretch of one speed begins."""
    clear = _clear_change(per_step)
    if clear:
        return clear
    begin = max(len(per_step) - _FIRST_WINDOW, 0)
    while begin > 0:
        earlier = max(2 * begin - len(per_step), 0)
        new, old = _winsorised(per_step[begin:]), _winsorised(per_step[earlier:begin])
        error = float(np.sqrt(new.var() / len(new) + old.var() / len(old)))
        if len(old) >= _FIRST_WINDOW // 2 and _is_other_speed(old, new, error):
            return begin + _rest_of_old(_winsorised(per_step[begin:]))
        begin = earlier
    return begin


def _rest_of_old(values: Float64Array) -> int:
    """Return how many of the values still have the old speed: the last window may reach beyond the change."""
    if len(values) <= _FIRST_WINDOW:
        return 0
    begin, _ = largest_jump(values, len(values) // 2)
    old, new = values[:begin], values[begin:]
    # The few on the old side have no spread of their own to go by.
    error = float(np.sqrt(new.var() * (1 / len(new) + 1 / len(old))))
    return begin if _is_other_speed(old, new, error) else 0


def _is_other_speed(old: Float64Array, new: Float64Array, error: float) -> bool:
    differs = abs(float(new.mean() - old.mean()))
    return differs > max(_OTHER_SPEED * float(new.mean()), _OTHER_SPEED_ERRORS * error)


def _steady_drift(intervals: _Intervals) -> Drift | None:
    calm = intervals.per_step <= longest_calm(intervals.per_step)
    return find_drift(intervals.per_step[calm], intervals.steps[calm])


def _evaluation_pace(lines: TrainingLines, pace: Pace) -> EvaluationPace | None:
    """Return how often evaluations come and how long they take; what is trained before them left out."""
    before = np.searchsorted(lines.times, lines.evaluation_times, side="right") - 1
    # The last of the tags of one evaluation says when it was over.
    last = np.append(np.diff(before) != 0, True)[: len(before)] & (before >= 0)
    followed_by_restart = np.isin(before + 1, lines.starts) & (before + 1 < len(lines))
    at_line = lines.steps[before]
    next_line = lines.steps[np.minimum(before + 1, len(lines) - 1)]
    with_next_line = (lines.evaluation_steps == next_line) & (next_line > at_line)
    last &= ~followed_by_restart & ~with_next_line
    if not last.any():
        return None
    before, at, ended = before[last], lines.evaluation_steps[last], lines.evaluation_times[last]
    at_line, next_line = at_line[last], next_line[last]
    on_scale = (at >= at_line) & ((at < next_line) | (before + 1 == len(lines)))
    at = np.where(on_scale & (at <= at_line + pace.interval_steps), at, at_line)
    seconds = np.maximum(ended - lines.times[before] - (at - at_line) * pace.seconds_per_step, 0)
    origin = float(lines.steps[0]) - pace.interval_steps
    gaps = np.diff(np.append(origin, at))
    gaps = gaps[gaps > 0]
    if not len(gaps) or not np.isfinite(seconds).all():
        return None
    return EvaluationPace(int(at[-1]), median(gaps), _evaluation_seconds(seconds))


def _evaluation_seconds(seconds: Float64Array) -> Drift:
    level = float(seconds[-_LAST_EVALUATIONS:].mean())
    if len(seconds) >= _FEWEST_GROWTH_EVALUATIONS:
        slope, error = fit_line(seconds)
        if abs(slope) > _GROWTH_ERRORS * error:
            return Drift(float(seconds.mean()), slope, float(len(seconds)))
    return Drift(level, 0.0, 0.0)
