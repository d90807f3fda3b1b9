"""How durations change: steadily, as longer sequences make them, or with one jump to another level."""

from __future__ import annotations

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen

# A slope is believed at these many standard errors: noise that carries over by .4 from one interval to the
# next makes the true error 1.5 times as large. It leaves at least this share of the present duration.
_SLOPE_ERRORS, _FEWEST_INTERVALS, _LEAST_SHARE = 5.0, 24, 0.3
# A quarter lies off the line by so many standard errors and more than this share of the mean.
_OFF_LINE_ERRORS, _OFF_LINE_SHARE = 3.5, 0.02


@frozen
class Drift:
    """A steady change: `slope` per unit, seen over `span` units of which `level` is the mean.

    What has lasted for so long is as likely to last as long again as not. So a slowing goes on for another
    `span`, and the level that it reaches stays. What gets faster (caches that fill) nears a floor that
    nobody knows yet: it stays at the level that it has reached.
    """

    level: float
    slope: float
    span: float

    def mean_ahead(self, ahead: float) -> float:
        """Return the mean over the next `ahead` units."""
        if not ahead > 0:
            return self.level
        reach = min(ahead, self.span) if self.slope > 0 else 0.0
        rise = self.span / 2 + reach * (1 - reach / (2 * ahead))
        return max(self.level + self.slope * rise, _LEAST_SHARE * self.level)


def fit_line(values: Float64Array) -> tuple[float, float]:
    """Return the least-squares slope of values[n] per element and its standard error."""
    x = np.arange(len(values)) - (len(values) - 1) / 2
    spread = float((x * x).sum())
    slope = float((x * values).sum()) / spread
    residual = values - values.mean() - slope * x
    return slope, float(np.sqrt((residual * residual).sum() / max(len(values) - 2, 1) / spread))


def largest_jump(values: Float64Array, last: int) -> tuple[int, float]:
    """Return where a jump between two levels explains values[n] best, and the sum of squares it explains.

    Args:
        values: At least two.
        last: The second level begins at this index or before it; from 1 to n - 1.
    """
    before = np.arange(1, last + 1)
    apart = np.cumsum(values)[:last] - before * values.mean()
    explained = apart * apart * len(values) / (before * (len(values) - before))
    best = int(explained.argmax())
    return best + 1, float(explained[best])


def find_drift(per_step: Float64Array, steps: Int64Array) -> Drift | None:
    """Return the steady change over the longest newest stretch that a straight line explains, or None.

    Args:
        per_step: Seconds per step of each interval, float64[n], without pauses.
        steps: The steps of each, int64[n].
    """
    begin = 0
    while len(per_step) - begin >= _FEWEST_INTERVALS:
        values = per_step[begin:]
        slope, error = fit_line(values)
        if abs(slope) > _SLOPE_ERRORS * error and _is_straight(values, slope):
            span = float(steps[begin:].sum(dtype=np.float64))
            return Drift(float(values.mean()), slope * len(values) / span, span)
        begin += -(-len(values) // 2)
    return None


def _is_straight(values: Float64Array, slope: float) -> bool:
    """Return whether a line explains the values better than any jump does, with no quarter off the line."""
    count = len(values)
    _, by_jump = largest_jump(values, count - 1)
    if by_jump > slope * slope * count * (count * count - 1) / 12:
        return False
    residual = values - values.mean() - slope * (np.arange(count) - (count - 1) / 2)
    quarters = np.array_split(residual, 4)
    means = np.array([quarter.mean() for quarter in quarters])
    errors = np.array([quarter.std() / np.sqrt(len(quarter)) for quarter in quarters])
    allowed = np.maximum(_OFF_LINE_ERRORS * errors, _OFF_LINE_SHARE * float(values.mean()))
    return bool((np.abs(means) <= allowed).all())
