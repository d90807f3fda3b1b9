"""Losses and speeds that became much less steady than they were."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, groups
from tuimon.analysis.findings.loss import LossRule
from tuimon.analysis.findings.naming import spoken
from tuimon.analysis.findings.speed import SpeedRule
from tuimon.core.frozen import frozen

_UNREST = 1.5
_SQRT_2 = math.sqrt(2.0)


class Unrest:
    """The size of deviations now and usually, as two exponential means of their absolute values.

    One deviation counts as eight times the usual size at most, so that a single spike is no unrest.

    Args:
        now_points: How many points the short mean reaches back.
        usual_points: How many the long one does.
    """

    __slots__ = ("_last", "_now_points", "_rises", "_usual_points", "count", "flips", "now", "usual")

    def __init__(self, now_points: int, usual_points: int) -> None:
        self._now_points, self._usual_points = now_points, usual_points
        self.count = 0
        self.now = self.usual = 0.0
        self.flips = 0.5
        self._last = math.nan
        self._rises = False

    def extend(self, logs: Sequence[float]) -> None:
        """Add the logarithms of some points, of which each is compared with the one before it.

        What falls or rises is thus no less even.
        """
        now, usual, flips, count, last = self.now, self.usual, self.flips, self.count, self._last
        now_points, usual_points, rises, before = self._now_points, self._usual_points, self._rises, last
        for log in logs:
            deviation, before = (log - before) / _SQRT_2, log
            if deviation != deviation:  # noqa: PLR0124 - the first one has none before it
                continue
            count += 1
            size, reach = abs(deviation), now_points
            if count <= now_points:
                reach = count
            elif size > 8.0 * usual:
                size = 8.0 * usual
            now += (size - now) / reach
            # Unrest becomes usual, too, but only if it lasts for long.
            points = usual_points if now < _UNREST * usual else 4 * usual_points
            usual += (size - usual) / min(points, count)
            if (deviation > 0.0) is not rises:
                rises = not rises
                flips += 1.0 / now_points
            flips -= flips / now_points
        self.now, self.usual, self.flips, self.count = now, usual, flips, count
        self._last, self._rises = before, rises


@frozen
class LossOscillationLimits:
    """Defaults of `loss_oscillation` (own choice).

    Attributes:
        ratio: Losses differ from one to the next by so many times as much as they usually do ...
        share: ... and by this share ...
        flips: ... and this share of the changes has another sign than the one before.
        now_points: How many points "now" reaches back.
        usual_points: How many "usually" reaches back: a run with batches of one example always was uneven.
        least_points: Before so many points nothing is said.
        hold: Points in a row, which are looked at four at a time.
        clear: Calm points in a row after which it is over.
        calm_ratio: Below this multiple a point is calm.
    """

    ratio: float = 2.5
    share: float = 0.05
    flips: float = 0.35
    now_points: int = 24
    usual_points: int = 256
    least_points: int = 128
    hold: int = 16
    clear: int = 32
    calm_ratio: float = 1.5


class LossOscillation(LossRule[LossOscillationLimits]):
    """A loss that swings up and down far more than it used to."""

    name = "loss_oscillation"
    severity = Severity.WARNING
    causes = (
        "learning rate too high for this part of the run",
        "a batch that became smaller, or examples that differ more",
        "momentum or Adam's beta2 too high or too low",
    )
    remedies = (
        "Lower the learning rate, or let it decay earlier.",
        "Use a larger batch, or accumulate gradients.",
        "Clip the gradient norm to 1.0.",
    )

    def prepare(self) -> None:
        """Start without deviations."""
        super().prepare()
        self._alarm = Alarm(self, groups(self.limits.hold), groups(self.limits.clear))
        self._unrest = Unrest(self.limits.now_points, self.limits.usual_points)

    def points(self, values: Sequence[float]) -> None:
        """Look at some losses."""
        history, limits, unrest = self.history, self.limits, self._unrest
        if not history.positive or not history.ready:
            return
        unrest.extend([math.log(value) for value in values])
        if unrest.count < limits.least_points or self.run.undirected:
            return
        swings = unrest.now > limits.ratio * unrest.usual and unrest.flips > limits.flips
        if swings and unrest.now > limits.share:
            self._alarm.hit(self._describe)
        elif self._alarm.awake:
            self._alarm.miss(calm=unrest.now < limits.calm_ratio * unrest.usual)

    def _describe(self) -> Evidence:
        now, usual = 100.0 * self._unrest.now, 100.0 * self._unrest.usual
        return Evidence(
            value=self._unrest.now,
            usual=self._unrest.usual,
            message=f"{spoken(self.series)} swings by {now:.0f} % from point to point (usual: {usual:.1f} %)",
        )


@frozen
class SpeedUnstableLimits:
    """Defaults of `speed_unstable` (own choice).

    Attributes:
        ratio: Step times differ from one to the next by so many times as much as they usually do ...
        share: ... and this share of the step time.
        now_points: How many points "now" reaches back.
        usual_points: How many "usually" reaches back: examples of many lengths always were uneven.
        least_points: Before so many points nothing is said.
        skipped: First points after a start that are left out.
        hold: Points in a row, which are looked at four at a time.
        clear: Calm points in a row after which it is over.
        calm_ratio: Below this multiple a point is calm.
    """

    ratio: float = 2.5
    share: float = 0.15
    now_points: int = 32
    usual_points: int = 256
    least_points: int = 128
    skipped: int = 5
    hold: int = 16
    clear: int = 32
    calm_ratio: float = 1.5


class SpeedUnstable(SpeedRule[SpeedUnstableLimits]):
    """Steps that take much less even times than they used to."""

    name = "speed_unstable"
    severity = Severity.INFO
    causes = (
        "loading of examples that keeps up only now and then",
        "storage or a network that is shared with others",
        "another job on the same machine",
    )
    remedies = (
        "Raise num_workers and prefetch_factor.",
        "Stage the examples on a local disk.",
        "Look at who else uses the machine.",
    )

    def prepare(self) -> None:
        """Start without deviations."""
        self._alarm = Alarm(self, groups(self.limits.hold), groups(self.limits.clear))
        super().prepare()

    def forget(self) -> None:
        """Start over."""
        self._alarm.resolve()
        self._unrest = Unrest(self.limits.now_points, self.limits.usual_points)

    def take_group(self, logs: Sequence[float], before: int) -> None:
        """Look at the logarithms of the seconds of a few steps."""
        limits, unrest = self.limits, self._unrest
        if before < limits.skipped:
            logs = logs[limits.skipped - before :]
        unrest.extend(logs)
        if unrest.count < limits.least_points:
            return
        if unrest.now > limits.ratio * unrest.usual and unrest.now > limits.share:
            self._alarm.hit(self._describe)
        elif self._alarm.awake:
            self._alarm.miss(calm=unrest.now < limits.calm_ratio * unrest.usual)

    def _describe(self) -> Evidence:
        now, usual = 100.0 * self._unrest.now, 100.0 * self._unrest.usual
        return Evidence(
            value=self._unrest.now,
            usual=self._unrest.usual,
            message=f"step times vary by {now:.0f} % (usual: {usual:.0f} %)",
        )
