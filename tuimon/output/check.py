"""`tuimon check`: findings for scripts, one line each."""

from __future__ import annotations

from collections.abc import Iterator

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.analysis.incidents import Incident, incidents_of
from tuimon.core.batch import Problem
from tuimon.core.frozen import frozen
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState
from tuimon.output.document import Json, known, number

LEVELS = {"never": None, "info": Severity.INFO, "warning": Severity.WARNING, "critical": Severity.CRITICAL}


def finding_documents(state: RunState) -> Iterator[dict[str, Json]]:
    """Yield the lines of `check --json` of one run, in the order in which the findings opened."""
    incident_of = {
        finding.id: incident for incident in incidents_of(state.findings) for finding in incident.findings
    }
    for finding in state.findings:
        yield finding_document(state.name, finding, incident_of[finding.id])


def finding_document(run: str, finding: Finding, incident: Incident | None = None) -> dict[str, Json]:
    """Return one line of `check --json`; a finding without its incident is one of its own."""
    incident = incident or Incident((finding,))
    return {
        "run": run,
        "id": finding.id,
        "incident": incident.first.id,
        "incident_title": incident.title,
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


def finding_lines(state: RunState) -> Iterator[str]:
    """Yield the findings of one run as lines for people: each incident, then what followed from it."""
    for incident in incidents_of(state.findings):
        yield finding_line(state.name, incident.first)
        for finding in incident.consequences:
            yield finding_line(f"{state.name}:   then", finding, colon="")


def finding_line(run: str, finding: Finding, *, colon: str = ":") -> str:
    """Return one finding as a line for people."""
    step = f" step {finding.step}" if finding.step is not None else ""
    state = "" if finding.open else f" (resolved at step {finding.resolved_step})"
    told = f"{finding.severity.name.lower()} {finding.rule}{step}: {clean(finding.message)}{state}"
    return f"{clean(run)}{colon} {told}"


@frozen
class RunCheck:
    """What `check` prints of one run.

    Attributes:
        documents: The findings, in the order in which they opened.
        lines: The same for people.
        worst: The highest severity among them, None where there is no finding.
        problems: What could not be read.
    """

    documents: tuple[dict[str, Json], ...]
    lines: tuple[str, ...]
    worst: Severity | None
    problems: tuple[Problem, ...]

    def reaches(self, level: str) -> bool:
        """Return whether any finding, open or resolved, is at or above a level of `--fail-on`."""
        least = LEVELS[level]
        return least is not None and self.worst is not None and self.worst >= least


def run_check(state: RunState) -> RunCheck:
    """Return what is printed of a run that the rules have looked at."""
    worst = max((finding.severity for finding in state.findings), default=None)
    return RunCheck(tuple(finding_documents(state)), tuple(finding_lines(state)), worst, state.problems)
