"""What is made of a run's points as they come: progress, status, trend, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tuimon.analysis.eta import Gauge
from tuimon.analysis.progress import Progress
from tuimon.analysis.status import Evidence, Status, decide_status
from tuimon.analysis.totals import Totals, find_totals
from tuimon.core.frozen import frozen
from tuimon.store.rows import RowReader, Rows
from tuimon.store.run import RunView

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings
    from tuimon.analysis.findings.engine import FindingEngine

# Rules look at points in Python: this many take about a millisecond, after which keys get a turn.
SLICE_ROWS = 1000
# So many are put in order at once, in some milliseconds: with ten million no key was answered for a second.
_READ_POINTS = 50_000
# What is said of the end of a run that could not say anything itself.
_GONE = "its process is gone, and no end was logged"


@frozen
class Verdict:
    """What is known of a run at one moment beside its points and findings."""

    status: Status
    progress: Progress


class RunJudge:
    """Follows one run. Used by one thread.

    Args:
        name: The run's name, for findings.
        total: The total number of steps, if the person gave it.
        with_rules: Whether rules run.
        thresholds: Those of the rules, if not the defaults.
    """

    def __init__(
        self,
        name: str,
        total: int | None,
        *,
        with_rules: bool,
        thresholds: FindingSettings | None = None,
    ) -> None:
        self._name = name
        self._with_rules = with_rules
        self._thresholds = thresholds
        self.engine: FindingEngine | None = None
        self._total = total
        self._reader: RowReader | None = None
        self._waiting: Rows | None = None
        self._at = 0
        self._told = 0
        self._totals: Totals | None = None
        self._counted: RunView | None = None
        self._gauge: Gauge | None = None
        self._gauged: RunView | None = None

    def extend(self, run: RunView, slice_rows: int | None = SLICE_ROWS) -> bool:
        """Let the rules look at new points, at most at a slice of them; return whether more are waiting."""
        if not self._with_rules:
            return False
        if self.engine is None or self._reader is None:
            # Rules come after the first picture, and so does their import.
            from tuimon.analysis.findings.engine import FindingEngine  # noqa: PLC0415

            self.engine = FindingEngine(self._name, self._thresholds)
            self._reader = RowReader(self.engine.wanted)
        if self._waiting is None:
            self._waiting, self._at = self._reader.read(run, _READ_POINTS), 0
        stop = len(self._waiting) if slice_rows is None else self._waiting.border(self._at + slice_rows)
        stop = self._tell_failures(self.engine, run, self._waiting, stop)
        rows = self._waiting.part(self._at, stop)
        self.engine.extend(rows, run.attempts, self.totals(run).total_steps, run.config)
        self._at = stop
        if stop >= len(self._waiting) and self._reader.has_left:
            self._waiting, self._at = self._reader.read(run, _READ_POINTS), 0
        elif stop >= len(self._waiting):
            self._tell_failures(self.engine, run, self._waiting, stop)
            self._waiting = None
        return self._waiting is not None

    def _tell_failures(self, engine: FindingEngine, run: RunView, rows: Rows, stop: int) -> int:
        """Tell the rules what failed before the next row; return the row before which to tell the next.

        A failure without a time is told after the rows that were read with it.
        """
        for record in run.lifecycle[self._told :]:
            times = rows.wall_times[self._at : stop]
            later = np.flatnonzero(times > record.wall_time)
            if len(later) and later[0]:
                return self._at + int(later[0])
            if not len(later) and len(times):
                return stop
            self._told += 1
            if record.kind == "error":
                engine.tell(record.text, record.step, record.wall_time)
        return stop

    def totals(self, run: RunView) -> Totals:
        """Return how long the run will be, as far as anything tells."""
        if self._totals is None or self._counted is not run:
            self._totals, self._counted = find_totals(run, self._total), run
        return self._totals

    def verdict(
        self,
        run: RunView,
        now: float,
        *,
        live: bool,
        changed_at: float,
        process_alive: bool | None = None,
        caught_up: bool = True,
    ) -> Verdict:
        """Return what can be said now.

        Args:
            run: The run, with all points that `extend` has seen, or more.
            now: The time that ages refer to.
            live: Whether `now` is the clock, so that silence means something.
            changed_at: When the run's files changed last.
            process_alive: Whether the process that writes the run lives; None where nobody knows.
            caught_up: Whether all that was written so far was read. As long as it was not, silence lies in
                the reading, not in the run.
        """
        gauge = self._gauge_of(run)
        evidence = Evidence.of(
            run, gauge.progress, now=now, live=live, changed_at=changed_at, process_alive=process_alive
        )
        status = decide_status(evidence)
        stalled = False
        if self.engine is not None:
            if caught_up and self._waiting is None:
                self.engine.tick(now, running=status.live)
                gone = evidence.process_alive is False or evidence.failed
                if status is Status.DONE or (status is Status.FAILED and gone):
                    is_silent = evidence.process_alive is False and not evidence.failed
                    words = _GONE if is_silent else evidence.last_words
                    self.engine.end(status, evidence.last_sign_of_life, words)
            stalled = any(finding.open and finding.rule == "stalled" for finding in self.engine.findings)
        return Verdict(status, gauge.at(now, status, stalled=stalled))

    def _gauge_of(self, run: RunView) -> Gauge:
        """Return what the points say; it is the same until more of them come."""
        if self._gauge is None or run is not self._gauged:
            self._gauge, self._gauged = Gauge.of(run, self.totals(run), self._gauge), run
        return self._gauge
