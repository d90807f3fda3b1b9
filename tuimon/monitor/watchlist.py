"""The runs under watch, as they are found, again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tuimon.core.batch import Problem
from tuimon.monitor.watching import RunWatch, superseded
from tuimon.sources.discovery import EMPTY_FOLDER, Discoverer
from tuimon.sources.naming import Root, natural_key
from tuimon.store.budget import MemoryBudget

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings

_LOOK_S = 2.0
# ... or this often while files come and go.
_HINTED_LOOK_S = 0.2
# A look below the roots may take this share of the time.
_SHARE = 0.02


class Watchlist:
    """Looks for runs, and watches those found in the natural order of their names.

    Used by the reader's thread.

    Args:
        roots: Where to look.
        total: The total number of steps of each run, if the person gave it.
        budget: What the points of all runs may take; None for no limit.
        thresholds: Those of the rules, if not the defaults.

    Attributes:
        problems: What was wrong at the last look. A folder that is empty is no problem: runs may begin in it.
        due: When to look next, in seconds of a monotonic clock. Any thread may set it.
    """

    def __init__(
        self,
        roots: Sequence[Root],
        total: int | None,
        budget: MemoryBudget | None,
        thresholds: FindingSettings | None = None,
    ) -> None:
        self.problems: tuple[Problem, ...] = ()
        self.due = 0.0
        self._roots = tuple(roots)
        self._total = total
        self._budget = budget
        self._thresholds = thresholds
        self._discoverer = Discoverer()
        self._earliest = 0.0
        self._by_name: dict[str, RunWatch] = {}
        self._of_path: dict[str, RunWatch] = {}

    def __iter__(self) -> Iterator[RunWatch]:
        """Yield the runs in the natural order of their names."""
        return iter(self._by_name.values())

    def __len__(self) -> int:
        """Return how many runs are watched."""
        return len(self._by_name)

    def of_name(self, name: str | None) -> RunWatch | None:
        """Return the run of a name."""
        return None if name is None else self._by_name.get(name)

    def of_path(self, path: str) -> RunWatch | None:
        """Return the run that is read from a file."""
        return self._of_path.get(path)

    def hurry(self) -> None:
        """Look soon: files came or went. Called in any thread."""
        self.due = min(self.due, max(time.monotonic() + _HINTED_LOOK_S, self._earliest))

    def look(self) -> bool:
        """Look for runs now; return whether runs came or went, or problems did."""
        started = time.monotonic()
        found = self._discoverer.discover(self._roots)
        watches = dict(self._by_name)
        is_other = False
        for ref in found.runs:
            watch = watches.get(ref.name)
            if watch is None:
                watches[ref.name] = RunWatch(
                    ref, self._total, with_rules=True, budget=self._budget, thresholds=self._thresholds
                )
            elif ref != watch.reading.ref:
                is_other |= ref.sources != watch.reading.ref.sources
                watch.reading.ref = ref
                watch.schedule.hurry(started)
        for name in superseded(watches, found.runs):
            watches.pop(name).reading.close()
        changed = watches.keys() != self._by_name.keys()
        if changed:
            self._by_name = {name: watches[name] for name in sorted(watches, key=natural_key)}
        if changed or is_other:
            self._of_path = {str(path): watch for watch in self for path in watch.paths}
        problems = tuple(problem for problem in found.problems if problem.message != EMPTY_FOLDER)
        changed |= problems != self.problems
        self.problems = problems
        ended = time.monotonic()
        took_s = (ended - started) / _SHARE
        self.due = ended + max(_LOOK_S, took_s)
        self._earliest = ended + max(_HINTED_LOOK_S, took_s)
        return changed
