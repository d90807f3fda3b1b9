"""Learning rates that do not follow the schedule that was configured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, groups
from tuimon.core.batch import ConfigValue
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value


@frozen
class LrScheduleMismatchLimits:
    """Defaults of `lr_schedule_mismatch` (own choice).

    Attributes:
        share_of_peak: So far from the configured curve, as a share of its peak.
        hold: Points in a row, of which every fourth is looked at.
        clear: Points in a row on the curve after which it is over.
    """

    share_of_peak: float = 0.15
    hold: int = 10
    clear: int = 10


class LrScheduleMismatch(Rule[LrScheduleMismatchLimits]):
    """A logged learning rate that is not what the configured schedule gives at that step.

    Known are the schedules of transformers that need no more than the configuration tells: constant,
    constant_with_warmup, linear and cosine.
    """

    name = "lr_schedule_mismatch"
    severity = Severity.INFO
    roles = frozenset({Role.LEARNING_RATE})
    causes = (
        "the scheduler was given another number of steps",
        "the scheduler is stepped once per batch instead of once per update, or the other way round",
        "a scheduler of its own, beside the configured one",
        "several groups of parameters, of which another one is logged",
    )
    remedies = (
        "Compare num_training_steps and warmup_steps of the scheduler with the configuration.",
        "Look for a scheduler that is made by hand, or restored from another run.",
    )

    def prepare(self) -> None:
        """Start on the curve."""
        self._alarm = Alarm(self, groups(self.limits.hold), groups(self.limits.clear))
        self._config: object = None
        self._total: int | None = None
        self._curve: Curve | None = None

    def points(self, values: Sequence[float]) -> None:
        """Look at the last of some learning rates."""
        run, value = self.run, values[-1]
        if run.config is not self._config or self._total != run.total_steps:
            self._config, self._total = run.config, run.total_steps
            self._curve = Curve.of(run.config, run.total_steps)
        if self._curve is None or run.step is None:
            return
        expected = self._curve.at(run.step)
        # The rate is logged before or after the scheduler's step.
        near = min(abs(value - self._curve.at(run.step + by)) for by in (-1, 0, 1))
        if near > self.limits.share_of_peak * self._curve.peak:
            self._alarm.hit(lambda: self._describe(value, expected))
        elif self._alarm.awake:
            self._alarm.miss()

    def _describe(self, value: float, expected: float) -> Evidence:
        kind = self._curve.kind if self._curve is not None else ""
        return Evidence(
            value=value,
            usual=expected,
            message=f"learning rate {format_value(value)}, but the configured schedule ({kind}) "
            f"gives {format_value(expected)} here",
        )


@frozen
class Curve:
    """A schedule as it is configured.

    Attributes:
        kind: Its name in transformers.
        peak: The highest learning rate.
        warm_up: Steps of linear warm-up.
        total: Steps in all.
    """

    kind: str
    peak: float
    warm_up: float
    total: float

    @classmethod
    def of(cls, config: Mapping[str, ConfigValue], total_steps: int | None) -> Curve | None:
        """Return the schedule that a configuration tells; None if it does not tell all of it."""
        known = {key.rsplit(".", 1)[-1]: value for key, value in config.items()}
        kind = str(known.get("lr_scheduler_type", "")).rsplit(".", 1)[-1].lower()
        peak, total = _number(known.get("learning_rate")), _number(total_steps)
        if kind not in _SHAPES or not peak or not total or known.get("lr_scheduler_kwargs"):
            return None
        steps, ratio = _number(known.get("warmup_steps")), _number(known.get("warmup_ratio"))
        warm_up = steps or math.ceil(total * (ratio or 0.0))
        return cls(kind, peak, 0.0 if kind == "constant" else warm_up, total)

    def at(self, step: float) -> float:
        """Return the learning rate at a step."""
        if step < self.warm_up:
            return self.peak * max(0.0, step) / self.warm_up
        passed = min(1.0, (step - self.warm_up) / max(1.0, self.total - self.warm_up))
        return self.peak * _SHAPES[self.kind](passed)


_SHAPES: Mapping[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "constant_with_warmup": lambda _: 1.0,
    "linear": lambda passed: 1.0 - passed,
    "cosine": lambda passed: 0.5 * (1.0 + math.cos(math.pi * passed)),
}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0.0 <= value < math.inf else None
