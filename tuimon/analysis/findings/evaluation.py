"""What evaluations tell that training losses do not."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.analysis.findings.history import History
from tuimon.analysis.findings.naming import spoken
from tuimon.analysis.findings.timeline import HISTORY_POINTS
from tuimon.analysis.findings.windows import SortedWindow
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value

_NOISE_EVALS, _LAST_EVALS = 32, 8
# The median of |second difference| of independent normal noise is this multiple of its sigma.
SECOND_DIFFERENCE = 0.6745 * math.sqrt(6.0)
LEAST_EVAL_NOISE = 0.002


@frozen
class OverfittingLimits:
    """Defaults of `overfitting` (SageMaker Debugger: a ratio with patience; the numbers are our own choice).

    Attributes:
        rise: So far above the best must each of the last `last` evaluations lie, as a share.
        last: See `rise`.
        noises: Their mean must lie so many times the evaluations' own noise above the lower neighbour of the
            best one, which itself is often just lucky.
        train_fall: By this share the training loss must have fallen since the best evaluation.
        train_rise: If it once rose by this share since then, both losses rose together: the examples changed.
        train_rise_sigmas: The same in sigmas of a single training loss; the larger one counts.
        least_evals: Before so many evaluations only possible overfitting is found ...
        possible_evals: ... and before so many none.
        possible_rise: What `rise` is for it, over the last two evaluations, each above the one before.
        possible_train_fall: What `train_fall` is for it.
        calm_rise: This close to the best an evaluation is calm.
    """

    rise: float = 0.035
    last: int = 3
    noises: float = 3.5
    train_fall: float = 0.005
    train_rise: float = 0.04
    train_rise_sigmas: float = 0.75
    least_evals: int = 5
    possible_evals: int = 3
    possible_rise: float = 0.06
    possible_train_fall: float = 0.03
    calm_rise: float = 0.015


class Overfitting(Rule[OverfittingLimits]):
    """An evaluation loss that rises from its best while the training loss goes on falling."""

    name = "overfitting"
    severity = Severity.WARNING
    roles = frozenset({Role.EVAL_LOSS})
    causes = (
        "too many epochs",
        "too few examples for the size of the model",
        "evaluation examples unlike the training examples",
    )
    remedies = (
        "Stop early, and take the checkpoint of the best evaluation.",
        "Raise dropout or weight decay, or lower the rank of LoRA.",
        "Get more examples, or augment those at hand.",
    )

    def prepare(self) -> None:
        """Start without a best evaluation."""
        self._alarm = Alarm(self, clear=1)
        self._curve = EvaluationCurve()
        self._best_step: int | None = None
        self._count_at_best = 0
        self._train_points = 0
        self._train_now = self._train_at_best = self._train_peak = math.nan

    def point(self, value: float) -> None:
        """Look at an evaluation loss."""
        if value <= 0.0 or self.run.undirected:
            return
        best = self._curve.push(math.log(value))
        train = self.run.train_history(self.series)
        level = self._train_level(train)
        if best:
            self._best_step, self._count_at_best = self.run.step, 0 if train is None else train.count
            self._train_at_best = self._train_peak = level
        elif level < self._train_at_best and self._still_lags(train):
            self._train_at_best = self._train_peak = level
        self._train_now = level
        self._train_peak = max(self._train_peak, level)
        self._judge(value, self._train_fall(train))

    def _train_level(self, train: History | None) -> float:
        """Return where the training loss stands, from few points where few are logged between evaluations."""
        if train is None:
            return math.nan
        self._train_points = min(HISTORY_POINTS[Role.LOSS], 3 * math.ceil(train.count / self._curve.count))
        return train.level(self._train_points)

    def _still_lags(self, train: History | None) -> bool:
        """Return whether a median of the training loss only now tells how it stood at the best evaluation."""
        lag = 0 if train is None else train.count - self._count_at_best
        return self._curve.since_best == 1 or lag <= self._train_points

    def _train_fall(self, train: History | None) -> float:
        """Return by which share the training loss fell since the best evaluation; NaN if it rose meanwhile.

        When both losses once rose together the examples changed (a curriculum), and nothing is overfitted.
        """
        if train is None or not train.positive:
            return math.nan
        rise = max(self.limits.train_rise, self.limits.train_rise_sigmas * train.sigma)
        rose = self._train_peak > (1.0 + rise) * self._train_at_best
        return math.nan if rose else 1.0 - self._train_now / self._train_at_best

    def _judge(self, value: float, train_fall: float) -> None:
        limits, curve = self.limits, self._curve
        if curve.count < limits.least_evals:
            enough = curve.count >= limits.possible_evals and train_fall > limits.possible_train_fall
            if enough and self._rose_twice():
                self._alarm.suspect(lambda: self._describe(value, train_fall))
            return
        rises = [log - curve.best for log in list(curve.last)[-limits.last :]]
        clear = fmean(rises) > curve.around_best - curve.best + limits.noises * curve.noise()
        risen = clear and min(rises) > math.log1p(limits.rise)
        if risen and train_fall > limits.train_fall:
            self._alarm.hit(lambda: self._describe(value, train_fall))
        else:
            self._alarm.miss(calm=rises[-1] < math.log1p(limits.calm_rise))

    def _rose_twice(self) -> bool:
        before, last = list(self._curve.last)[-2:]
        least = math.log1p(self.limits.possible_rise)
        return last > before > self._curve.best + 0.5 * least and last > self._curve.best + least

    def _describe(self, value: float, train_fall: float) -> Evidence:
        best = math.exp(self._curve.best)
        return Evidence(
            value=value,
            usual=best,
            message=f"{spoken(self.series)} {format_value(value)} is {100 * (value / best - 1):.0f} % above "
            f"its best {format_value(best)} (step {self._best_step}) while the training loss fell "
            f"{100 * train_fall:.0f} %",
        )


@frozen
class EvalMissingLimits:
    """Defaults of `eval_missing` (Google's tuning playbook: evaluate at a regular step interval).

    Attributes:
        gaps: So many median gaps between evaluations without one are too many (own choice) ...
        regular_gaps: ... or so many, if they came like clockwork ...
        regular: ... which the last ones did if none was longer than this multiple of the median ...
        regular_evals: ... and there were so many.
        least_evals: Before so many evaluations nothing is said.
    """

    gaps: float = 2.2
    regular_gaps: float = 1.5
    regular: float = 1.1
    regular_evals: int = 4
    least_evals: int = 3


class EvalMissing(Rule[EvalMissingLimits]):
    """Evaluations that came at regular steps and then no longer."""

    name = "eval_missing"
    severity = Severity.WARNING
    roles = frozenset({Role.EVAL_LOSS, Role.EVAL_ACCURACY, Role.EVAL_PERPLEXITY})
    per_series = False
    causes = (
        "evaluation was switched off, or its interval was changed, when the run was resumed",
        "the evaluation fails and the failure is caught",
        "its results are written elsewhere",
    )
    remedies = (
        "Check eval_strategy and eval_steps of the running configuration.",
        "Look for an error of the evaluation in the log.",
    )

    def prepare(self) -> None:
        """Start without an evaluation."""
        self._alarm = Alarm(self, clear=1)
        self._gaps = SortedWindow(_NOISE_EVALS)
        self._usual = self._most_steps = math.inf
        self._last_step: int | None = None

    def nonfinite(self, value: float) -> None:
        """Take note of an evaluation, whatever came of it."""
        self.point(value)

    def point(self, value: float) -> None:  # noqa: ARG002 - that it came is what counts
        """Take note of an evaluation."""
        self._alarm.resolve()
        # Evaluations may count epochs: how far training had come is what counts.
        step, last = self.run.train_step or 0, self._last_step
        if last is not None and step > last:
            self._gaps.push(float(step - last))
            if len(self._gaps.values) >= self.limits.least_evals - 1:
                self._usual = self._gaps.median
                self._most_steps = self._allowed_gaps(self._usual) * self._usual
        self._last_step = step

    def restarted(self) -> None:
        """Count from the resumed step if it lies before the last evaluation."""
        if self._last_step is not None:
            self._last_step = min(self._last_step, self.run.step or 0)

    def line(self) -> None:
        """Look at how far training has come since the last evaluation."""
        if self._last_step is None:
            return
        steps = (self.run.train_step or 0) - self._last_step
        if steps > self._most_steps:
            self._alarm.hit(lambda: self._describe(steps, self._usual))

    def _allowed_gaps(self, usual: float) -> float:
        limits = self.limits
        known = len(self._gaps) >= limits.regular_evals - 1
        regular = known and self._gaps.largest <= limits.regular * usual
        return limits.regular_gaps if regular else limits.gaps

    def _describe(self, steps: int, usual: float) -> Evidence:
        return Evidence(
            value=float(steps),
            usual=usual,
            message=f"no evaluation for {steps} steps (usual: every {usual:.0f})",
        )


class EvaluationCurve:
    """The logarithms of the evaluations of one loss: the best, the last ones, and how uneven they are.

    Attributes:
        count: Evaluations so far.
        best: The smallest.
        since_best: Evaluations since then.
        last: The last ones, oldest first.
        around_best: The lower neighbour of the best one: where the curve lay without that one's luck.
    """

    def __init__(self) -> None:
        self.count = 0
        self.best = math.inf
        self.since_best = 0
        self.last: deque[float] = deque(maxlen=_LAST_EVALS)
        self.around_best = math.inf
        self._unevenness = SortedWindow(_NOISE_EVALS)

    def push(self, log: float) -> bool:
        """Add an evaluation and return whether it is the best so far."""
        self.count += 1
        self.since_best += 1
        self.last.append(log)
        if len(self.last) >= 3:
            self._unevenness.push(abs(log - 2.0 * self.last[-2] + self.last[-3]))
        if log >= self.best:
            if self.since_best == 1:
                self.around_best = min(self.around_best, log)
            return False
        self.around_best = self.last[-2] if self.count > 1 else math.inf
        self.best, self.since_best = log, 0
        return True

    def noise(self) -> float:
        """Return the sigma of one evaluation, from how unevenly neighbours lie; there must be three."""
        return max(LEAST_EVAL_NOISE, self._unevenness.median / SECOND_DIFFERENCE)
