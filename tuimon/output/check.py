"""`tuimon check`: findings for scripts, one line each."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState
from tuimon.output.document import Json, known, number

LEVELS = {"never": None, "info": Severity.INFO, "warning": Severity.WARNING, "critical": Severity.CRITICAL}


def finding_document(run: str, finding: Finding) -> dict[str, Json]:
    """Return one line of `check --json`."""
    return {
        "run": run,
        "rule": finding.rule,
        "series": finding.series,
        "severity": finding.severity.name.lower(),
        "step": finding.step,
        "time": known(finding.time),
        "value": number(finding.value),
        "usual": number(finding.usual),
        "message": finding.message,
        "causes": list(finding.causes),
        "remedies": list(finding.remedies),
        "state": finding.state.value,
        "resolved_step": finding.resolved_step,
        "count": finding.count,
    }


def finding_line(run: str, finding: Finding) -> str:
    """Return one finding as a line for people."""
    step = f" step {finding.step}" if finding.step is not None else ""
    state = "" if finding.open else f" (resolved at step {finding.resolved_step})"
    return (
        f"{clean(run)}: {finding.severity.name.lower()} {finding.rule}{step}: {clean(finding.message)}{state}"
    )


def reaches(runs: tuple[RunState, ...], level: str) -> bool:
    """Return whether any finding, open or resolved, is at or above a level of `--fail-on`."""
    least = LEVELS[level]
    return least is not None and any(f.severity >= least for run in runs for f in run.findings)
