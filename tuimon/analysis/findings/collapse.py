"""Metrics that should rise and collapse."""

from __future__ import annotations

import math

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.analysis.findings.naming import spoken
from tuimon.analysis.findings.windows import SortedWindow
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, is_evaluation
from tuimon.core.units import format_value


@frozen
class MetricCollapseLimits:
    """Defaults of `metric_collapse` (own choice).

    Attributes:
        of_range: Share of its range by which the median fell from its best ...
        noises: ... in multiples of the noise of differences ...
        of_value: ... and as a share of its best value.
        median_points: The median is over so many points ...
        median_evals: ... or so many evaluations.
        least_points: Before so many points nothing is said ...
        least_evals: ... or so many evaluations.
        hold: Points in a row ...
        hold_evals: ... or evaluations.
        critical: From this share of its best value on it is critical, below it a warning.
        recovered: Once this share of the fall is made up for, it is over.
    """

    of_range: float = 0.25
    noises: float = 3.5
    of_value: float = 0.1
    median_points: int = 9
    median_evals: int = 3
    least_points: int = 60
    least_evals: int = 6
    hold: int = 4
    hold_evals: int = 2
    recovered: float = 0.5
    critical: float = 0.25


class MetricCollapse(Rule[MetricCollapseLimits]):
    """An accuracy or a reward that lost much of what it had gained."""

    name = "metric_collapse"
    severity = Severity.CRITICAL
    roles = frozenset({Role.ACCURACY, Role.EVAL_ACCURACY, Role.REWARD})
    causes = (
        "the policy collapsed: an update that was too large, or entropy that ran out",
        "learning rate too high",
        "the distribution of examples changed",
        "labels or the metric itself broke",
    )
    remedies = (
        "Go back to the best checkpoint.",
        "Raise the coefficient of KL or entropy, or clip updates more tightly.",
        "Lower the learning rate.",
    )

    def prepare(self) -> None:
        """Start without a best."""
        limits, rare = self.limits, is_evaluation(self.series)
        self._alarm = Alarm(self, limits.hold_evals if rare else limits.hold, clear=2)
        self._least = limits.least_evals if rare else limits.least_points
        self._window = SortedWindow(limits.median_evals if rare else limits.median_points)
        self._differences = SortedWindow(64)
        self._last = math.nan
        self._count = 0
        self._best, self._lowest = -math.inf, math.inf
        self._deepest = 0.0
        self._restarts = 0

    def point(self, value: float) -> None:
        """Look at the metric."""
        if self.run.restarts != self._restarts:
            self._begin_again()
        self._count += 1
        if self._count > 1:
            self._differences.push(abs(value - self._last))
        self._last = value
        self._window.push(value)
        if not self._window.full:
            return
        median = self._window.median
        self._best = max(self._best, median)
        if self._count >= self._least:
            self._judge(median)
        if not self._alarm.is_open:
            self._lowest = min(self._lowest, median)

    def _begin_again(self) -> None:
        """Look for a new best: a run that was resumed at an earlier step is as good as it was there."""
        self._restarts = self.run.restarts
        self._alarm.resolve()
        self._window.clear()
        self._best = -math.inf

    def _judge(self, median: float) -> None:
        limits = self.limits
        fall = self._best - median
        # The median of |difference| of independent normal noise is 0.6745 of its sigma.
        noise = self._differences.median / 0.6745
        share_of_range = limits.of_range * (self._best - self._lowest)
        if fall > max(share_of_range, limits.noises * noise, limits.of_value * abs(self._best)):
            self._deepest = max(fall, self._deepest) if self._alarm.is_open else fall
            self._alarm.hit(lambda: self._describe(median))
        else:
            self._alarm.miss(calm=self._alarm.is_open and fall < limits.recovered * self._deepest)

    def _describe(self, median: float) -> Evidence:
        name, best = spoken(self.series), format_value(self._best)
        mild = self._best - median < self.limits.critical * abs(self._best)
        return Evidence(
            value=median,
            usual=self._best,
            severity=Severity.WARNING if mild else None,
            message=f"{name} fell to {format_value(median)} from its best {best}",
        )
