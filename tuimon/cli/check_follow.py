"""`tuimon check --follow`: a line for each finding as it opens and as it resolves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tuimon.cli.events import make_herald
from tuimon.cli.printing import complain

if TYPE_CHECKING:
    from tuimon.alerts.alert import Alert
    from tuimon.analysis.findings.catalog import FindingSettings
    from tuimon.core.settings import Settings
    from tuimon.monitor.snapshot import RunState, Snapshot
    from tuimon.output.document import Json
    from tuimon.sources.naming import Root


def follow_findings(
    roots: list[Root], settings: Settings, *, as_json: bool, thresholds: FindingSettings | None
) -> None:
    """Print what opens and resolves until interrupted, or until nobody reads the output any more.

    What is open already when a run is read first is printed at once, and sets nothing off.

    Raises:
        BrokenPipeError: Nobody reads the output.
    """
    from tuimon.alerts.alert import AlertKind
    from tuimon.monitor.monitor import Monitor
    from tuimon.monitor.snapshots import follow

    kinds = (AlertKind.FINDING, AlertKind.RESOLVED)
    herald = make_herald(settings, kinds, since=time.time(), complain=complain)
    monitor = Monitor(
        roots, total=settings.total, memory_limit_bytes=settings.memory_limit_bytes, thresholds=thresholds
    )
    seen: set[str] = set()
    try:
        for snapshot in follow(monitor):
            new = [alert for alert in herald.look(snapshot) if alert.finding is not None]
            for alert in (*_open_before(snapshot, seen, new), *new):
                print(_document_line(alert) if as_json else _line(alert), flush=True)
    finally:
        herald.stop()


def _open_before(snapshot: Snapshot, seen: set[str], new: list[Alert]) -> Iterator[Alert]:
    """Yield what was open in each run when it was read first."""
    from tuimon.alerts.alert import Alert, AlertKind, settled

    told = {(alert.state.name, alert.finding.id) for alert in new if alert.finding is not None}
    fresh: list[RunState] = [s for s in snapshot.runs if s.name not in seen and settled(s)]
    seen.update(state.name for state in fresh)
    for state in fresh:
        for finding in state.findings:
            if finding.open and (state.name, finding.id) not in told:
                yield Alert(AlertKind.OPEN, state, snapshot.now, finding)


def _line(alert: Alert) -> str:
    from tuimon.alerts.document import alert_text
    from tuimon.core.units import format_date

    return f"{format_date(alert.now)} {alert_text(alert)}"


def _document_line(alert: Alert) -> str:
    from tuimon.alerts.document import finding_document
    from tuimon.output.document import dump

    told: dict[str, Json] = finding_document(alert) or {}
    return dump({"event": alert.kind.value, **told})
