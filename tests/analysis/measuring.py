"""Progress at a moment, from the points of a run alone."""

from __future__ import annotations

from tuimon.analysis.eta import Gauge
from tuimon.analysis.progress import Progress
from tuimon.analysis.status import Status
from tuimon.analysis.totals import Totals
from tuimon.store.run import RunView


def measure_progress(
    run: RunView, now: float, totals: Totals, status: Status | None = None, *, stalled: bool = False
) -> Progress:
    """Return the progress of a run at a time, in unix seconds, as a new gauge tells it."""
    return Gauge.of(run, totals).at(now, status, stalled=stalled)
