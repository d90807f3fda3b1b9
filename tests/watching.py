"""A live monitor over a real folder, and waiting for what it shows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tuimon.core.clock import Clock
from tuimon.monitor.monitor import Monitor
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.sources.naming import Root

# Only a broken program takes as long.
LONGEST_WAIT_S = 20.0
_LOOK_S = 0.01

Row = Mapping[str, object]


@contextmanager
def watching(*paths: Path, clock: Clock | None = None) -> Iterator[Monitor]:
    """Watch some paths until the end of the block."""
    monitor = Monitor([Root(path) for path in paths], clock=clock)
    monitor.start()
    try:
        yield monitor
    finally:
        monitor.stop()


def wait_for(monitor: Monitor, holds: Callable[[Snapshot], bool], *, hurry: bool = False) -> Snapshot:
    """Return the first snapshot for which something holds.

    Args:
        monitor: A started monitor.
        holds: What is waited for.
        hurry: Ask for a look at new files meanwhile, which otherwise comes every 2 s.
    """
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        snapshot = monitor.snapshot
        if holds(snapshot):
            return snapshot
        assert time.monotonic() < deadline, f"waited in vain; there is {outline(snapshot)}"
        if hurry:
            monitor.rescan()
        time.sleep(_LOOK_S)


def wait_for_points(monitor: Monitor, name: str, count: int, tag: str = "loss") -> RunState:
    """Return the state of a run once a series has so many points."""
    return state_of(wait_for(monitor, lambda s: points(s, name, tag) == count, hurry=True), name)


def wait_until_quiet(monitor: Monitor, quiet_s: float = 0.5) -> Snapshot:
    """Return the snapshot after which nothing was published for a while."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    last, since = monitor.snapshot, time.monotonic()
    while time.monotonic() - since < quiet_s:
        assert time.monotonic() < deadline, "something is published again and again"
        time.sleep(_LOOK_S)
        if monitor.snapshot is not last:
            last, since = monitor.snapshot, time.monotonic()
    return last


def state_of(snapshot: Snapshot, name: str) -> RunState:
    """Return a run that must be there."""
    state = snapshot.run(name)
    assert state is not None, f"there is no {name} in {outline(snapshot)}"
    return state


def points(snapshot: Snapshot, name: str, tag: str = "loss") -> int:
    """Return how many points of a series are in a snapshot."""
    state = snapshot.run(name)
    series = state.run.series.get(tag) if state is not None else None
    return len(series) if series is not None else 0


def says(snapshot: Snapshot, *words: str) -> bool:
    """Return whether some problem, of a run or beside the runs, says all of these words."""
    told = [*snapshot.problems, *(problem for run in snapshot.runs for problem in run.problems)]
    return any(all(word in f"{each.path}: {each.message}" for word in words) for each in told)


def outline(snapshot: Snapshot) -> object:
    """Return what a failed test needs to know of a snapshot."""
    runs = {
        run.name: ({tag: len(series) for tag, series in run.run.series.items()}, run.problems)
        for run in snapshot.runs
    }
    return runs, snapshot.problems


def rows(steps: range, start: float = 1.7e9, **more: object) -> list[Row]:
    """Return the rows of a training loop that logs a loss each second."""
    return [{"step": step, "time": start + step, "loss": 1 / (step + 1), **more} for step in steps]


def write(path: Path, new: Sequence[Row], *, mode: str = "w") -> Path:
    """Write or append (`mode="a"`) rows as lines of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode, encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in new)
    return path
