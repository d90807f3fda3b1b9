"""Training that became slower, or uneven."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import ClassVar, TypeVar

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, groups
from tuimon.analysis.findings.naming import times
from tuimon.analysis.findings.speed_source import SPEED_ROLES, SpeedSource
from tuimon.analysis.findings.windows import DelayedWindow, SortedWindow
from tuimon.core.frozen import frozen

LimitsT = TypeVar("LimitsT")
_RECENT_STEPS = 8
_CAUSES_BY_RULE = {
    "dataloader_bottleneck": "the GPUs wait for examples (see dataloader_bottleneck)",
    "thermal_throttle": "a GPU is throttled by heat (see thermal_throttle)",
    "step_time_outlier": "single steps that stall (see step_time_outlier)",
}


class SpeedRule(Rule[LimitsT]):
    """A rule about the time that steps take, which `SpeedSource` tells it.

    Attributes:
        source: Where that is read from.
    """

    severity = Severity.WARNING
    roles = SPEED_ROLES
    per_series = False
    by_groups: ClassVar[bool] = True
    source: SpeedSource

    def prepare(self) -> None:
        """Start without a speed."""
        self.forget()

    def forget(self) -> None:
        """Start over: the source, or the machine, is another one."""

    def take(self, log: float) -> None:
        """Look at the logarithm of the seconds per step, as `SpeedListener` says."""

    def take_group(self, logs: Sequence[float], before: int) -> None:
        """Look at several such logarithms at once, as `SpeedListener` says."""


@frozen
class ThroughputDropLimits:
    """Defaults of `throughput_drop`.

    Attributes:
        slowdown: Times the usual seconds per step (NVRx: below 0.75 of the own best is 1.33 times).
        sigmas: Least distance of the logarithm in robust sigmas of single steps: the median of 12 has a
            standard error of 0.36 of them, of which this is 4.4 (own choice).
        median_points: The median of so many points is compared.
        usual_points: With the median of so many before, of which every second one tells enough.
        hold: Points in a row, which are looked at four at a time.
        least_points: Before so many points only possible drops are found ...
        possible_points: ... and before so many none.
        possible_slowdown: What `slowdown` is for them.
        skipped: First points after a start that are left out (NVRx leaves out five).
        calm_slowdown: Below this multiple a point is calm.
        clear: Calm points in a row after which it is over.
    """

    slowdown: float = 1.28
    sigmas: float = 1.6
    median_points: int = 12
    usual_points: int = 128
    hold: int = 8
    least_points: int = 40
    possible_points: int = 25
    possible_slowdown: float = 2.0
    skipped: int = 5
    calm_slowdown: float = 1.15
    clear: int = 12


class ThroughputDrop(SpeedRule[ThroughputDropLimits]):
    """Steps that take longer than they used to, pauses left out."""

    name = "throughput_drop"
    causes = (
        "loading of examples",
        "another job on the same machine",
        "a GPU that throttles",
        "slow communication between GPUs, or uneven shards",
    )
    remedies = (
        "Raise num_workers and prefetch_factor, and set pin_memory.",
        "Look at temperature, clocks, CPU and disk, and at who else uses the machine.",
        "Look for longer sequences or larger batches since then.",
    )

    def prepare(self) -> None:
        """Start without a slowdown."""
        limits = self.limits
        self._alarm = Alarm(self, groups(limits.hold), groups(limits.clear))
        self._log_slowdown, self._log_calm = math.log(limits.slowdown), math.log(limits.calm_slowdown)
        self._log_possible = math.log(limits.possible_slowdown)
        super().prepare()

    def forget(self) -> None:
        """Start over."""
        self._alarm.resolve()
        self._recent: deque[float] = deque(maxlen=self.limits.median_points)
        # The points that are judged are not yet part of what is usual.
        self._usual = DelayedWindow(self.limits.usual_points // 2, self.limits.median_points // 2)

    def take_group(self, logs: Sequence[float], before: int) -> None:
        """Look at the logarithms of the seconds of a few steps."""
        limits, count = self.limits, before + len(logs)
        if before < limits.skipped:
            logs = logs[limits.skipped - before :]
        recent, usual = self._recent, self._usual.window
        recent.extend(logs)
        if count >= limits.possible_points and usual.values:
            few = count < limits.least_points
            least = self._log_possible if few else self._log_slowdown
            # Medians lie no further apart than the slowest of the last steps and the fastest of those before.
            if self._alarm.awake or max(recent) - usual.values[0] > least:
                self._judge(median(recent) - usual.median, least, few=few)
        if not self._alarm.is_open:
            for log in logs[::2]:
                self._usual.push(log)

    def _judge(self, excess: float, least: float, *, few: bool) -> None:
        if excess > least and excess > self.limits.sigmas * _spread(self._usual.window):
            (self._alarm.suspect if few else self._alarm.hit)(self._describe)
        elif not few and self._alarm.awake:
            self._alarm.miss(calm=excess < self._log_calm)

    def _describe(self) -> Evidence:
        recent, usual = math.exp(median(self._recent)), math.exp(self._usual.window.median)
        was = self.source.spoken(usual).removeprefix("throughput ").removeprefix("step time ")
        message = f"{self.source.spoken(recent)}, was {was} ({times(recent, usual, 1)} slower)"
        if self.source.inverted:
            recent, usual = 1.0 / recent, 1.0 / usual
        return Evidence(value=recent, usual=usual, message=message, causes=self._known_causes())

    def _known_causes(self) -> tuple[str, ...]:
        """Name what is open already and would explain it."""
        return tuple(cause for rule, cause in _CAUSES_BY_RULE.items() if self.ledger.is_open(rule))


@frozen
class StepTimeOutlierLimits:
    """Defaults of `step_time_outlier` (SageMaker Debugger: ten beyond 3 to 5 sigma; numbers: own choice).

    Attributes:
        factor: Times the median of the last `window` steps ...
        sigmas: ... and so many robust sigmas of the logarithm above it, for steps that always vary.
        outliers: So many of them ...
        window: ... among so many steps.
        sparse: The median of the last eight steps must stay below this multiple of the usual one. If all
            steps are slower, `throughput_drop` says it.
        evenness: If their distances differ by less than this share, they are checkpoints.
        least_points: Before so many points nothing is said.
        skipped: First points after a start that are left out.
        clear: Points in a row without another one after which it is over.
    """

    factor: float = 3.0
    sigmas: float = 4.0
    outliers: int = 4
    window: int = 64
    sparse: float = 1.5
    evenness: float = 0.2
    least_points: int = 25
    skipped: int = 5
    clear: int = 80


class StepTimeOutlier(SpeedRule[StepTimeOutlierLimits]):
    """Single steps, again and again and at no fixed distance, that take several times as long."""

    name = "step_time_outlier"
    by_groups = False
    causes = (
        "one rank or node that is slower than the others (a straggler)",
        "a storage or network that stalls now and then",
        "examples of very different lengths",
        "another job on the same machine",
    )
    remedies = (
        "Compare the step times of the ranks, and take the slow node out.",
        "Raise num_workers and prefetch_factor, and stage the examples on a local disk.",
        "Sort examples into batches of similar length.",
    )

    def prepare(self) -> None:
        """Start without an outlier."""
        self._alarm = Alarm(self, clear=self.limits.clear)
        self._log_factor = math.log(self.limits.factor)
        self._log_sparse = math.log(self.limits.sparse)
        super().prepare()

    def forget(self) -> None:
        """Start over."""
        self._alarm.resolve()
        self._count = 0
        self._last: deque[float] = deque(maxlen=self.limits.window)
        self._fastest = math.inf
        self._outliers: deque[int] = deque()

    def take(self, log: float) -> None:
        """Look at the logarithm of the seconds per step."""
        self._count = count = self._count + 1
        if count <= self.limits.skipped:
            return
        if log < self._fastest:
            self._fastest = log
        # What is no outlier beside the fastest of the last steps is none beside the usual one.
        elif log > self._fastest + self._log_factor and self._look(log, count):
            return
        self._last.append(log)
        if self._alarm.awake:
            self._alarm.miss()

    def _look(self, log: float, count: int) -> bool:
        """Return whether a slow step is one outlier too many."""
        limits, outliers = self.limits, self._outliers
        window = SortedWindow(limits.window, self._last)
        usual, self._fastest = window.median, window.smallest
        if log <= self._limit(window, usual):
            return False
        outliers.append(count)
        while outliers[0] <= count - limits.window:
            outliers.popleft()
        sparse = median([*self._last, log][-_RECENT_STEPS:]) < usual + self._log_sparse
        if count < limits.least_points or not sparse or not self._irregular():
            return False
        self._last.append(log)
        self._alarm.hit(lambda: self._describe(math.exp(log), math.exp(usual)))
        return True

    def _limit(self, window: SortedWindow, usual: float) -> float:
        """Return the logarithm from which on a step is an outlier."""
        # Up to a quarter of the steps may be outliers, which these quantiles do not feel.
        below, above = window.quantile(0.25), window.quantile(0.7)
        sigma = max((usual - below) / 0.6745, (above - usual) / 0.5244)
        return usual + max(self._log_factor, self.limits.sigmas * sigma)

    def _irregular(self) -> bool:
        if len(self._outliers) < self.limits.outliers:
            return False
        return not _evenly_spaced(self._outliers, self.limits.evenness)

    def _describe(self, slowness: float, usual: float) -> Evidence:
        message = f"{len(self._outliers)} of the last {self.limits.window} steps took more than "
        message += f"{self.limits.factor:.0f}x the usual time (usual: {self.source.spoken(usual)})"
        if self.source.inverted:
            slowness, usual = 1.0 / slowness, 1.0 / usual
        return Evidence(value=slowness, usual=usual, message=message)


def _evenly_spaced(positions: Sequence[int], evenness: float) -> bool:
    gaps = [later - earlier for earlier, later in pairwise(positions)]
    middle = median(gaps)
    return all(abs(gap - middle) <= max(1.0, evenness * middle) for gap in gaps)


def _spread(window: SortedWindow) -> float:
    return (window.quantile(0.75) - window.quantile(0.25)) / 1.349
