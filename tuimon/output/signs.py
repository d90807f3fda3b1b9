"""What happened when, as signs on the panels of one run: restarts, findings, checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.analysis.placing import place
from tuimon.output.figure import Sign
from tuimon.store.axis import Axis
from tuimon.store.run import RunView

# On the other axes attempts lie over each other, and a restart has no place.
_RESTART_AXES = (Axis.ACCUMULATED, Axis.WALL, Axis.EPOCH, Axis.TOKENS)
_MOST_SIGNS = 60


def restart_signs(run: RunView, axis: Axis) -> tuple[Sign, ...]:
    """Return a sign where each attempt after the first begins."""
    if axis not in _RESTART_AXES:
        return ()
    signs = []
    for attempt in run.attempts[1:][-_MOST_SIGNS:]:
        x = place(run, axis, attempt.first_step + attempt.offset, attempt.start_time)
        if x is not None:
            signs.append(Sign(x, "restart", f"attempt {attempt.number}"))
    return tuple(signs)


def finding_signs(
    run: RunView, findings: Sequence[Finding], axis: Axis, tags: Collection[str]
) -> tuple[Sign, ...]:
    """Return the signs of findings about any of some tags, the worst ones first to be kept."""
    signs = []
    for finding in sorted(findings, key=lambda f: -f.severity)[:_MOST_SIGNS]:
        step = finding.accumulated_step if finding.accumulated_step is not None else finding.step
        x = place(run, axis, float(step), finding.time) if step is not None else None
        # A restart has a sign of its own.
        if x is not None and finding.series in tags and finding.rule != "restart_detected":
            critical = finding.severity is Severity.CRITICAL
            signs.append(Sign(x, "critical" if critical else "warning", finding.rule))
    return tuple(signs)
