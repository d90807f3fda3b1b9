"""Runs as they are read from files at one moment after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.watching import Row, rows, write
from tuimon.analysis.status import Status
from tuimon.monitor.once import read_once
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.sources.naming import Root

START = 1.7e9


@dataclass(frozen=True)
class Moment:
    """A clock that stands still."""

    time: float

    def now(self) -> float:
        return self.time


def read(folder: Path, lines: Sequence[Row], *, live: bool = True) -> RunState:
    """Write lines as a run of 1000 steps, and read it as it is at the moment of the last one."""
    path = write(folder / "alpha.jsonl", [{"time": START, "config": {"max_steps": 1000}}, *lines])
    now = max(float(str(line["time"])) for line in lines)
    (state,) = read_once([Root(path)], with_rules=True, clock=Moment(now)).runs
    return replace(state, status=Status.RUNNING) if live and state.status is Status.UNKNOWN else state


def healthy(stop: int) -> list[Row]:
    return rows(range(1, stop))


def broken(stop: int) -> list[Row]:
    """Return healthy lines and one whose loss is NaN."""
    return [*healthy(stop), *rows(range(stop, stop + 1), loss=float("nan"))]


def shown(*states: RunState, now: float = START) -> Snapshot:
    return Snapshot(1, now, (Path("outputs"),), states)
