"""Learning rates that are zero, or that jump."""

from __future__ import annotations

import math

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.analysis.findings.naming import times
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value

# Whole numbers but for the rounding of floats (float32 has seven digits).
_SAME, _BASE = 1e-5, 10


@frozen
class LrAnomalyLimits:
    """Defaults of `lr_anomaly` (own choice).

    Warm restarts never pass the peak, so that they are no jumps; a warm-up that is logged seldom rises by
    large factors, so that jumps count only once the rate has stood still or fallen.

    Attributes:
        zeros: So many zeros in a row ...
        zeros_never: ... or so many, if it never was anything else.
        share_of_peak: The rate before the zeros was above this share of its peak: it had not run out.
        zeros_run_out: Or so many, if it had run out: the schedule was over while much of the run was left.
        run_out_by: That is said up to this share of a run whose end is known.
        end: From this share of the run on, zero is the end of the schedule.
        jump: Times the rate before.
        jump_over_peak: Times the highest rate so far.
        clear: Ordinary points in a row after which it is over.
    """

    zeros: int = 3
    zeros_never: int = 10
    share_of_peak: float = 0.02
    zeros_run_out: int = 10
    run_out_by: float = 0.9
    end: float = 0.97
    jump: float = 3.0
    jump_over_peak: float = 1.5
    clear: int = 5


class LrAnomaly(Rule[LrAnomalyLimits]):
    """A learning rate of zero before the end, or one that jumps above its peak."""

    name = "lr_anomaly"
    severity = Severity.CRITICAL
    roles = frozenset({Role.LEARNING_RATE})
    causes = (
        "the scheduler was given the wrong number of steps",
        "the run was resumed without the scheduler's state",
        "the scheduler is stepped once per batch instead of once per update, or the other way round",
    )
    remedies = (
        "Give the scheduler the true number of updates (num_training_steps).",
        "Load the scheduler's state together with the model and the optimiser.",
    )

    def prepare(self) -> None:
        """Start without a peak."""
        self._alarm = Alarm(self, clear=self.limits.clear)
        self._peak = 0.0
        self._last = math.nan
        self._last_nonzero = self._before_last = 0.0
        self._nonzero_step: int | None = None
        self._zeros = 0
        self._settled = False

    def point(self, value: float) -> None:
        """Look at a learning rate."""
        if value < 0.0:
            return
        if value == 0.0:
            self._zeros += 1
            if self._zero_too_early():
                self._alarm.hit(self._describe_zero)
            return
        jumped = self._settled and value > self.limits.jump * self._last
        if jumped and value > self.limits.jump_over_peak * self._peak:
            last, peak = self._last, self._peak
            self._alarm.hit(lambda: self._describe_jump(value, last, peak))
        elif self._alarm.awake:
            self._alarm.miss(calm=value <= self.limits.jump_over_peak * self._peak)
        if value <= self._last:
            self._settled = True
        self._zeros = 0
        if value > self._peak and not self._alarm.is_open:
            self._peak = value
        if value != self._last_nonzero:
            self._before_last = self._last_nonzero
        self._last = self._last_nonzero = value
        self._nonzero_step = self.run.step

    def _zero_too_early(self) -> bool:
        limits = self.limits
        progress = self.run.progress
        if progress is not None and progress >= limits.end:
            return False
        if self._peak == 0.0:
            return self._zeros >= limits.zeros_never
        if self._rounded():
            return False
        if self._last_nonzero > limits.share_of_peak * self._peak:
            return self._zeros >= limits.zeros
        return progress is not None and progress < limits.run_out_by and self._zeros >= limits.zeros_run_out

    def _rounded(self) -> bool:
        """Return whether zero may be what a log with few decimals makes of a small rate: 0.0002, 0.0001, 0.

        Then the last rate was one of the last decimal, and that before it a few of them.
        """
        decimals, units = math.log10(self._last_nonzero), self._before_last / self._last_nonzero
        is_unit = abs(decimals - round(decimals)) < _SAME
        return is_unit and 1 < units < _BASE and abs(units - round(units)) < _SAME

    def _describe_zero(self) -> Evidence:
        left = ""
        if self.run.progress is not None:
            left = f" while {100 * (1 - self.run.progress):.0f} % of steps remain"
        if self._nonzero_step is None:
            return Evidence(value=0.0, usual=None, message=f"learning rate has been 0 from the start{left}")
        return Evidence(
            value=0.0,
            usual=self._last_nonzero,
            message=f"learning rate is 0{left} (was {format_value(self._last_nonzero)} "
            f"at step {self._nonzero_step})",
        )

    def _describe_jump(self, value: float, last: float, peak: float) -> Evidence:
        return Evidence(
            value=value,
            usual=last,
            message=f"learning rate jumped from {format_value(last)} to {format_value(value)}, "
            f"{times(value, peak, 1)} its peak so far",
        )
