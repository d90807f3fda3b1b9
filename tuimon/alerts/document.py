"""An alert in words and as JSON."""

from __future__ import annotations

from dataclasses import asdict

from tuimon.alerts.alert import Alert, AlertKind
from tuimon.analysis.charted import telling_series
from tuimon.core.text import clean
from tuimon.core.units import format_duration, format_value
from tuimon.output.check import finding_documents
from tuimon.output.document import Json, number
from tuimon.output.waiting import finding_text


def alert_document(alert: Alert) -> dict[str, Json]:
    """Return what a command or a receiver is told of an alert; see `docs/json.md`."""
    state, progress = alert.state, alert.state.progress
    best, told = alert.best, telling_series(state.run)
    return {
        "event": alert.kind.value,
        "run": state.name,
        "path": str(state.path),
        "time": number(alert.now),
        "message": alert_text(alert),
        "status": state.status.value,
        "step": progress.step,
        "total_steps": progress.total_steps,
        "fraction": number(progress.fraction),
        "loss": number(told.statistics.last) if told is not None else None,
        "eta_s": number(progress.eta_s),
        "finding": finding_document(alert),
        "best": {**asdict(best), "value": number(best.value)} if best is not None else None,
    }


def finding_document(alert: Alert) -> dict[str, Json] | None:
    """Return what `check --json` says of the alert's finding; None where it has none."""
    finding = alert.finding
    if finding is None:
        return None
    return next(told for told in finding_documents(alert.state) if told["id"] == finding.id)


def alert_text(alert: Alert) -> str:
    """Return an alert as one clean line."""
    name, progress = clean(alert.state.name), alert.state.progress
    finding, best = alert.finding, alert.best
    if finding is not None:
        resolved = " (resolved)" if alert.kind is AlertKind.RESOLVED else ""
        return f"{name}: {finding_text(finding)}{resolved}"
    if best is not None:
        return f"{name}: new best {clean(best.series)} {format_value(best.value)} at step {best.step}"
    step = f" at step {progress.step}" if progress.step is not None else ""
    if progress.total_steps is not None:
        step += f" of {progress.total_steps}"
    took = f" after {format_duration(progress.elapsed_s)}" if progress.elapsed_s else ""
    return f"{name}: {alert.state.status.value}{step}{took}"
