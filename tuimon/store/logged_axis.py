"""Axes that a run logs itself: which epoch it was at a step, and how many tokens it had seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.roles import Role, is_evaluation
from tuimon.store.axis import Axis
from tuimon.store.series import SeriesView

LOGGED_AXES: Mapping[Axis, Role] = {Axis.EPOCH: Role.EPOCH, Axis.TOKENS: Role.TOKENS}
"""The axes that are told by a series, and what that series means."""

# What is told from steps is told by at most this many points of the series.
_MOST_KNOTS = 4096
# What is larger is no epoch, and no count of tokens.
_LARGEST = {Axis.EPOCH: 1e9, Axis.TOKENS: 1e18}


class Knots(NamedTuple):
    """Places where both an accumulated step and what was logged there are known.

    Attributes:
        steps: float64[n], n > 1, rising.
        logged: float64[n], rising.
    """

    steps: Float64Array
    logged: Float64Array

    def at(self, steps: Float64Array) -> Float64Array:
        """Return what is logged at accumulated steps."""
        return _interpolate(steps, self.steps, self.logged)

    def steps_at(self, logged: Float64Array) -> Float64Array:
        """Return the accumulated steps at which that much is logged."""
        return _interpolate(logged, self.logged, self.steps)


def knots(axis: Axis, counting: Iterable[SeriesView], attempt: int | None = None) -> Knots | None:
    """Return what the first series that tells an axis says, of one attempt or of all; None where none does.

    Tokens are told by what counts them from the start: the tokens of each batch rise and fall.

    Args:
        axis: One of `LOGGED_AXES`.
        counting: The series of its role.
        attempt: The number of the only attempt to look at, or None for all of them.
    """
    for series in counting:
        parts = [s for s in series.segments if attempt is None or s.attempt.number == attempt]
        points = [_spread(part.start, part.stop, _MOST_KNOTS // len(parts)) for part in parts]
        if not points:
            continue
        logged = [series.values[at].astype(np.float64) for at in points]
        if axis is Axis.TOKENS and (is_evaluation(series.tag) or any(map(_falls, logged))):
            continue
        offsets = [np.full(len(at), part.attempt.offset) for at, part in zip(points, parts, strict=True)]
        steps = (series.steps[np.concatenate(points)] + np.concatenate(offsets)).astype(np.float64)
        counted = np.concatenate(logged)
        # What is no epoch must not hide all that come after it.
        counted[~(np.abs(counted) < _LARGEST[axis])] = np.nan
        rising = _rising(steps) & _rising(counted)
        if np.count_nonzero(rising) > 1:
            return Knots(steps[rising], counted[rising])
    return None


def _spread(start: int, stop: int, most: int) -> Int64Array:
    """Return up to `most` indices from `start` to before `stop`, both ends among them."""
    return np.linspace(start, stop - 1, min(most, stop - start)).round().astype(np.int64)


def _falls(values: Float64Array) -> bool:
    """Return whether a finite value is smaller than the finite one before it."""
    finite = values[np.isfinite(values)]
    return bool((finite[1:] < finite[:-1]).any())


def _rising(values: Float64Array) -> npt.NDArray[np.bool_]:
    """Return which values are finite and larger than all finite ones before them."""
    finite = np.isfinite(values)
    highest = np.maximum.accumulate(np.where(finite, values, -np.inf))
    return finite & (values > np.append(-np.inf, highest[:-1]))


def _interpolate(x: Float64Array, known_x: Float64Array, known_y: Float64Array) -> Float64Array:
    """Interpolate, going on in a straight line beyond both ends."""
    inside = np.interp(x, known_x, known_y)
    slope = (known_y[-1] - known_y[0]) / (known_x[-1] - known_x[0])
    below, above = x < known_x[0], x > known_x[-1]
    inside[below] = known_y[0] + (x[below] - known_x[0]) * slope
    inside[above] = known_y[-1] + (x[above] - known_x[-1]) * slope
    return inside
