"""Training losses that jump, and those that rise and stay up."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, groups
from tuimon.analysis.findings.history import JUMP_POINTS
from tuimon.analysis.findings.naming import spoken, times
from tuimon.analysis.findings.windows import MovingMinimum
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value

LimitsT = TypeVar("LimitsT")


class LossRule(Rule[LimitsT]):
    """A rule that holds a training loss against what is usual for it."""

    roles = frozenset({Role.LOSS})
    causes: ClassVar[tuple[str, ...]] = (
        "a bad batch",
        "learning rate too high, or no warm-up",
        "Adam's epsilon or beta2",
        "overflow in fp16 or fp8",
    )

    def prepare(self) -> None:
        """Take hold of what is usual for this series."""
        self.history = self.run.history(self.series)


@frozen
class LossSpikeLimits:
    """Defaults of `loss_spike`.

    Attributes:
        sigmas: Distance from the recent median in robust sigmas (6 to 7: OLMo) ...
        sigmas_alone: ... of a single point; a smaller one must last: the next point is not calm either. Noise
            with heavy tails has single points beyond six sigma, but not two in a row.
        beyond_alone: Or it is so many times the largest deviation among the last 128.
        sigmas_jump: Or so many sigmas of the noise from one point to the next above each of the last three
            points (6 to 7: OLMo): a loss that falls, at the start or after a warm restart, deviates from its
            median without being noisy.
        rise: Least rise over the recent median, or over each of the last three points, as a share (own
            choice).
        beyond: Least multiple of the largest deviation among the last 128 (own choice).
        calm_sigmas: Below this a point is calm.
        clear: Calm points in a row after which it is over.
        possible_points: From so many points on, clear evidence is a possible spike.
        possible_beyond: What `beyond` is for it.
        possible_rise: What `rise` is for it.
    """

    sigmas: float = 6.0
    sigmas_alone: float = 7.0
    beyond_alone: float = 3.0
    sigmas_jump: float = 7.0
    rise: float = 0.08
    beyond: float = 1.2
    calm_sigmas: float = 3.0
    clear: int = 6
    possible_points: int = 12
    possible_beyond: float = 2.5
    possible_rise: float = 1.0


class LossSpike(LossRule[LossSpikeLimits]):
    """A loss far above its recent median, measured by its own noise."""

    name = "loss_spike"
    severity = Severity.WARNING
    remedies = (
        "Watch the next 50 steps: a loss that returns can be left alone.",
        "If it does not return, go back about 100 steps and skip the next 200 to 500 batches.",
        "Lower the peak learning rate, or lengthen the warm-up.",
        "Clip the gradient norm to 1.0.",
    )

    def prepare(self) -> None:
        """Start without a spike."""
        super().prepare()
        self._alarm = Alarm(self, clear=self.limits.clear)
        self._was_high = False

    def point(self, value: float) -> None:
        """Look at a loss."""
        history, limits = self.history, self.limits
        rise = history.ratio - 1.0
        if not history.ready:
            early = history.count >= limits.possible_points and rise > limits.possible_rise
            early = early and history.score > limits.calm_sigmas
            if early and history.deviation > limits.possible_beyond * history.largest_deviation:
                self._alarm.suspect(lambda: self._describe(value))
            return
        was_high = self._was_high
        rises = rise > limits.rise and history.score > limits.calm_sigmas
        self._was_high = rises and self._is_high()
        if rises and (was_high or (self._was_high and self._is_clear())):
            self._alarm.hit(lambda: self._describe(value))
        elif rise > 0.0 and value > (1.0 + limits.rise) * history.last and self._jumps(value):
            self._was_high = True
            self._alarm.hit(lambda: self._describe_jump(value))
        elif self._alarm.awake:
            self._alarm.miss(calm=history.score < limits.calm_sigmas)

    def _is_high(self) -> bool:
        """Return whether a loss that rises lies above all that is usual."""
        history, limits = self.history, self.limits
        beyond = history.deviation > limits.beyond * history.largest_deviation
        return (beyond and history.score > limits.sigmas) or history.alone

    def _is_clear(self) -> bool:
        """Return whether a single high loss is enough."""
        history, limits = self.history, self.limits
        if history.score > limits.sigmas_alone or self._alarm.is_open:
            return True
        return history.deviation > limits.beyond_alone * history.largest_deviation

    def _jumps(self, value: float) -> bool:
        """Return whether a loss lies far above those just before it, however the loss moved before them."""
        history, limits = self.history, self.limits
        if self._alarm.is_open or history.deviation <= limits.beyond * history.largest_deviation:
            return False
        # What came before a restart was another stretch of the curve.
        if (
            self.run.lines_since_start <= JUMP_POINTS
            or value <= (1.0 + limits.rise) * history.largest_of_last
        ):
            return False
        return history.jump_score(value) > limits.sigmas_jump

    def _describe(self, value: float) -> Evidence:
        median = self.history.median
        return Evidence(
            value=value,
            usual=median,
            message=f"{spoken(self.series)} {format_value(value)} is {self.history.score:.0f} sigma above "
            f"its recent median {format_value(median)}",
        )

    def _describe_jump(self, value: float) -> Evidence:
        last = self.history.largest_of_last
        return Evidence(
            value=value,
            usual=last,
            message=f"{spoken(self.series)} {format_value(value)} is "
            f"{self.history.jump_score(value):.0f} sigma above the points before it "
            f"({format_value(last)} and lower)",
        )


@frozen
class LossSurgeLimits:
    """Defaults of `loss_surge`.

    Attributes:
        factor: Times the recent median (llm-foundry's KillLossSpike: 2).
        hits: So many of the last `window` points.
        window: See `hits`.
        sigmas: Least distance in robust sigmas, so that a batch of one example does not surge all the time
            (own choice).
        sigmas_step: Or so many sigmas of the noise from one point to the next (6 to 7: OLMo): what falls and
            then rises, as the loss of a short run that diverges, widens its deviations by itself.
        calm_factor: Below this multiple of the recent median a point is calm.
        clear: Calm points in a row after which it is over.
        literal: Compare with the point before instead: any doubling counts.
    """

    factor: float = 2.0
    hits: int = 3
    window: int = 5
    sigmas: float = 3.0
    sigmas_step: float = 6.0
    calm_factor: float = 1.3
    clear: int = 6
    literal: bool = False


class LossSurge(LossRule[LossSurgeLimits]):
    """A loss at twice its recent median and more, several times in a row."""

    name = "loss_surge"
    severity = Severity.WARNING
    remedies = LossSpike.remedies

    def prepare(self) -> None:
        """Start without a surge."""
        super().prepare()
        self._alarm = Alarm(self, clear=self.limits.clear)
        self._recent: deque[bool] = deque(maxlen=self.limits.window)
        self._last = math.nan

    def point(self, value: float) -> None:
        """Look at a loss."""
        history, limits = self.history, self.limits
        if not history.positive:
            return
        if limits.literal:
            self._compare_with_last(value)
            return
        if not history.ready:
            return
        high = history.ratio > limits.factor and (
            history.score > limits.sigmas or history.deviation > limits.sigmas_step * history.step_sigma()
        )
        self._recent.append(high)
        if not high and not self._alarm.is_open:
            return
        if high and (self._alarm.is_open or sum(self._recent) >= limits.hits):
            self._alarm.hit(lambda: self._describe(value, history.median))
        else:
            self._alarm.miss(calm=history.ratio < limits.calm_factor)

    def _compare_with_last(self, value: float) -> None:
        last, self._last = self._last, value
        if value > self.limits.factor * last:
            self._alarm.hit(lambda: self._describe(value, last))
        else:
            self._alarm.miss()

    def _describe(self, value: float, usual: float) -> Evidence:
        return Evidence(
            value=value,
            usual=usual,
            message=f"{spoken(self.series)} {format_value(value)} is {times(value, usual, 1)} its "
            f"{'last value' if self.limits.literal else 'recent median'} {format_value(usual)}",
        )


@frozen
class DivergenceLimits:
    """Defaults of `divergence` (severity and persistence: K2-V2; the numbers are our own choice).

    Attributes:
        factor: Median of the last points over the best such median.
        median_points: How many points that median is over.
        best_points: How far back the best is looked for.
        point_factor: So much above the best must `most_points` of the last points lie.
        most_points: See `point_factor`.
        sigmas: Least distance in robust sigmas.
        hold: Points in a row that it must last, which are looked at four at a time.
        least_points: Before so many points nothing is said.
        calm_factor: Below this multiple of the best a point is calm.
    """

    factor: float = 1.5
    median_points: int = 15
    best_points: int = 200
    point_factor: float = 1.3
    most_points: int = 13
    sigmas: float = 1.8
    hold: int = 15
    least_points: int = 40
    calm_factor: float = 1.2


class Divergence(LossRule[DivergenceLimits]):
    """A loss that rose well above its recent best and stayed there."""

    name = "divergence"
    severity = Severity.CRITICAL
    causes = (
        "learning rate too high, or no warm-up",
        "the gradient norm rose first",
        "a bad stretch of examples",
        "overflow in fp16 or fp8",
    )
    remedies = (
        "Stop, and go back to a checkpoint from before the rise.",
        "Lower the peak learning rate by 10 to 30 %, and lengthen the warm-up.",
        "Clip the gradient norm to 1.0.",
    )

    def prepare(self) -> None:
        """Start without a best."""
        super().prepare()
        self._alarm = Alarm(self, groups(self.limits.hold))
        self._last: deque[float] = deque(maxlen=self.limits.median_points)
        self._best = MovingMinimum(groups(self.limits.best_points))

    def points(self, values: Sequence[float]) -> None:
        """Look at some losses."""
        limits, last = self.limits, self._last
        if not self.history.positive or self.run.undirected:
            return
        last.extend(values)
        if len(last) < limits.median_points:
            return
        median = statistics.median(last)
        best = self._best.push(median)
        if self.history.count < limits.least_points:
            return
        risen = median > limits.factor * best and math.log(median / best) > limits.sigmas * self.history.sigma
        if risen and sum(value > limits.point_factor * best for value in last) >= limits.most_points:
            self._alarm.hit(lambda: self._describe(median, best))
        elif self._alarm.awake:
            self._alarm.miss(calm=median < limits.calm_factor * best)

    def _describe(self, median: float, best: float) -> Evidence:
        return Evidence(
            value=median,
            usual=best,
            message=f"{spoken(self.series)} has stayed {times(median, best, 1)} above its recent best "
            f"{format_value(best)} for {self.limits.hold} points",
        )
