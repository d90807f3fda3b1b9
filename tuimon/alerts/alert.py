"""What happened to a run between two looks at it. Pure: nothing is run or sent here."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from tuimon.analysis.best import Best, best_value
from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.analysis.status import Status
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.monitor.snapshot import RunState, Snapshot

_ENDED_BADLY = (Status.FAILED, Status.STOPPED)
# The training loss has a new best value every other line: that is no event.
_MEASURED_WHILE_TRAINING = frozenset({Role.LOSS, Role.PERPLEXITY, Role.ERROR, Role.ACCURACY})


class AlertKind(StrEnum):
    """What happened; `OPEN` is what holds already when the looking begins."""

    DONE = "done"
    FAILED = "failed"
    BEST = "best"
    FINDING = "finding"
    RESOLVED = "resolved"
    OPEN = "open"


@frozen
class Alert:
    """Something that happened to a run.

    Attributes:
        kind: What happened.
        state: The run as it was when that was seen.
        now: When that was, in unix seconds.
        finding: What was found, or has resolved.
        best: The new best value.
    """

    kind: AlertKind
    state: RunState
    now: float
    finding: Finding | None = None
    best: Best | None = None

    @property
    def urgent(self) -> bool:
        """Whether it is worth a bell: an end, or a finding from warning on."""
        if self.kind is AlertKind.FINDING:
            return self.finding is not None and self.finding.severity >= Severity.WARNING
        return self.kind in (AlertKind.DONE, AlertKind.FAILED)


def alerts_between(
    before: RunState | None,
    after: RunState,
    now: float,
    *,
    since: float,
    kinds: Collection[AlertKind] = tuple(AlertKind),
) -> tuple[Alert, ...]:
    """Return what happened to a run between two looks at it, its end last.

    Args:
        before: The run at the last look at which the rules had seen everything; None at the first one: then
            only what bears a time after `since` is new, for the rest was there before anybody looked.
        after: The run now.
        now: Unix seconds.
        since: When the looking began, in unix seconds.
        kinds: What is asked for; the rest is not looked at.
    """
    found: list[Alert] = []
    if AlertKind.FINDING in kinds or AlertKind.RESOLVED in kinds:
        found += _about_findings(before, after, now, since)
    if AlertKind.BEST in kinds and before is not None:
        best = _new_best(before, after)
        if best is not None:
            found.append(Alert(AlertKind.BEST, after, now, best=best))
    ended = _end(before, after, since)
    if ended is not None:
        found.append(Alert(ended, after, now))
    return tuple(alert for alert in found if alert.kind in kinds)


def _about_findings(before: RunState | None, after: RunState, now: float, since: float) -> list[Alert]:
    known = {finding.id: finding for finding in before.findings} if before is not None else {}
    found = []
    for finding in after.findings:
        earlier = known.get(finding.id)
        if earlier is None:
            if before is None and not finding.time >= since:
                continue
            found.append(Alert(AlertKind.FINDING, after, now, finding))
            if not finding.open:
                found.append(Alert(AlertKind.RESOLVED, after, now, finding))
        elif earlier.open and not finding.open:
            found.append(Alert(AlertKind.RESOLVED, after, now, finding))
        elif finding.open and (finding.severity > earlier.severity or not earlier.open):
            found.append(Alert(AlertKind.FINDING, after, now, finding))
    return found


def _new_best(before: RunState, after: RunState) -> Best | None:
    """Return the best value if it is better than before, and the metric the same."""
    if after.run is before.run:
        return None
    best, earlier = best_value(after.run), best_value(before.run)
    if best is None or earlier is None or best.series != earlier.series:
        return None
    series = after.run.series.get(best.series)
    role = series.role if series is not None else role_of(best.series)
    better = best.value < earlier.value if best.direction == "min" else best.value > earlier.value
    return best if better and role not in _MEASURED_WHILE_TRAINING else None


def _end(before: RunState | None, after: RunState, since: float) -> AlertKind | None:
    if before is None:
        last = after.progress.last_time
        if last is None or last < since:
            return None
    elif before.status is after.status or (before.status in _ENDED_BADLY and after.status in _ENDED_BADLY):
        return None
    if after.status is Status.DONE:
        return AlertKind.DONE
    return AlertKind.FAILED if after.status in _ENDED_BADLY else None


class AlertTracker:
    """Turns the snapshots of a feed into what happened between them. Used by one thread.

    A run counts from the first snapshot on in which all of it was read and seen by the rules. A replay never
    alerts: what it shows happened long ago.

    Args:
        since: When the looking began, in unix seconds.
        kinds: What is asked for.
    """

    def __init__(self, since: float, kinds: Collection[AlertKind] = tuple(AlertKind)) -> None:
        self._since = since
        self._kinds = frozenset(kinds)
        self._known: dict[str, RunState] = {}

    def look(self, snapshot: Snapshot) -> tuple[Alert, ...]:
        """Return what happened since the last look. The cost follows the runs that changed."""
        if snapshot.playback is not None:
            return ()
        found: list[Alert] = []
        for state in snapshot.runs:
            before = self._known.get(state.name)
            if state is before or not settled(state):
                continue
            self._known[state.name] = state
            found += alerts_between(before, state, snapshot.now, since=self._since, kinds=self._kinds)
        return tuple(found)


def settled(state: RunState) -> bool:
    """Return whether all that is there of a run was read, and seen by the rules."""
    return state.checked and not state.sketched
