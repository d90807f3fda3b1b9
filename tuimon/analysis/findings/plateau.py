"""A training loss that does not fall although it should."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from operator import gt as _gt
from statistics import fmean, median

from tuimon.analysis.findings.blocks import Blocks, Change
from tuimon.analysis.findings.evaluation import LEAST_EVAL_NOISE, SECOND_DIFFERENCE
from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence
from tuimon.analysis.findings.loss import LossRule
from tuimon.analysis.findings.naming import spoken
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_LEARNING_RATE = Role.LEARNING_RATE
# In each half of a stretch: fewer evaluations do not tell how uneven they are.
_LEAST_EVALS = 2


@frozen
class PlateauLimits:
    """Defaults of `plateau`.

    "0.1 % in ten steps" (SageMaker Debugger) is blind to noise; here the fall must be small and known to be
    small (own choice of the numbers).

    Attributes:
        fall: Less than this share is no fall, over the second half of the run so far ...
        error: ... if its standard error is below this share, too ...
        never_fall: ... or this share, from the first quarter of the run so far to its second half ...
        never_error: ... with this standard error ...
        errors: ... and if the fall plus so many standard errors is no fall either ...
        errors_short: ... or so many over the last third of the run so far. That counts only if evaluations
            agree: within an epoch the loss of a fine-tune stands still, too.
        rise_errors: A loss that rose by so many standard errors does something else.
        eval_gain: A fall of the evaluation loss by this share is a gain.
        share_of_peak: Below this share of its peak the learning rate explains it.
        rate_rise: A learning rate that rose by this factor explains it.
        begin: Before this share of the run nothing is said ...
        end: ... and after this one neither.
        never_points: Before so many points only possible plateaus are found of a loss that never fell ...
        least_points: ... before so many in all other cases, and where the end of the run is not known ...
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
    errors_short: float = 2.0
    rise_errors: float = 3.0
    eval_gain: float = 0.0025
    share_of_peak: float = 0.3
    rate_rise: float = 1.05
    begin: float = 0.12
    end: float = 0.8
    never_points: int = 64
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

    def points(self, values: Sequence[float]) -> None:
        """Look at some losses."""
        if not self.history.positive or self.run.undirected:
            return
        if self.limits.literal:
            for value in values:
                self._compare_points(value)
            return
        self._count += len(values)
        rate = self.run.latest.get(_LEARNING_RATE, math.nan)
        self._peak_rate = max(self._peak_rate, rate)
        complete = self._blocks.extend([math.log(value) for value in values], rate)
        if complete and self._count >= self.limits.possible_points:
            self._check()

    def _check(self) -> None:
        """Judge the run so far, once per complete block."""
        limits, number, progress = self.limits, len(self._blocks.means), self.run.progress
        if self._explained(number // 2):
            self._alarm.miss(calm=False)
            return
        never = self._never_fell(number)
        if self._count < (limits.never_points if progress is not None else limits.least_points):
            begun = progress is None or progress >= limits.possible_begin
            if begun and never is not None:
                self._alarm.suspect(lambda: self._describe_never(never, number))
        elif never is not None:
            self._alarm.hit(lambda: self._describe_never(never, number))
        elif self._count >= limits.least_points:
            self._judge_recent(number)

    def _never_fell(self, number: int) -> Change | None:
        """Return how the second half of the run so far lies to its first quarter, unless it is lower."""
        limits = self.limits
        earlier, later = slice(0, number // 4), slice(number // 2, number)
        if self._blocks.fall(earlier, later) >= limits.never_fall:
            return None
        whole = self._blocks.change(earlier, later)
        return whole if _flat(whole, limits.never_fall, limits.never_error, limits.errors) else None

    def _judge_recent(self, number: int) -> None:
        """Look for a stretch at the end of the run so far in which nothing was gained."""
        limits = self.limits
        for blocks, short in ((number // 2, False), (number // 3, True)):
            start, middle = number - blocks, number - blocks // 2
            earlier, later = slice(start, middle), slice(middle, number)
            fall = self._blocks.fall(earlier, later)
            if fall >= limits.never_fall:
                continue
            recent = self._blocks.change(earlier, later)
            if self._stands(recent, start, short=short):
                self._alarm.hit(lambda change=recent, long=blocks: self._describe(change, long))  # type: ignore[misc]
                return
        self._alarm.miss(calm=fall > limits.calm_fall)

    def _stands(self, train: Change, first_block: int, *, short: bool) -> bool:
        """Return whether training and evaluation losses, weighted by their precision, gained nothing."""
        limits = self.limits
        if (
            train.fall < -limits.rise_errors * train.error
            or train.fall - limits.errors * train.error > limits.fall
        ):
            return False
        evaluations = self._eval_change(first_block)
        if evaluations is None:
            return not short and _flat(train, limits.fall, limits.error, limits.errors)
        if evaluations.fall >= limits.eval_gain:
            return False
        errors = limits.errors_short if short else limits.errors
        return _flat(_combined(train, evaluations), limits.fall, limits.error, errors)

    def _explained(self, first_block: int) -> bool:
        """Return whether the learning rate or the place in the run explains a flat loss."""
        limits, progress = self.limits, self.run.progress
        if progress is not None and not limits.begin <= progress <= limits.end:
            return True
        # Those of before the first learning rate, if there ever is one, are NaN: nothing is more than that.
        rates = self._blocks.rates[first_block:]
        if rates[-1] < limits.share_of_peak * self._peak_rate:
            return True
        return any(map(_gt, rates[1:], [limits.rate_rise * rate for rate in rates]))

    def _eval_change(self, first_block: int) -> Change | None:
        """Return how the evaluation loss changed between the halves of the blocks from `first_block` on.

        None if either half has too few evaluations.
        """
        span = (len(self._blocks.means) - first_block) * self._blocks.length
        first_line = self.run.lines - span
        middle = first_line + span // 2
        logs = [
            (line, math.log(value))
            for line, value in self.run.eval_losses
            if line >= first_line and value > 0.0
        ]
        before = [log for line, log in logs if line < middle]
        after = [log for line, log in logs if line >= middle]
        if min(len(before), len(after)) < _LEAST_EVALS:
            return None
        known = [*before, *after]
        uneven = median(abs(a - 2.0 * b + c) for a, b, c in zip(known, known[1:], known[2:], strict=False))
        noise = max(uneven / SECOND_DIFFERENCE, LEAST_EVAL_NOISE)
        return Change(fmean(before), fmean(after), noise * math.sqrt(1.0 / len(before) + 1.0 / len(after)))

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
        moved = "improved" if fall >= 0.0 else "rose"
        return Evidence(
            value=math.exp(change.after),
            usual=math.exp(change.before),
            message=f"{spoken(self.series)} {moved} {abs(fall):.1f} +- {error:.1f} % {stretch}",
            severity=severity,
        )


def _flat(change: Change, least: float, error: float, errors: float) -> bool:
    return change.error < error and change.fall + errors * change.error < least


def _combined(first: Change, second: Change) -> Change:
    """Return the mean of two changes, each weighted by the inverse square of its standard error."""
    one, other = 1.0 / max(first.error, 1e-6) ** 2, 1.0 / max(second.error, 1e-6) ** 2
    fall = (one * first.fall + other * second.fall) / (one + other)
    return Change(first.before, first.before - fall, 1.0 / math.sqrt(one + other))
