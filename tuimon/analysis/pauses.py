"""Pauses that nothing in the log explains (checkpoints, a loader that starves), and how many are to come."""

from __future__ import annotations

import math

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.medians import median

# Pauses are rare: one that comes early says little about how often. So many intervals are taken to have
# passed without one before the first of the log, and two nearer than that are not taken for regular ones.
_USUALLY_APART = 20
# Regular are pauses of which three in four gaps agree to within one interval, and there are two gaps.
_REGULAR_SHARE, _FEWEST_GAPS = 0.75, 2
# So few earlier intervals tell nothing.
_FEWEST_EARLIER = 8
# As the rule `stalled`: 10 minutes, 10 intervals, 3 times the longest silence.
_STALL_S, _STALL_INTERVALS, _STALL_LONGEST = 600.0, 10.0, 3.0
_ACCIDENT_SHARE = 0.5


@frozen
class Pauses:
    """The pauses of a stretch of training.

    Attributes:
        seen: How many.
        seconds: How long each takes, the mean.
        spread: The squared coefficient of variation of that.
        steps: The steps among which they were seen, with those before the first of the log that had none.
        last_step: The step at which the last one began, or a little after it.
        gap_steps: The steps from one to the next; None where they do not come regularly.
    """

    seen: int
    seconds: float
    spread: float
    steps: float
    last_step: int
    gap_steps: float | None

    def ahead(self, step: int, total: int) -> float:
        """Return the seconds that pauses are likely to take between `step` and `total`.

        Regular ones are counted, that at the very end left out: it follows the last line. Of others the
        median is told, which is as often too much as too little: where one more is unlikely it is none,
        and of many it comes near their mean. The number to come is Poisson's, k on average, with a rate
        as well known as n pauses tell it; with s seconds each and their squared variation c2, the sum has
        the mean k s and the variance k s^2 (1 + c2 + k / n). The median of a gamma distribution with both
        is the mean less variance / (3 mean) (Choi 1994, On the medians of gamma distributions).
        """
        if not self.seen or total <= step:
            return 0.0
        if self.gap_steps is not None:
            again = min(math.floor((step - self.last_step) / self.gap_steps), 0)
            return self.seconds * max(_whole((total - self.last_step) / self.gap_steps) - 1 - again, 0)
        part = (total - step) / self.steps
        return self.seconds * max(self.seen * part - (1 + self.spread + part) / 3, 0.0)


NO_PAUSES = Pauses(0, 0.0, 0.0, 1.0, 0, None)


def longest_calm(values: Float64Array) -> float:
    """Return median + max(4 IQR, median / 2) of the durations of intervals: a longer one holds a pause."""
    ordered = np.sort(values)
    quarter, half, three = (float(ordered[(len(ordered) * part) // 4]) for part in (1, 2, 3))
    return half + max(4 * (three - quarter), half / 2)


def expected_pauses(
    per_step: Float64Array,
    begins: Int64Array,
    steps: Int64Array,
    newest: int,
    *,
    first_step: float | None,
    interval_s: float,
) -> Pauses:
    """Return the pauses of the newest stretch of one speed; or of all, if only these are seen to be regular.

    Checkpoints are saved every so many steps at any speed.

    Args:
        per_step: Seconds per step of each interval, float64[n].
        begins: The step at which each begins, int64[n].
        steps: The steps of each, int64[n].
        newest: Where the newest stretch begins.
        first_step: The step at which the training began, if the intervals begin there too.
        interval_s: Usual seconds between two training lines.
    """
    recent = _surplus_s(per_step[newest:], steps[newest:], interval_s)
    found = _find_pauses(recent, begins[newest:], steps[newest:], first_step if newest == 0 else None)
    if found.gap_steps is not None or newest < _FEWEST_EARLIER:
        return found
    earlier = _surplus_s(per_step[:newest], steps[:newest], interval_s)
    whole = _find_pauses(np.concatenate([earlier, recent]), begins, steps, first_step)
    return found if whole.gap_steps is None else whole


def _surplus_s(per_step: Float64Array, steps: Int64Array, interval_s: float) -> Float64Array:
    """Return by how many seconds intervals of one speed are longer than calm ones; 0 for one that is calm."""
    paused = per_step > longest_calm(per_step)
    surplus: Float64Array = np.where(paused, per_step - per_step[~paused].mean(), 0.0) * steps
    return _without_accident(surplus, interval_s, float((per_step * steps)[~paused].sum()))


def _without_accident(seconds: Float64Array, interval_s: float, calm_s: float) -> Float64Array:
    """Return pauses without one that is no habit of the training: a suspended machine, a hang that ended.

    That is one that would have been called a stall, alone of its length, and longer than half of the
    training that surrounds it: a checkpoint that takes as long for the first time is expected again.

    Args:
        seconds: Of each interval, float64[n]; 0 for a calm one.
        interval_s: Usual seconds between two training lines.
        calm_s: How long was trained meanwhile.
    """
    longest = int(np.argmax(seconds))
    others = np.delete(seconds, longest)
    least_s = max(_STALL_S, _STALL_INTERVALS * interval_s, _STALL_LONGEST * others.max(initial=0.0))
    if seconds[longest] <= max(least_s, _ACCIDENT_SHARE * calm_s):
        return seconds
    kept = seconds.copy()
    kept[longest] = 0.0
    return kept


def _find_pauses(
    seconds: Float64Array, begins: Int64Array, steps: Int64Array, first_step: float | None
) -> Pauses:
    """Return the pauses among the intervals of a stretch of one speed.

    Args:
        seconds: How much longer each interval was than a calm one, float64[n]; 0 for a calm one.
        begins: The step at which each begins, int64[n].
        steps: The steps of each, int64[n].
        first_step: The step at which the training began, if the stretch begins there too.
    """
    at = np.flatnonzero(seconds > 0)
    mean = float(seconds[at].mean()) if len(at) else 0.0
    if not 0 < mean < math.inf:
        return NO_PAUSES
    interval = median(steps)
    known = begins[at].astype(np.float64)
    end = float(begins[-1] + steps[-1])
    return Pauses(
        seen=len(at),
        seconds=mean,
        spread=float((seconds[at] / mean).var()),
        steps=float(steps.sum(dtype=np.float64)) + _USUALLY_APART * interval,
        last_step=int(begins[at[-1]]),
        gap_steps=_regular_gap(known if first_step is None else np.append(first_step, known), end, interval),
    )


def _regular_gap(known: Float64Array, end: float, interval: float) -> float | None:
    """Return the steps between pauses at known[k], or None where they are not regular or one is overdue.

    The first one after the start is taken for regular until its gap has passed again without another.
    """
    gaps = np.diff(known)
    gaps = gaps[gaps > 0]
    near = gaps[np.abs(gaps - median(gaps)) <= interval]
    if not len(near) or len(near) < _REGULAR_SHARE * len(gaps):
        return None
    gap = float(near.mean())
    overdue = end - known[-1] > gap + 2 * interval
    enough = len(gaps) >= _FEWEST_GAPS or gap >= _USUALLY_APART * interval
    return gap if enough and not overdue else None


def _whole(count: float) -> int:
    """Return the least whole number that is not below a count, but for rounding."""
    return math.ceil(count - 1e-9)
