"""`tuimon wait`: until a run is done, has a finding, or has reached a step."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tuimon.cli.paths import add_formats, add_total, duration_seconds, roots_of, settings_of, thresholds_of
from tuimon.cli.printing import complain, print_lines
from tuimon.core.errors import EXIT_FAILED, EXIT_FINE, EXIT_TIME_OUT, UsageError
from tuimon.core.text import clean

if TYPE_CHECKING:
    from tuimon.monitor.snapshot import RunState, Snapshot

SUMMARY = "Wait until a run is done, fails, has a finding or reaches a step."
EXAMPLE = "tuimon wait ./outputs --run healthy --until done --timeout 6h"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("path", metavar="PATH", help="a run's folder or file; it need not be there yet")
    parser.add_argument("--run", metavar="NAME", help="which run, if there are several below PATH")
    parser.add_argument(
        "--until",
        metavar="WHAT",
        action="append",
        help="done (default), failed, finding (warning or worse), finding=LEVEL, or step=N; "
        "several times for whichever comes first",
    )
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        type=duration_seconds,
        help="wait no longer than this: 90s, 30m, 6h, 2d (default: for ever)",
    )
    add_formats(parser)
    add_total(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total})
    from tuimon.analysis.status import Status
    from tuimon.monitor.liveness import is_written
    from tuimon.monitor.monitor import Monitor
    from tuimon.monitor.snapshots import follow
    from tuimon.output.waiting import end_line, ended, parse_condition, reached

    conditions = [parse_condition(text) for text in args.until or ["done"]]
    monitor = Monitor(
        roots_of([args.path], args.format),
        total=settings.total,
        memory_limit_bytes=settings.memory_limit_bytes,
        thresholds=thresholds_of(settings),
    )
    state: RunState | None = None
    for snapshot in follow(monitor, args.timeout):
        state = _chosen(snapshot, args)
        # What is not read and judged yet says nothing; nor does its absence.
        if state is None or not state.checked or state.sketched:
            continue
        told = next((text for each in conditions if (text := reached(state, each)) is not None), None)
        if told is not None:
            print_lines([told])
            return EXIT_FINE
        if ended(state) and not (state.status is Status.STOPPED and is_written(state.path)):
            complain(f"{end_line(state)}; there is nothing more to wait for")
            return EXIT_FAILED
    complain(f"time is over: {_standing(state)}")
    return EXIT_TIME_OUT


def _standing(state: RunState | None) -> str:
    """Return how far it is when the time is over."""
    if state is None:
        return "no run came"
    step = "" if state.progress.step is None else f", step {state.progress.step}"
    return f"{clean(state.name)} is {state.status}{step}"


def _chosen(snapshot: Snapshot, args: argparse.Namespace) -> RunState | None:
    """Return the run that is waited for; None as long as it is not there."""
    if args.run is not None:
        return snapshot.run(args.run)
    if len(snapshot.runs) > 1:
        names = ", ".join(clean(run.name) for run in snapshot.runs[:20])
        raise UsageError("several runs are here", args.path, f"--run one of: {names}")
    return snapshot.runs[0] if snapshot.runs else None
