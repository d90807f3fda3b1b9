"""Read everything once, without threads: what `summary`, `check` and `eta` stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tuimon.analysis.status import Status
from tuimon.core.batch import Problem
from tuimon.core.clock import Clock
from tuimon.core.errors import NoRunError
from tuimon.core.frozen import frozen
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState
from tuimon.monitor.watching import RunWatch
from tuimon.sources.base import UNBOUNDED, Discovery, ReadBudget, RunRef
from tuimon.sources.discovery import Discoverer
from tuimon.sources.naming import Root
from tuimon.store.run import RunView

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings

# Slices in which a reading is told of: large enough to cost nothing, small enough to move.
TOLD_SLICE = ReadBudget(max_bytes=1 << 24)

# A message of thousands of names helps nobody.
_LISTED_NAMES = 20

Tell = Callable[[float, str], None]
"""Is told the share of the work that is done, 0 to 1, and the name of the run that is being read."""


@frozen
class Reading:
    """All runs below some paths, read to their ends.

    Attributes:
        runs: In the order of their names.
        problems: What is wrong beside the runs: unreadable paths and the like.
    """

    runs: tuple[RunState, ...]
    problems: tuple[Problem, ...]

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """What is wrong in the runs and beside them."""
        return (*(problem for run in self.runs for problem in run.problems), *self.problems)


def read_once(
    roots: Sequence[Root],
    *,
    total: int | None = None,
    with_rules: bool = False,
    clock: Clock | None = None,
    tell: Tell | None = None,
    verify: bool = False,
    thresholds: FindingSettings | None = None,
    run: str | None = None,
) -> Reading:
    """Read all runs below `roots` to their ends.

    "Now" is the time of each run's own data, so that the same files give the same answer on any day.

    Args:
        roots: Where to look.
        total: The total number of steps of each run, if the person gave it.
        with_rules: Whether rules run.
        clock: Tells the present. With it, a run that goes on at this moment is measured at the present.
        tell: Is told how far the reading is.
        verify: Whether every checksum is verified, also those of records that are read as well without.
        thresholds: Those of the rules, if not the defaults.
        run: Only the run of this name; None for all.

    Raises:
        NoRunError: There is no run, or none of that name.
    """
    discovery = find_runs(roots)
    chosen = runs_named(discovery.runs, run)
    refs = [ref.verified() for ref in chosen] if verify else chosen
    states = tuple(
        iter_states(refs, total=total, with_rules=with_rules, clock=clock, tell=tell, thresholds=thresholds)
    )
    return Reading(states, discovery.problems)


def find_runs(roots: Sequence[Root]) -> Discovery:
    """Return all runs below `roots`, unread.

    Raises:
        NoRunError: There is no run.
    """
    discovery = Discoverer().discover(roots)
    if not discovery.runs:
        where = ", ".join(str(root.path) for root in roots)
        told = discovery.problems[0] if discovery.problems else None
        raise NoRunError(
            told.message if told is not None else "no training run found",
            str(told.path) if told is not None else where,
            "" if told is not None else "`tuimon doctor PATH` tells what each file was taken for",
        )
    return discovery


def runs_named(refs: Sequence[RunRef], name: str | None) -> Sequence[RunRef]:
    """Return the runs of a name that a person asked for, or all where they asked for none.

    Raises:
        NoRunError: No run has it.
    """
    chosen = [ref for ref in refs if name in (None, ref.name)]
    if not chosen:
        names = ", ".join(clean(ref.name) for ref in refs[:_LISTED_NAMES])
        more = f" and {len(refs) - _LISTED_NAMES} more" if len(refs) > _LISTED_NAMES else ""
        raise NoRunError(f"no run is named {clean(str(name))}", "--run", f"one of: {names}{more}")
    return chosen


def iter_states(
    refs: Sequence[RunRef],
    *,
    total: int | None,
    with_rules: bool,
    clock: Clock | None = None,
    tell: Tell | None = None,
    thresholds: FindingSettings | None = None,
) -> Iterator[RunState]:
    """Read runs one by one, so that only one is being worked on at a time; see `read_once`."""
    for number, ref in enumerate(refs):
        yield read_state(
            ref,
            total=total,
            with_rules=with_rules,
            clock=clock,
            tell=None if tell is None else partial(_tell_part, tell, number, len(refs)),
            thresholds=thresholds,
        )


def read_state(
    ref: RunRef,
    *,
    total: int | None,
    with_rules: bool,
    clock: Clock | None = None,
    tell: Tell | None = None,
    thresholds: FindingSettings | None = None,
) -> RunState:
    """Read one run to its end; see `read_once`."""
    watch = RunWatch(ref, total, with_rules=with_rules, thresholds=thresholds)
    more = True
    while more:
        if tell is not None:
            tell(watch.reading.loaded, ref.name)
        _, more = watch.read(UNBOUNDED if tell is None else TOLD_SLICE)
    while watch.judge.extend(watch.view, None):
        pass
    state = _present_state(watch, clock.now()) if clock is not None else None
    if state is None or not state.status.live:
        state = watch.refresh(data_time(watch.view), live=False)
    watch.reading.close()
    return state


def _present_state(watch: RunWatch, now: float) -> RunState:
    """Return the state of a run at this moment: a process that writes it tells a silence from an end."""
    state = watch.refresh(now, live=True)
    if state.status is not Status.STOPPED:
        return state
    from tuimon.monitor.liveness import MAY_HANG_S, is_written  # noqa: PLC0415  # most runs need none of it

    if now - data_time(watch.view) < MAY_HANG_S and is_written(watch.reading.ref.path):
        return watch.refresh(now, live=True, process_alive=True)
    return state


def _tell_part(tell: Tell, number: int, count: int, share: float, name: str) -> None:
    """Tell the share of all runs that is done when that of one of them is."""
    tell((number + share) / count, name)


def data_time(run: RunView) -> float:
    """Return the newest wall time that a run logged; NaN where it logged none."""
    newest = [
        float(np.nanmax(s.wall_times))
        for s in run.series.values()
        if len(s) and np.isfinite(s.wall_times).any()
    ]
    return max(newest, default=float("nan"))
