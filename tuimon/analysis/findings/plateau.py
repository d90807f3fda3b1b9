"""A training loss that does not fall although it should."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from tuimon.analysis.findings.blocks import Blocks, Change
from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence
from tuimon.analysis.findings.loss import LossRule
from tuimon.analysis.findings.naming import spoken
from tuimon.core.roles import Role
from tuimon.core.units import format_value


@dataclass(frozen=True, slots=True)
class PlateauLimits:
    """Defaults of `plateau`.

    "0.1 % in ten steps" (SageMaker Debugger) is blind to noise; here the fall must be small and known to be
    small (own choice of the numbers).

    Attributes:
        fall: Less than this share is no fall, over the second half of the run so far ...
        error: ... if its standard error is below this share, too ...
        never_fall: ... or this share, from the first quarter of the run so far to its second half ...
        never_error: ... with this standard error ...
        errors: ... and if the fall plus so many standard errors is no fall either.
        eval_gain: A fall of the evaluation loss by this share is a gain.
        share_of_peak: Below this share of its peak the learning rate explains it.
        rate_rise: A learning rate that rose by this factor explains it.
        begin: Before this share of the run nothing is said ...
        end: ... and after this one neither.
        least_points: Before so many points only possible plateaus are found ...
        possible_points: ... and before so many none.
        possible_begin: Share of the run before which there are none.
        hold: Checks in a row.
        calm_fall: A fall by this share is calm.
        literal_points: So many points in a row that do not fall, with `literal`.
        literal: Compare single points.
    """

    fall: float = 0.005
    error: float = 0.008
    never_fall: float = 0.025
    never_error: float = 0.02
    errors: float = 1.0
    eval_gain: float = 0.0025
    share_of_peak: float = 0.3
    rate_rise: float = 1.05
    begin: float = 0.12
    end: float = 0.8
    least_points: int = 150
    possible_points: int = 48
    possible_begin: float = 0.4
    hold: int = 3
    calm_fall: float = 0.01
    literal_points: int = 10
    literal: bool = False


class Plateau(LossRule[PlateauLimits]):
    """A loss that stands still in the middle of a run, at a learning rate that should move it.

    The second half of the run so far is cut into two halves, which are compared; and the first quarter is
    compared with the second half, for a loss that never fell at all.
    """

    name = "plateau"
    severity = Severity.WARNING
    causes = (
        "learning rate too low or too high",
        "parameters that are frozen, or not in the optimiser",
        "labels or inputs that are broken",
        "the optimiser does not step",
    )
    remedies = (
        "Try ten times and a tenth of the learning rate.",
        "Check which parameters require gradients: are the adapter (LoRA) or the head trainable?",
        "Check inputs and labels.",
        "Overfit one batch first: if that fails, the fault is not in the examples.",
    )

    def prepare(self) -> None:
        """Start without blocks."""
        super().prepare()
        self._alarm = Alarm(self, self.limits.hold)
        self._blocks = Blocks()
        self._count = 0
        self._since_line = 0
        self._peak_rate = 0.0
        self._recent: deque[float] = deque(maxlen=self.limits.literal_points + 1)

    def point(self, value: float) -> None:
        """Look at a loss."""
        if not math.isfinite(value) or not self.history.positive or self.run.undirected:
            return
        if self.limits.literal:
            self._compare_points(value)
            return
        self._count += 1
        rate = self.run.latest.get(Role.LEARNING_RATE, math.nan)
        self._peak_rate = max(self._peak_rate, rate)
        if self._blocks.push(math.log(value), rate) and self._count >= self.limits.possible_points:
            self._check()

    def _check(self) -> None:
        """Judge the run so far, once per complete block."""
        number = len(self._blocks.means)
        half, third_quarter = number // 2, number - number // 4
        recent = self._blocks.change(slice(half, third_quarter), slice(third_quarter, number))
        whole = self._blocks.change(slice(0, number // 4), slice(half, number))
        never_fell = self._flat(whole, self.limits.never_fall, self.limits.never_error)
        stands = self._flat(recent, self.limits.fall, self.limits.error)
        if self._explained(half):
            self._alarm.miss(calm=False)
        elif self._count < self.limits.least_points:
            begun = self.run.progress is None or self.run.progress >= self.limits.possible_begin
            if begun and never_fell:
                self._alarm.suspect(lambda: self._describe_never(whole, number))
        elif never_fell:
            self._alarm.hit(lambda: self._describe_never(whole, number))
        elif stands and self._eval_gain(half) < self.limits.eval_gain:
            self._alarm.hit(lambda: self._describe(recent, number - half))
        else:
            self._alarm.miss(calm=recent.fall > self.limits.calm_fall)

    def _flat(self, change: Change, least: float, error: float) -> bool:
        return change.error < error and change.fall + self.limits.errors * change.error < least

    def _explained(self, first_block: int) -> bool:
        """Return whether the learning rate or the place in the run explains a flat loss."""
        limits, progress = self.limits, self.run.progress
        if progress is not None and not limits.begin <= progress <= limits.end:
            return True
        rates = [rate for rate in self._blocks.rates[first_block:] if math.isfinite(rate)]
        if not rates:
            return False
        rose = any(later > limits.rate_rise * rate for rate, later in pairwise(rates))
        return rose or rates[-1] < limits.share_of_peak * self._peak_rate

    def _eval_gain(self, first_block: int) -> float:
        """Return by which share the evaluation loss fell over the blocks from `first_block` on."""
        span = (len(self._blocks.means) - first_block) * self._blocks.length
        first_line = self.run.lines - span
        losses = [value for line, value in self.run.eval_losses if line >= first_line and value > 0.0]
        if len(losses) < 2:
            return 0.0
        middle = len(losses) // 2
        return 1.0 - sum(losses[-middle:]) / sum(losses[:middle])

    def _compare_points(self, value: float) -> None:
        recent = self._recent
        recent.append(value)
        if len(recent) == recent.maxlen and min(list(recent)[1:]) >= recent[0]:
            first = recent[0]
            self._alarm.hit(
                lambda: Evidence(
                    value=value,
                    usual=first,
                    message=f"{spoken(self.series)} has not fallen below {format_value(first)} in "
                    f"{self.limits.literal_points} points",
                )
            )
        else:
            self._alarm.miss()

    def _describe(self, change: Change, blocks: int) -> Evidence:
        # Where the length of the run is not known, it may simply have arrived.
        severity = Severity.INFO if self.run.progress is None else None
        return self._evidence(change, f"over the last {blocks * self._blocks.length} points", severity)

    def _describe_never(self, change: Change, blocks: int) -> Evidence:
        points = blocks * self._blocks.length
        return self._evidence(change, f"from the first quarter to the second half of {points} points")

    def _evidence(self, change: Change, stretch: str, severity: Severity | None = None) -> Evidence:
        fall, error = 100.0 * change.fall, 100.0 * change.error
        return Evidence(
            value=math.exp(change.after),
            usual=math.exp(change.before),
            message=f"{spoken(self.series)} improved {fall:.1f} +- {error:.1f} % {stretch}",
            severity=severity,
        )
