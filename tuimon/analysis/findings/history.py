"""What is usual for one noisy series, with outliers kept out of it."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from tuimon.analysis.findings.windows import SortedWindow

# Before this many points nothing is usual yet.
WARM_UP_POINTS = 24
_SPREAD_POINTS = 128
# What lies this far out does not become usual, nor what follows it until it is back near the median, unless
# that lasts so many points: then it is a new level.
_OUTLIER_SIGMAS, _BACK_SIGMAS, _OUTLIER_RATIO, _MOST_OUTLIERS = 6.0, 3.0, 1.08, 25
# Noise that is normal in the values is skewed in their logarithms, which shortens what rises. So that counts,
# too, which is twice the largest of so many deviations and beyond so many sigmas: of 64 normal deviations the
# largest lies at 2.4 sigma on average.
_ALONE_SIGMAS, _ALONE_RATIO, _ALONE_POINTS = 4.5, 2.0, 64
# A value has jumped if it lies above each of so many before it.
JUMP_POINTS = 3
# A series that hardly moves still gets a spread, so that its last digit is no outlier.
_LEAST_SPREAD = 1e-3


class History:
    """The recent median of a series and the spread of its deviations from it.

    Losses and gradient norms have multiplicative, skewed noise (a fine-tune at loss 0.01, batches of one
    example), so deviations are logarithms of ratios while every value is positive, and differences
    otherwise. `measure` a point first, let the rules judge, then `absorb` it.

    Attributes:
        count: Finite points absorbed so far, outliers included.
        last: The last value that is no outlier; infinite before there is one.
        positive: Whether every value so far was positive.
        median: Of the recent values, before the measured point; NaN before there is one.
        deviation: Of the measured point from the median: log of the ratio, or difference.
        ratio: The measured point over the median; in series that are not positive 1 + difference / |median|.
        ready: Whether enough points are known to call one of them unusual.
    """

    __slots__ = (
        "_calm", "_deviations", "_least", "_outliers", "_recent", "_sigma", "count", "deviation", "last",
        "median", "positive", "ratio", "ready",
    )  # fmt: skip

    def __init__(self, recent_points: int) -> None:
        self._recent = SortedWindow(recent_points)
        self._deviations = SortedWindow(_SPREAD_POINTS)
        self._outliers = 0
        # The last values that are no outliers, in their order: they tell how far neighbours lie apart.
        self._calm: deque[float] = deque(maxlen=_SPREAD_POINTS + 1)
        self.last = math.inf
        self.count = 0
        self.positive = True
        self.median = math.nan
        self.deviation = 0.0
        self._sigma: float | None = math.inf
        self._least = _LEAST_SPREAD
        self.ratio = 1.0
        self.ready = False

    @property
    def sigma(self) -> float:
        """Robust upper spread of earlier deviations: worked out when asked for, as most points are calm."""
        sigma = self._sigma
        if sigma is None:
            spread = self._deviations.upper_spread()
            sigma = self._sigma = max(spread, self._least)
        return sigma

    @property
    def score(self) -> float:
        """How many sigmas the measured point lies above the recent median."""
        return self.deviation / self.sigma

    @property
    def alone(self) -> bool:
        """Whether the measured point lies above everything that is usual, with nothing in between."""
        known = self._deviations
        return (
            self.deviation > _ALONE_SIGMAS * self.sigma
            and len(known) >= _ALONE_POINTS
            and self.deviation > _ALONE_RATIO * known.largest
        )

    @property
    def largest_deviation(self) -> float:
        """The largest deviation that is usual; infinite before there is one."""
        return self._deviations.largest if len(self._deviations) else math.inf

    @property
    def median_now(self) -> float:
        """The median with everything absorbed; NaN before there is a point."""
        return self._recent.median if len(self._recent) else math.nan

    def level(self, points: int) -> float:
        """Return the median of the last points that are no outliers; NaN before there is one."""
        return self._recent.median_of_last(points) if len(self._recent) else math.nan

    @property
    def largest_of_last(self) -> float:
        """The largest of the last few usual values, above which a value must lie to have jumped."""
        return max(list(self._calm)[-JUMP_POINTS:], default=math.inf)

    def jump_score(self, value: float) -> float:
        """Return how many sigmas a value lies above the last usual values; 0 where that is not known."""
        if not self.positive or len(self._calm) < WARM_UP_POINTS or value <= self.largest_of_last:
            return 0.0
        rise = math.log(value) - math.log(self.largest_of_last)
        return rise / self.step_sigma()

    def step_sigma(self) -> float:
        """Return the noise of positive values from one to the next; infinite before there are two.

        A loss that falls lies below its own recent median, by more at some times than at others, which widens
        its deviations; its steps stay as they are.
        """
        steps = sorted(abs(later - earlier) for earlier, later in pairwise(map(math.log, self._calm)))
        if not steps:
            return math.inf
        # The median and the 90 % quantile of the absolute value of normal noise, and a step has that of two.
        sigma = max(steps[len(steps) >> 1] / 0.6745, steps[9 * len(steps) // 10] / 1.645) / math.sqrt(2.0)
        return max(sigma, _LEAST_SPREAD)

    def measure(self, value: float) -> None:
        """Compare a finite value with what is usual."""
        if self.positive and value <= 0.0:
            self._become_linear()
        if not self._recent.values:
            self.deviation, self.ratio, self._sigma = 0.0, 1.0, math.inf
            return
        self.median = median = self._recent.median
        if self.positive:
            self.ratio = ratio = value / median
            # A ratio of two numbers of ordinary size; of others it may be zero or infinite.
            normal = 0.0 < ratio < math.inf
            deviation = math.log(ratio) if normal else math.log(value) - math.log(median)
            self._least = _LEAST_SPREAD
        else:
            deviation = value - median
            scale = abs(median) or max(abs(self._recent.smallest), abs(self._recent.largest))
            self.ratio = 1.0 + deviation / scale if scale else 1.0
            self._least = _LEAST_SPREAD * scale or math.inf
        self.deviation = deviation
        self._sigma = None

    def absorb(self, value: float) -> None:
        """Let the measured value become part of what is usual, unless it is an outlier."""
        self.count += 1
        if self.count > WARM_UP_POINTS and self.ratio > _OUTLIER_RATIO and self._is_outlier():
            self._outliers += 1
            if self._outliers < _MOST_OUTLIERS:
                return
            self._recent.clear()
        elif self.count > 1 and math.isfinite(self.deviation):
            self._deviations.push(self.deviation)
        self.ready = self.count >= WARM_UP_POINTS
        self._outliers = 0
        self._recent.push(value)
        self._calm.append(value)
        self.last = value

    def _is_outlier(self) -> bool:
        sigmas = _BACK_SIGMAS if self._outliers else _OUTLIER_SIGMAS
        return self.deviation > sigmas * self.sigma or self.alone

    def _become_linear(self) -> None:
        """Start over with differences: the logarithms so far say nothing about values below zero."""
        self.positive = self.ready = False
        self.count = 0
        self._recent.clear()
        self._deviations.clear()
        self._calm.clear()
        self.last = math.inf
