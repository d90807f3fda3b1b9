"""What happened while nobody looked: one line when the person comes back."""

from __future__ import annotations

import time
from collections.abc import Callable

from tuimon.analysis.best import Best, best_value
from tuimon.analysis.status import Status
from tuimon.core.frozen import frozen
from tuimon.core.text import clean
from tuimon.core.units import format_duration, format_value
from tuimon.monitor.snapshot import RunState

# Less than this is no absence.
LEAST_AWAY_S = 600.0
# An ETA that moved by less than this share of what is left is where it was.
_MOVED, _LEAST_MOVED_S = 0.05, 60.0


@frozen
class Seen:
    """What the person saw of a run before leaving; small, so that it may be kept for days."""

    name: str
    status: Status
    step: int | None
    attempts: int
    best: Best | None
    findings: frozenset[tuple[str, str, int | None]]
    checkpoints: int
    finish_time: float | None


def seen(state: RunState) -> Seen:
    """Return what there is to see of a run now."""
    return Seen(
        name=state.name,
        status=state.status,
        step=state.progress.step,
        attempts=len(state.run.attempts),
        best=best_value(state.run),
        findings=frozenset((finding.rule, finding.series, finding.step) for finding in state.findings),
        checkpoints=sum(record.kind == "checkpoint" for record in state.run.lifecycle),
        finish_time=state.progress.finish_time,
    )


class Absence:
    """Notes what was seen when the person left, and says what happened since; for the screen's thread.

    Args:
        clock: Seconds that pass, asleep or not.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._left: tuple[float, Seen] | None = None

    def begin(self, state: RunState | None) -> None:
        """The person has left, unless that is known already."""
        if self._left is None and state is not None:
            self._left = self._clock(), seen(state)

    def end(self, state: RunState | None) -> str:
        """The person is back: return what to say, or an empty text."""
        left, self._left = self._left, None
        if left is None or state is None:
            return ""
        away_s = self._clock() - left[0]
        return away_text(left[1], state, away_s) if away_s >= LEAST_AWAY_S else ""


def away_text(before: Seen, state: RunState, away_s: float) -> str:
    """Return what changed in a run in so many seconds; an empty text where nothing worth a line did."""
    after = seen(state)
    if after.name != before.name:
        return ""
    restarts = after.attempts - before.attempts
    checkpoints = after.checkpoints - before.checkpoints
    parts = [
        f"now {after.status}" if after.status is not before.status else "",
        _steps(before, after),
        _counted(restarts, "restart"),
        _best(before.best, after.best),
        _findings(before, state),
        _counted(checkpoints, "checkpoint"),
        _eta(before, state),
    ]
    said = ", ".join(part for part in parts if part)
    return f"while you were away ({format_duration(away_s)}): {said}" if said else ""


def _steps(before: Seen, after: Seen) -> str:
    if before.step is None or after.step is None or after.step <= before.step:
        return ""
    return f"{after.step - before.step} steps"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count > 1 else ''}" if count > 0 else ""


def _best(before: Best | None, after: Best | None) -> str:
    if after is None or (before is not None and (before.series, before.value) == (after.series, after.value)):
        return ""
    same = before is not None and before.series == after.series
    was = f" (was {format_value(before.value)})" if before is not None and same else ""
    return f"best {clean(after.series)} {format_value(after.value)}{was}"


def _findings(before: Seen, state: RunState) -> str:
    new = [f for f in state.findings if (f.rule, f.series, f.step) not in before.findings]
    if not new:
        return ""
    worst = max(new, key=lambda finding: finding.severity)
    return f"{_counted(len(new), 'new finding')}: {worst.rule}"


def _eta(before: Seen, state: RunState) -> str:
    now, left = state.progress.finish_time, state.progress.eta_s
    if before.finish_time is None or now is None or left is None or not state.status.live:
        return ""
    moved = now - before.finish_time
    if abs(moved) < max(_MOVED * left, _LEAST_MOVED_S):
        return ""
    return f"ETA {format_duration(abs(moved))} {'later' if moved > 0 else 'earlier'}"
