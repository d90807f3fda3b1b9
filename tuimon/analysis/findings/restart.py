"""Runs that began again, and what that cost them."""

from __future__ import annotations

import math

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.analysis.findings.loss import LossRule
from tuimon.analysis.findings.naming import spoken
from tuimon.analysis.findings.windows import SortedWindow
from tuimon.core.frozen import frozen
from tuimon.core.units import format_value


@frozen
class RestartDetectedLimits:
    """Defaults of `restart_detected`.

    Attributes:
        clear: Training lines after which it is over; several writers in one file, whose steps fall all the
            time, thus make one finding that is counted.
    """

    clear: int = 3


class RestartDetected(Rule[RestartDetectedLimits]):
    """A training step below the one before it, such as 10 after 30."""

    name = "restart_detected"
    severity = Severity.INFO
    per_series = False
    causes = ("the run was resumed from a checkpoint",)
    remedies = (
        "Check that optimiser, scheduler and data order were restored with the model.",
        "Save checkpoints more often if many steps were lost.",
    )

    def prepare(self) -> None:
        """Start without a restart."""
        self._alarm = Alarm(self, clear=self.limits.clear, by_lines=True)

    def restarted(self) -> None:
        """Say so, if nothing said so before."""
        if not self.run.restart_is_told:
            self._alarm.hit(self._describe)

    def _describe(self) -> Evidence:
        step, before = self.run.step or 0, self.run.step_before
        return Evidence(
            value=float(step),
            usual=float(before),
            message=f"resumed at step {step} (was {before}): {before - step} steps are done again",
        )


@frozen
class CheckpointRegressLimits:
    """Defaults of `checkpoint_regress` (own choice).

    Attributes:
        rise: Median of the first losses after a restart over the median before it, as a share above 1.
        sigmas: Least distance of the logarithm in robust sigmas.
        losses: How many losses after the restart are looked at.
        least_points: How many losses there must have been before it.
        calm_rise: Below this share above the median before, the loss is back.
        clear: Medians in a row that are back after which it is over.
    """

    rise: float = 0.15
    sigmas: float = 1.6
    losses: int = 8
    least_points: int = 20
    calm_rise: float = 0.05
    clear: int = 5


class CheckpointRegress(LossRule[CheckpointRegressLimits]):
    """A loss that is clearly higher after a restart than it was before."""

    name = "checkpoint_regress"
    severity = Severity.CRITICAL
    causes = (
        "the optimiser or the scheduler was not restored",
        "another order of the examples, or another seed",
        "an older or another checkpoint than meant",
    )
    remedies = (
        "Check the path of the checkpoint that was loaded.",
        "Check that optimiser, scheduler, loss scale and data order were restored with the model.",
        "Restart from the checkpoint again, with all of its state.",
    )

    def prepare(self) -> None:
        """Start without a restart."""
        super().prepare()
        self._alarm = Alarm(self, clear=self.limits.clear)
        self._restarts = 0
        self._before = self._sigma = math.nan
        self._after = SortedWindow(self.limits.losses)
        self._judged = True

    def hears(self, tag: str) -> bool:  # noqa: ARG002 - it is about each of them
        """Return whether there was a restart."""
        return self.run.restarts > 0

    def point(self, value: float) -> None:
        """Look at a loss."""
        if self.run.restarts != self._restarts:
            self._begin()
        if not self.history.positive or not self._before > 0.0:
            return
        self._after.push(value)
        if not self._after.full:
            return
        median = self._after.median
        if self._alarm.is_open:
            self._alarm.miss(calm=median < (1.0 + self.limits.calm_rise) * self._before)
        elif not self._judged:
            self._judged = True
            excess = math.log(median) - math.log(self._before)
            if excess > max(math.log1p(self.limits.rise), self.limits.sigmas * self._sigma):
                self._alarm.hit(lambda: self._describe(median))

    def _begin(self) -> None:
        """Remember how the loss stood when the run was restarted."""
        self._restarts = self.run.restarts
        self._alarm.resolve()
        self._after.clear()
        self._judged = False
        known = self.history.count >= self.limits.least_points
        self._before = self.history.median_now if known else math.nan
        self._sigma = self.history.sigma

    def _describe(self, median: float) -> Evidence:
        return Evidence(
            value=median,
            usual=self._before,
            message=f"resumed at step {self.run.resumed_step} (was {self.run.step_before}); "
            f"{spoken(self.series)} {format_value(median)} vs {format_value(self._before)} before",
        )
