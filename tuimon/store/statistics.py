"""Exact statistics of all points of a series, kept while points arrive."""

from __future__ import annotations

import math

import numpy as np

from tuimon.core.batch import ValueArray
from tuimon.core.frozen import frozen
from tuimon.store.column import IntColumn


@frozen
class Statistics:
    """What is known of all points of a series, exactly.

    `count` counts all points; `minimum`, `maximum` and `mean` are over the finite ones and None where there
    is none; `first_step`, `last_step` and `last` follow the order of arrival.
    """

    count: int = 0
    first_step: int = 0
    last_step: int = 0
    minimum: float | None = None
    minimum_step: int | None = None
    maximum: float | None = None
    maximum_step: int | None = None
    finite_sum: float = 0.0
    last: float = float("nan")
    nan: int = 0
    inf: int = 0

    @property
    def mean(self) -> float | None:
        """Mean of the finite values."""
        finite = self.count - self.nan - self.inf
        return self.finite_sum / finite if finite else None

    @property
    def constant(self) -> bool:
        """Whether all values are finite and equal, or there is only one."""
        return self.count == 1 or (self.minimum == self.maximum and self.nan + self.inf == 0)

    def extended(self, steps: IntColumn, values: ValueArray) -> Statistics:
        """Return the statistics with more points taken in."""
        if not len(values):
            return self
        more = _of_point(int(steps[0]), float(values[0])) if len(values) == 1 else _of_points(steps, values)
        return self._followed_by(more) if self.count else more

    def _followed_by(self, more: Statistics) -> Statistics:
        """Return the statistics of these points and `more` behind them; the first of equal extremes holds."""
        low, high = self, self
        if more.minimum is not None and (self.minimum is None or more.minimum < self.minimum):
            low = more
        if more.maximum is not None and (self.maximum is None or more.maximum > self.maximum):
            high = more
        return Statistics(
            count=self.count + more.count,
            first_step=self.first_step,
            last_step=more.last_step,
            minimum=low.minimum,
            minimum_step=low.minimum_step,
            maximum=high.maximum,
            maximum_step=high.maximum_step,
            finite_sum=self.finite_sum + more.finite_sum,
            last=more.last,
            nan=self.nan + more.nan,
            inf=self.inf + more.inf,
        )


def _of_point(step: int, value: float) -> Statistics:
    """Return the statistics of one point, as live series grow by, without the cost of numpy."""
    if math.isfinite(value):
        return Statistics(1, step, step, value, step, value, step, value, value)
    nan = int(math.isnan(value))
    return Statistics(1, step, step, last=value, nan=nan, inf=1 - nan)


def _of_points(steps: IntColumn, values: ValueArray) -> Statistics:
    first_step, last_step, last, nan, inf = int(steps[0]), int(steps[-1]), float(values[-1]), 0, 0
    count = len(values)
    finite = np.isfinite(values)
    if not finite.all():
        nan = int(np.count_nonzero(np.isnan(values)))
        inf = count - nan - int(np.count_nonzero(finite))
        if nan + inf == count:
            return Statistics(count, first_step, last_step, last=last, nan=nan, inf=inf)
        steps, values = steps[finite], values[finite]
    at_lo, at_hi = int(values.argmin()), int(values.argmax())
    # Values near the largest double may sum up to infinity.
    with np.errstate(over="ignore", invalid="ignore"):
        finite_sum = float(values.sum(dtype=np.float64))
    return Statistics(
        count=count,
        first_step=first_step,
        last_step=last_step,
        minimum=float(values[at_lo]),
        minimum_step=int(steps[at_lo]),
        maximum=float(values[at_hi]),
        maximum_step=int(steps[at_hi]),
        finite_sum=finite_sum,
        last=last,
        nan=nan,
        inf=inf,
    )
