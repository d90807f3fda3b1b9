"""What a rule says."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from tuimon.core.frozen import frozen


class Severity(IntEnum):
    """How bad a finding is; `name.lower()` is its word in JSON."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class FindingState(StrEnum):
    """Whether what was found still holds."""

    OPEN = "open"
    RESOLVED = "resolved"


@frozen
class Finding:
    """Something that a rule found in one series of one run.

    Attributes:
        rule: Name of the rule (`loss_spike`).
        series: The tag, or `run` for findings about the run as a whole.
        severity: How bad it is.
        step: The logged step at which the rule spoke; None before the first step.
        time: Wall time at which it could be said; NaN for formats without times.
        value: The value that was seen, where there is one.
        usual: The usual value it is held against, where there is one.
        message: One sentence with the number and the usual number.
        causes: Why it usually happens, likeliest first.
        remedies: What to do, as instructions.
        state: Whether it still holds.
        resolved_step: The step at which it no longer held.
        last_step: The last step at which it was seen.
        count: How often it was seen since it opened.
        onset_step: The step at which it began, as far as the rule can tell; `step` where it cannot.
        accumulated_step: `step` on the accumulated axis, for the mark on the curve.
        number: The how-manieth finding of its rule in its series it is, from 1.
        onset_line: How many training lines there were when it began.
        resolved_line: How many there were when it no longer held.
    """

    rule: str
    series: str
    severity: Severity
    step: int | None
    time: float
    value: float | None
    usual: float | None
    message: str
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    state: FindingState = FindingState.OPEN
    resolved_step: int | None = None
    last_step: int | None = None
    count: int = 1
    onset_step: int | None = None
    accumulated_step: int | None = None
    number: int = 1
    onset_line: int = 0
    resolved_line: int | None = None

    @property
    def id(self) -> str:
        """What tells it from all other findings of its run, the same in every reading of the run."""
        return f"{self.rule}:{self.series}:{self.number}"

    @property
    def open(self) -> bool:
        """Whether it still holds."""
        return self.state is FindingState.OPEN
