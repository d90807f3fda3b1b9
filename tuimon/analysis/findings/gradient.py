"""Gradient norms that explode or vanish, measured by their own history."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Sequence

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, groups
from tuimon.analysis.findings.naming import times
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value

# Norms beyond these take part in a slow mean as if they were the smallest or the largest.
_LEAST_NORM, _MOST_NORM = 1e-30, 1e30


@frozen
class GradExplosionLimits:
    """Defaults of `grad_explosion`.

    Healthy runs with a natural norm of 500 exist, so 100 alone says nothing.

    Attributes:
        ratio: Times its median over the last 128 points (own choice).
        sigmas: Least distance in robust sigmas (ZClip works with fewer, but clips; a finding is read).
        hits: So many of the last `window` points.
        window: See `hits`.
        single_ratio: From this multiple on one point is enough.
        norm: Above this norm, `norm_ratio` times the median is enough.
        norm_ratio: See `norm`.
        clear: Calm points in a row after which it is over.
        calm_ratio: Below this multiple of the median a point is calm.
        literal: Any norm above `norm` counts.
    """

    ratio: float = 8.0
    sigmas: float = 6.0
    hits: int = 2
    window: int = 3
    single_ratio: float = 25.0
    norm: float = 100.0
    norm_ratio: float = 5.0
    clear: int = 15
    calm_ratio: float = 4.0
    literal: bool = False


class GradExplosion(Rule[GradExplosionLimits]):
    """A gradient norm far above its own history."""

    name = "grad_explosion"
    severity = Severity.WARNING
    roles = frozenset({Role.GRAD_NORM})
    causes = (
        "learning rate too high",
        "a deep network without normalisation or residual paths",
        "initial weights too large",
        "a loss scale that is too high",
    )
    remedies = (
        "Clip the gradient norm to 1.0.",
        "Lower the learning rate, or lengthen the warm-up.",
        "Check the initial weights and the residual paths.",
        "Check the loss scale of mixed precision.",
    )

    def prepare(self) -> None:
        """Start with what is usual for this series."""
        self.history = self.run.history(self.series)
        self._alarm = Alarm(self, clear=self.limits.clear)
        self._recent: deque[bool] = deque(maxlen=self.limits.window)

    def point(self, value: float) -> None:
        """Look at a gradient norm."""
        history, limits = self.history, self.limits
        if limits.literal and value > limits.norm:
            self._alarm.hit(lambda: self._describe(value))
        elif history.ready and history.positive:
            self._compare(value)

    def _compare(self, value: float) -> None:
        history, limits = self.history, self.limits
        ratio = history.ratio
        far = ratio > limits.ratio and history.score > limits.sigmas
        large = value > limits.norm and ratio > limits.norm_ratio and history.score > limits.sigmas
        self._recent.append(far or large)
        if (far or large) and (
            ratio > limits.single_ratio or self._alarm.is_open or sum(self._recent) >= limits.hits
        ):
            self._alarm.hit(lambda: self._describe(value))
        elif self._alarm.awake:
            self._alarm.miss(calm=ratio < limits.calm_ratio)

    def _describe(self, value: float) -> Evidence:
        median = self.history.median
        loss_suffers = self.ledger.is_open("nan_inf", "loss_spike", "loss_surge", "divergence")
        return Evidence(
            value=value,
            usual=median,
            message=f"gradient norm {format_value(value)}, {times(value, median)} its median "
            f"{format_value(median)}",
            severity=Severity.CRITICAL if loss_suffers else None,
        )


@frozen
class GradVanishingLimits:
    """Defaults of `grad_vanishing`.

    Attributes:
        median_points: The median over so many points is compared.
        norm: It must lie below this norm ...
        share: ... and below this share of its slow mean, so that a naturally small norm is left alone.
        floor: Or below this norm whatever it was before (SageMaker Debugger).
        memory_points: How many points the slow mean reaches back.
        hold: Points in a row, which are looked at four at a time.
        clear: Calm points in a row after which it is over.
        literal: Any norm below `norm` counts.
    """

    median_points: int = 8
    norm: float = 0.01
    share: float = 0.1
    floor: float = 1e-7
    memory_points: int = 100
    hold: int = 3
    clear: int = 20
    literal: bool = False


class GradVanishing(Rule[GradVanishingLimits]):
    """A gradient norm that fell to nearly nothing."""

    name = "grad_vanishing"
    severity = Severity.WARNING
    roles = frozenset({Role.GRAD_NORM})
    causes = (
        "saturated or dead units",
        "layers that are frozen or cut off from the loss",
        "a deep network without residual paths",
        "a loss scale that lets small gradients underflow",
    )
    remedies = (
        "Check which parameters require gradients and whether the optimiser has them.",
        "Use residual paths, normalisation and another initialisation.",
        "Check the loss scale of mixed precision, or train in bf16.",
    )

    def prepare(self) -> None:
        """Start without a slow mean."""
        self._alarm = Alarm(self, groups(self.limits.hold), groups(self.limits.clear))
        self.history = self.run.history(self.series)
        self._last: deque[float] = deque(maxlen=self.limits.median_points)
        self._small = max(self.limits.norm, self.limits.floor)
        self._small_until = 0
        self._slow_log = math.nan
        self._count = 0

    def points(self, values: Sequence[float]) -> None:
        """Look at some gradient norms."""
        limits, least = self.limits, min(values)
        if least < 0.0:
            return
        self._count += len(values)
        self._last.extend(values)
        if least < self._small:
            self._small_until = self._count + limits.median_points
        if self._count >= self._small_until and not self._alarm.is_open:
            # No small norm among the last ones: nothing to look at.
            if self._alarm.awake:
                self._alarm.miss()
        elif self.history.ready and len(self._last) == limits.median_points:
            median = statistics.median(self._last)
            slow = math.exp(self._slow_log)
            relative = limits.literal or median < limits.share * slow
            if median < limits.floor or (median < limits.norm and relative):
                self._alarm.hit(lambda: self._describe(median, slow))
                return
            self._alarm.miss(calm=median > 2 * limits.share * slow)
        if least < _LEAST_NORM or max(values) > _MOST_NORM:
            values = [min(max(value, _LEAST_NORM), _MOST_NORM) for value in values]
        self._remember(math.fsum(map(math.log, values)) / len(values), len(values))

    def _remember(self, log: float, points: int) -> None:
        """Let a mean of some points into the slow mean, in which the first ones count equally."""
        known = min(self._count, max(points, self.limits.memory_points))
        slow = log if known == points else self._slow_log
        self._slow_log = slow + (log - slow) * points / known

    def _describe(self, median: float, slow: float) -> Evidence:
        return Evidence(
            value=median,
            usual=slow,
            message=f"gradient norm {format_value(median)}, was {format_value(slow)}",
        )
