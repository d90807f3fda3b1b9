"""What a screen draws from: everything that is known, frozen at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.progress import Progress
from tuimon.analysis.status import Status
from tuimon.analysis.trend import Trend, loss_trend
from tuimon.core.batch import Problem
from tuimon.core.frozen import frozen
from tuimon.core.process import RunProcess
from tuimon.store.run import RunView

if TYPE_CHECKING:
    from tuimon.core.hardware import HardwareSample


@frozen
class RunState:
    """One run at one moment.

    Attributes:
        name: The path below the given folder, or the name that tells it apart.
        path: The run's folder or file.
        formats: Names of the formats it is read from.
        run: All that was read.
        status: Whether it is alive.
        progress: How far, how fast, when done.
        findings: In the order in which they opened.
        problems: What could not be read.
        loaded: The share of its bytes that was read, 0 to 1.
        changed_at: When its files changed last, in unix seconds.
        checked_step: The rules have seen everything up to this step; None where they have seen nothing.
        checked: Whether the rules have looked at all that was read.
        sketched: `run` is a sketch: what stands at some places of large files, until these are read.
        process: The process of this machine that writes it; None where nobody knows.
        host: The other machine on which it runs, as it says itself; "" for this one, or where nothing tells.
        given_name: How it was called where it was logged; "" if it has no such name, or `name` tells it.
    """

    name: str
    path: Path
    formats: tuple[str, ...]
    run: RunView
    status: Status
    progress: Progress
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    loaded: float
    changed_at: float
    checked_step: int | None
    checked: bool = True
    sketched: bool = False
    process: RunProcess | None = None
    host: str = ""
    given_name: str = ""

    @property
    def trend(self) -> Trend | None:
        """Where the training loss is going; None before it can be told. Measured when it is asked for."""
        return loss_trend(self.run)

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """Findings that still hold, the worst first, older before newer."""
        return tuple(sorted((f for f in self.findings if f.open), key=lambda f: -f.severity))


@frozen
class Playback:
    """Where a replay is.

    Attributes:
        speed: Seconds of the data per second.
        paused: Whether it stands still.
        position: Wall time of the data (or pace time where none is logged) that is shown.
        start: The earliest position.
        end: The latest position.
        step: The step that is shown.
    """

    speed: float
    paused: bool
    position: float
    start: float
    end: float
    step: int | None


@frozen
class Snapshot:
    """Everything that is known, at one moment.

    Attributes:
        revision: Rises with every published change.
        now: The time that ages and ETAs refer to: the clock's when live, the data's in a replay.
        roots: What is watched.
        runs: In the natural order of their names.
        hardware: The last hardware samples of this machine, oldest first; empty in a replay.
        problems: What is wrong beside the runs: unreadable paths, a thread that died.
        listing: Whether the first look below the roots is still going on.
        playback: Where a replay is, or None when live.
    """

    revision: int
    now: float
    roots: tuple[Path, ...]
    runs: tuple[RunState, ...] = ()
    hardware: tuple[HardwareSample, ...] = ()
    problems: tuple[Problem, ...] = ()
    listing: bool = False
    playback: Playback | None = None
    # Made when they are asked for first, by any thread: every thread would make the same.
    _live: bool | None = field(default=None, init=False, repr=False, compare=False)
    _by_name: Mapping[str, RunState] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def live(self) -> bool:
        """Whether any run is live."""
        if self._live is None:
            object.__setattr__(self, "_live", any(run.status.live for run in self.runs))
        return bool(self._live)

    def run(self, name: str | None) -> RunState | None:
        """Return the run of that name, or None."""
        if self._by_name is None:
            object.__setattr__(self, "_by_name", {run.name: run for run in self.runs})
        return None if name is None or self._by_name is None else self._by_name.get(name)
