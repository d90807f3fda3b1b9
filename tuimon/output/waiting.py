"""What `tuimon wait` waits for, and whether it has come."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.analysis.status import Status
from tuimon.core.errors import UsageError
from tuimon.core.frozen import frozen
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState
from tuimon.output.check import LEVELS

_WHAT = "one of done, failed, finding, finding=LEVEL, step=N"
_ENDED_BADLY = (Status.FAILED, Status.STOPPED)


@frozen
class Condition:
    """What is waited for.

    Attributes:
        kind: `done`, `failed`, `finding` or `step`.
        step: For `step`: the training step that must be reached.
        severity: For `finding`: how bad an open finding must be at least.
    """

    kind: str
    step: int = 0
    severity: Severity = Severity.WARNING


def parse_condition(text: str) -> Condition:
    """Return what `--until` asks for.

    Raises:
        UsageError: It asks for nothing that there is.
    """
    kind, equals, value = text.partition("=")
    if kind in ("done", "failed", "finding") and not equals:
        return Condition(kind)
    if kind == "step" and value.isascii() and value.isdecimal():
        return Condition(kind, step=int(value))
    severity = LEVELS.get(value)
    if kind == "finding" and severity is not None:
        return Condition(kind, severity=severity)
    raise UsageError(f"{text!r} is nothing to wait for", "--until", _WHAT)


def reached(state: RunState, condition: Condition) -> str | None:
    """Return in words that what is waited for has come, or None."""
    name, step = clean(state.name), state.progress.step
    if condition.kind == "step":
        return f"{name}: step {step}" if step is not None and step >= condition.step else None
    if condition.kind == "finding":
        found = [finding for finding in state.open_findings if finding.severity >= condition.severity]
        return f"{name}: {finding_text(found[0])}" if found else None
    wanted = (Status.DONE,) if condition.kind == "done" else _ENDED_BADLY
    return end_line(state) if state.status in wanted else None


def ended(state: RunState) -> bool:
    """Return whether nothing more can come of a run, as far as is known."""
    return state.status in (Status.DONE, *_ENDED_BADLY)


def end_line(state: RunState) -> str:
    """Return what became of a run."""
    step = "" if state.progress.step is None else f" at step {state.progress.step}"
    total = "" if not state.progress.total_steps or not step else f" of {state.progress.total_steps}"
    return f"{clean(state.name)}: {state.status}{step}{total}"


def finding_text(finding: Finding) -> str:
    """Return a finding as a clean line."""
    step = f" at step {finding.step}" if finding.step is not None else ""
    return f"{finding.severity.name.lower()} {finding.rule}{step}: {clean(finding.message)}"
