"""Values that are no numbers any more."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.analysis.findings.naming import spoken
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.core.units import format_value

_MEASURED = frozenset(
    {
        Role.LOSS, Role.EVAL_LOSS, Role.PERPLEXITY, Role.EVAL_PERPLEXITY, Role.ACCURACY, Role.EVAL_ACCURACY,
        Role.ERROR, Role.REWARD, Role.AUXILIARY, Role.GRAD_NORM, Role.LEARNING_RATE,
    }
)  # fmt: skip


@frozen
class NanInfLimits:
    """Defaults of `nan_inf`: one value is enough, as in SageMaker Debugger and Lightning.

    Attributes:
        clear: Finite values in a row after which it is over.
    """

    clear: int = 20


class NanInf(Rule[NanInfLimits]):
    """A training or evaluation value that is NaN or infinite."""

    name = "nan_inf"
    severity = Severity.CRITICAL
    roles = _MEASURED
    causes = (
        "learning rate too high",
        "overflow in fp16",
        "a division by zero or a logarithm of zero",
        "a bad example in the batch",
    )
    remedies = (
        "Go back to a checkpoint from before it, and look at the batch of that step.",
        "Lower the learning rate, and clip the gradient norm to 1.0.",
        "Train in bf16, or with loss scaling.",
        "Add an epsilon to divisions and logarithms.",
    )

    def prepare(self) -> None:
        """Start with numbers."""
        self._alarm = Alarm(self, clear=self.limits.clear)

    def hears(self, tag: str) -> bool:  # noqa: ARG002 - it is about all of them
        """Return whether numbers mean anything: they do while they are to end a finding."""
        return self._alarm.awake

    def point(self, value: float) -> None:  # noqa: ARG002 - any number is one
        """Take note of a number."""
        self._alarm.miss()

    def nonfinite(self, value: float) -> None:
        """Look at what is none."""
        self._alarm.hit(lambda: self._describe(value))

    def _describe(self, value: float) -> Evidence:
        step = "" if self.run.step is None else f" at step {self.run.step}"
        last = self.run.last_finite
        known = ["it never was finite" if last is None else f"last finite {format_value(last)}"]
        norm = self.run.latest.get(Role.GRAD_NORM)
        if norm is not None and role_of(self.series) is not Role.GRAD_NORM:
            known.append(f"gradient norm was {format_value(norm)}")
        return Evidence(
            value=value,
            usual=last,
            message=f"{spoken(self.series)} became {format_value(value)}{step} ({'; '.join(known)})",
            causes=("overflow in fp16",) if self._trains_in_fp16() else (),
        )

    def _trains_in_fp16(self) -> bool:
        return any(
            key.rsplit(".", 1)[-1] == "fp16" and value is True for key, value in self.run.config.items()
        )
