"""Which runs are listed, in which order, and what stands for each; looked up once per picture and run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimon.analysis.best import Best, best_value
from tuimon.analysis.charted import main_series
from tuimon.analysis.status import Status
from tuimon.core.roles import Role, role_of
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.view import View

if TYPE_CHECKING:
    from tuimon.output.run_query import Query

ORDERS = ("name", "best", "loss", "changed", "status", "progress", "eta", "findings")
_STATUSES = tuple(Status)


@dataclass(slots=True)
class _Known:
    """What was looked up of a run in one of its revisions."""

    revision: int
    best: Best | None


class RunList:
    """Filters and sorts runs, and remembers what that took. Only the screen's thread uses it."""

    def __init__(self) -> None:
        self._of: tuple[int, str, str, int] | None = None
        self._listed: tuple[RunState, ...] = ()
        self._usual: Role | None = None
        self._usual_of: tuple[RunState, ...] | None = None
        self._known: dict[str, _Known] = {}

    def listed(self, snapshot: Snapshot, view: View) -> tuple[RunState, ...]:
        """Return the runs that pass the view's filter, in its order; unknown values come last."""
        wanted = (snapshot.revision, view.run_filter, view.run_order, len(snapshot.runs))
        if wanted != self._of:
            runs: Sequence[RunState] = snapshot.runs
            if view.run_filter:
                chosen = run_filter(view.run_filter)
                runs = [state for state in runs if chosen(state)]
            # Sorting is stable: what is equal stays in the order of the names.
            key = self._key(view.run_order, runs)
            self._listed = tuple(runs) if key is None else tuple(sorted(runs, key=key))
            self._of = wanted
        return self._listed

    def best(self, state: RunState) -> Best | None:
        """Return the best value of a run; it is looked up once per revision."""
        if state.sketched:
            return None  # a better one may stand where nobody has looked yet
        known = self._known.get(state.name)
        if known is None or known.revision != state.run.revision:
            known = self._known[state.name] = _Known(state.run.revision, best_value(state.run))
        return known.best

    def _key(self, order: str, runs: Sequence[RunState]) -> Callable[[RunState], float] | None:
        value = self._best_first(runs) if order == "best" else _SORTED_BY.get(order)
        if value is None:
            return None

        def key(state: RunState) -> float:
            found = value(state)
            return math.inf if found is None or math.isnan(found) else found

        return key

    def is_usual(self, best: Best) -> bool:
        """Return whether a best value is one of the metric by which most of the listed runs are judged."""
        return role_of(best.series).value == self.usual

    @property
    def usual(self) -> str:
        """What most of the listed runs are judged by: a role's name; "" where no run has a best value."""
        if self._usual_of is not self._listed:
            self._usual, self._usual_of = self._usual_role(self._listed), self._listed
        return "" if self._usual is None else self._usual.value

    def _usual_role(self, runs: Sequence[RunState]) -> Role | None:
        roles = Counter(role_of(best.series) for state in runs if (best := self.best(state)) is not None)
        return roles.most_common(1)[0][0] if roles else None

    def _best_first(self, runs: Sequence[RunState]) -> Callable[[RunState], float | None]:
        """Return what sorts by the best value; runs whose best value is another metric's come after."""
        usual = self._usual_role(runs)

        def value(state: RunState) -> float | None:
            best = self.best(state)
            if best is None or role_of(best.series) is not usual:
                return None
            return -best.value if best.direction == "max" else best.value

        return value


def run_filter(text: str) -> Query:
    """Return the filter that was typed; while it is no query (yet), runs whose name holds the text pass."""
    from tuimon.output.run_query import QueryError, parse_query  # noqa: PLC0415  # nobody filters at the start

    try:
        return parse_query(text)
    except QueryError:
        return lambda state: text.lower() in state.name.lower()


def _last(state: RunState) -> float | None:
    series = main_series(state.run)
    return None if series is None else series.statistics.last


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


_SORTED_BY: dict[str, Callable[[RunState], float | None]] = {
    "changed": lambda state: -state.changed_at,
    "status": lambda state: _STATUSES.index(state.status),
    "loss": _last,
    "progress": lambda state: _negative(state.progress.fraction),
    "eta": lambda state: state.progress.eta_s if state.status.live else None,
    "findings": lambda state: -sum(1 + finding.severity for finding in state.open_findings),
}
