"""How long thousands of run folders take until they are found, listed and on the screen; and many tags.

A sweep of 5,000 folders is written, half of them with event files and half with JSON lines, 200 to 1,000
steps each. Each round measures, in processes of their own: one look below the folder, and another; all runs
listed by the monitor, each with its last step and loss (which must be those that were written), and all runs
read; the first screen of `tuimon watch` with a run on it. Last, one run with 5,000 tags is filtered as it is
typed. Everything is read once before it is measured, so that the files are in the page cache.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.folder_workload import Ending, write_sweep, write_wide_run
from benchmarks.measure import (
    ROOT,
    environment,
    machine_watched,
    make_parser,
    print_table,
    spread,
    tuimon_command,
)
from benchmarks.terminal import Terminal

if TYPE_CHECKING:
    from tuimon.monitor.snapshot import RunState, Snapshot

_FOUND, _FOUND_AGAIN, _NAMED, _LISTED, _READ = "found", "found again", "named", "listed", "read"
_FIRST, _FILTERED = "first screen", "filtered"
_NAMES = {
    _FOUND: "all runs found",
    _FOUND_AGAIN: "all runs found again",
    _NAMED: "monitor: all names",
    _LISTED: "monitor: all with last step and loss",
    _READ: "monitor: all read",
    _FIRST: "first screen of `tuimon watch`",
    _FILTERED: "a key that filters 5,000 tags",
}
_GOALS = {_LISTED: "<= 5 s", _FIRST: "<= 1 s", _FILTERED: "<= 0.1 s"}
_PATIENCE_S = 120.0
_LOOK_S = 0.01
_TYPED = "layer04"

Costs = dict[str, tuple[float, float]]
"""Wall and CPU seconds of what was measured."""


def main() -> None:
    """Measure and print, or be the process that is measured."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of everything (default: 3)")
    parser.add_argument("--runs", type=int, help="folders (default: 5,000)")
    parser.add_argument("--read-all", action="store_true", help="also until all runs are read")
    parser.add_argument("--measure", choices=("find", "list"), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure = _find if args.measure == "find" else _list
        print(json.dumps(measure(args.root, read_all=args.read_all)))
        return
    count = args.runs or (500 if args.quick else 5000)
    with tempfile.TemporaryDirectory() as name, machine_watched(f"{count:,} folders"):
        root, wide = Path(name, "sweep"), Path(name, "wide")
        endings = write_sweep(root, count)
        write_wide_run(wide, count, 100)
        (Path(name) / "endings.json").write_text(
            json.dumps({run: [end.step, end.loss] for run, end in endings.items()})
        )
        costs: dict[str, list[tuple[float, float]]] = {}
        for _ in range(1 if args.quick else args.rounds):
            found = _measured("find", root) | _measured("list", root, *["--read-all"] * args.read_all)
            found |= {_FIRST: _first_screen(root), _FILTERED: _filter(wide)}
            for what, cost in found.items():
                costs.setdefault(what, []).append(cost)
    print_table(
        (f"{count:,} run folders", "wall s, median (quartiles)", "CPU s, median (quartiles)", "goal"),
        [
            (
                _NAMES[what],
                spread([wall_s for wall_s, _ in each]).text(1, 3),
                spread([cpu_s for _, cpu_s in each]).text(1, 3),
                _GOALS.get(what, ""),
            )
            for what, each in costs.items()
        ],
    )


def _measured(what: str, root: Path, *more: str) -> Costs:
    """Return what a process of its own measured."""
    command = [sys.executable, "-m", "benchmarks.folders", "--measure", what, "--root", str(root), *more]
    output = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True).stdout
    return {name: tuple(cost) for name, cost in json.loads(output).items()}


def _clocked(do: Callable[[], object]) -> tuple[float, float]:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - wall_s, time.process_time() - cpu_s


def _find(root: Path, *, read_all: bool) -> Costs:  # noqa: ARG001  # what _list takes too
    """Look for runs with nothing known, and once more."""
    from tuimon.sources.discovery import Discoverer  # noqa: PLC0415  # as in benchmarks.memory
    from tuimon.sources.naming import Root  # noqa: PLC0415

    discoverer = Discoverer()
    return {what: _clocked(lambda: discoverer.discover([Root(root)])) for what in (_FOUND, _FOUND_AGAIN)}


def _list(root: Path, *, read_all: bool) -> Costs:
    """Let a monitor list all runs, and hold what it lists against what was written."""
    from tuimon.monitor.monitor import Monitor  # noqa: PLC0415  # as in benchmarks.memory
    from tuimon.sources.naming import Root  # noqa: PLC0415

    written = json.loads((root.parent / "endings.json").read_text())
    endings = {run: Ending(*end) for run, end in written.items()}
    monitor = Monitor([Root(root)])
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    monitor.start()
    waited: dict[str, Callable[[Snapshot], bool]] = {
        _NAMED: lambda snapshot: not snapshot.listing,
        _LISTED: lambda snapshot: all(run.progress.step is not None for run in snapshot.runs),
    }
    if read_all:
        waited[_READ] = lambda snapshot: all(run.loaded == 1 and not run.sketched for run in snapshot.runs)
    costs: Costs = {}
    for what, holds in waited.items():
        while not holds(monitor.snapshot):
            time.sleep(_LOOK_S)
        costs[what] = time.perf_counter() - wall_s, time.process_time() - cpu_s
        if what != _NAMED and {run.name: _ending(run) for run in monitor.snapshot.runs} != endings:
            raise RuntimeError("something else was listed than was written")
    monitor.stop()
    return costs


def _ending(run: RunState) -> Ending | None:
    """Return the last step and loss that a list shows of a run."""
    from tuimon.core.roles import Role  # noqa: PLC0415  # as in benchmarks.memory

    losses = run.run.with_role(Role.LOSS)
    known = bool(losses) and run.progress.step is not None
    return Ending(run.progress.step or 0, losses[0].statistics.last) if known else None


def _first_screen(root: Path) -> tuple[float, float]:
    """Start `tuimon watch` until a run of the sweep is on the screen."""
    with Terminal(tuimon_command("watch", str(root))) as terminal:
        if not terminal.read(
            _PATIENCE_S, lambda: any(b"run" in c.content and b"lr_" in c.content for c in terminal.chunks)
        ):
            raise RuntimeError("tuimon watch showed no run")
        cpu_s = terminal.cpu_s()
        at = terminal.first_at(lambda text: "lr_" in text)
        return (at if at is not None else float("nan")), cpu_s


def _filter(root: Path) -> tuple[float, float]:
    """Type a filter of the charts of a run of many tags; return what the slowest key took."""
    with Terminal(tuimon_command("watch", str(root))) as terminal:
        if not terminal.read(_PATIENCE_S, lambda: terminal.braille_count() > 0):
            raise RuntimeError("tuimon watch showed no curve")
        terminal.read_until_quiet(2.0, _PATIENCE_S)
        terminal.send("/")
        terminal.read_until_quiet(0.5, _PATIENCE_S)
        slowest: tuple[float, float] = (0.0, 0.0)
        for key in _TYPED:
            seen, cpu_s = len(terminal.chunks), terminal.cpu_s()
            pressed = terminal.send(key)
            terminal.read_until_quiet(0.5, _PATIENCE_S)
            # Until the last byte: the echo of the key comes before the charts, if these take long.
            shown = [chunk.at - pressed for chunk in terminal.chunks[seen:] if chunk.at - pressed < 1.0]
            slowest = max(slowest, (max(shown, default=0.0), terminal.cpu_s() - cpu_s))
        return slowest


if __name__ == "__main__":
    main()
