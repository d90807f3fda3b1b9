"""Where a curve is going, and how far it has converged."""

from __future__ import annotations

import math
import re

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.medians import row_medians
from tuimon.core.roles import FALLING_IS_GOOD, RISING_IS_GOOD, Role
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# A curve is looked at through this many equal stretches, and no more than so many points of each: the cost
# does not grow with the run, and the median of 64 points is known to a sixth of their spread.
_STRETCHES, _STRETCH_POINTS = 64, 64
# With fewer points a slope is luck.
_FEWEST_POINTS = 8
# The recent window is the last quarter of the curve. Of a short one it is as many stretches, up to half of
# the curve: the slope of four is luck.
_RECENT_SHARE = 0.25
_FEWEST_RECENT, _WANTED_RECENT = 4, 16
# A slope is told from noise at three standard errors, and matters from 0.1 % of the level per window on
# (the step of SageMaker's rule "loss not decreasing").
_SLOPE_ERRORS, _LEAST_CHANGE = 3.0, 0.001
# Noise is held against the improvement so far, or against this share of the level where there is none.
_CALM_NOISE = 0.1
_TINY = 1e-300
_ROLES = (Role.LOSS, Role.EVAL_LOSS, Role.REWARD, Role.PERPLEXITY, Role.ERROR, Role.ACCURACY)
_CONVERGENCE = re.compile(r"convergence", re.IGNORECASE)


@frozen
class Trend:
    """Where a curve is going.

    Attributes:
        metric: What falls or rises: `loss`, `reward`, … (the role of the curve).
        direction: `falling`, `flat` or `rising`.
        convergence: 0 (falling fast, or unstable) to 1 (flat and calm).
        slope_per_100: Change of the (smoothed) value per 100 steps.
    """

    metric: str
    direction: str
    convergence: float
    slope_per_100: float


def loss_trend(run: RunView) -> Trend | None:
    """Return the trend of the run's training loss, else of its next best curve; None before it can be told.

    A convergence score that the run logs itself, as a scalar or in its config, takes precedence.
    """
    curves = (series for role in _ROLES for series in run.with_role(role))
    trend = next((found for series in curves if (found := measure_trend(series)) is not None), None)
    logged = _logged_convergence(run)
    if trend is None or logged is None:
        return trend
    return Trend(trend.metric, trend.direction, logged, trend.slope_per_100)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # values near the largest double
def measure_trend(series: SeriesView) -> Trend | None:
    """Return the trend of one curve, or None with fewer than 8 finite points.

    The curve is cut into up to 64 stretches of equally many points; m_i is the median of the finite values
    of stretch i. The recent window R is the last quarter of the stretches, of fewer than 64 up to the last
    half.

    - slope: least squares of m over the steps of R; the direction by the same of log(m) where all m are
      positive (noise of losses is multiplicative). It is `flat` unless the change over R is more than three
      standard errors, and more than 0.1 %.
    - convergence = (1 - min(1, |c| / f)) * calm, where c is the change over R (0 if flat) and f what R
      adds if the improvement so far, I, came evenly: I * (width of R / width of all). So 1 - |c| / f is the
      share of the average improvement that R no longer adds.
    - I = m_first - m_last for a curve that is to fall, m_last - m_first for one that is to rise, not below
      0; the amount of either for a curve without a direction.
    - calm = (finite share of the points of R) * max(0, 1 - n / max(I, 10 % of the level)), where n is the
      standard deviation of m around the slope and the level the mean of |m| over R.
    """
    curve = _sampled(series)
    if curve is None:
        return None
    steps, medians, finite_share = curve
    recent = _recent(len(medians))
    x, y = steps[-recent:], medians[-recent:]
    direction = _direction(x, y)
    slope, noise, _ = _fit_line(x, y)
    width = float(x[-1] - x[0])
    level = max(float(np.abs(y).mean()), _TINY)
    improvement = float(medians[-1] - medians[0])
    if series.role in FALLING_IS_GOOD:
        improvement = max(-improvement, 0.0)
    elif series.role in RISING_IS_GOOD:
        improvement = max(improvement, 0.0)
    improvement = abs(improvement)
    even = improvement * width / max(float(steps[-1] - steps[0]), 1.0)
    adds = 0.0 if direction == "flat" else min(abs(slope) * width / max(even, _TINY), 1.0)
    calm = finite_share * max(1 - noise / max(improvement, _CALM_NOISE * level), 0.0)
    convergence = (1 - adds) * calm
    metric = series.role.value.replace("_", " ")
    return Trend(metric, direction, convergence if math.isfinite(convergence) else 0.0, slope * 100)


def _recent(stretches: int) -> int:
    """Return how many of the stretches are the recent window."""
    wanted = min(_WANTED_RECENT, stretches // 2)
    return max(_FEWEST_RECENT, wanted, math.ceil(stretches * _RECENT_SHARE))


def _direction(x: Float64Array, y: Float64Array) -> str:
    is_positive = bool((y > 0).all())
    level = 1.0 if is_positive else max(float(np.abs(y).mean()), _TINY)
    slope, _, error = _fit_line(x, np.log(y) if is_positive else y)
    width = float(x[-1] - x[0])
    if abs(slope) * width <= max(_SLOPE_ERRORS * error * width, _LEAST_CHANGE * level):
        return "flat"
    return "falling" if slope < 0 else "rising"


def _sampled(series: SeriesView) -> tuple[Float64Array, Float64Array, float] | None:
    """Return steps and medians of the stretches, and the finite share of the points in the recent window."""
    stretches = min(_STRETCHES, len(series) // 2)
    if stretches < _FEWEST_RECENT:
        return None
    bounds = np.linspace(0, len(series), stretches + 1).astype(np.int64)
    points = int(min(_STRETCH_POINTS, np.diff(bounds).min()))
    offsets = (np.arange(points) + 0.5) / points
    index = (bounds[:-1, None] + np.diff(bounds)[:, None] * offsets).astype(np.int64)
    values = series.values[index].astype(np.float64)
    finite = np.isfinite(values)
    if np.count_nonzero(finite) < _FEWEST_POINTS:
        return None
    told = finite.any(axis=1)
    medians = row_medians(np.where(finite, values, np.nan)[told])
    steps = _accumulated(series, index[:, points // 2])[told]
    if len(medians) < _FEWEST_RECENT:
        return None
    return steps, medians, float(finite[-_recent(stretches) :].mean())


def _accumulated(series: SeriesView, index: Int64Array) -> Float64Array:
    """Return the steps of some points on the accumulated axis, where a redone step does not count twice."""
    starts = np.array([segment.start for segment in series.segments])
    offsets = np.array([segment.attempt.offset for segment in series.segments])
    attempt = np.searchsorted(starts, index, side="right") - 1
    accumulated: Int64Array = series.steps[index] + offsets[attempt]
    return accumulated.astype(np.float64)


def _fit_line(x: Float64Array, y: Float64Array) -> tuple[float, float, float]:
    """Return the least-squares slope of y over x, the spread around it, and the slope's standard error."""
    centred = x - x.mean()
    spread = float((centred * centred).sum())
    if not spread > 0:
        return 0.0, float(y.std()), 0.0
    slope = float((centred * y).sum()) / spread
    residual = y - y.mean() - slope * centred
    noise = math.sqrt(float((residual * residual).sum()) / max(len(y) - 2, 1))
    return slope, noise, noise / math.sqrt(spread)


def _logged_convergence(run: RunView) -> float | None:
    """Return a score from 0 to 1 that the run logs itself, or None."""
    for tag, series in run.series.items():
        if _CONVERGENCE.search(tag) and len(series) and 0 <= series.statistics.last <= 1:
            return series.statistics.last
    for key, value in run.config.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if _CONVERGENCE.search(key) and "score" in key.lower() and is_number and 0 <= float(value or 0) <= 1:
            return float(value or 0)
    return None
