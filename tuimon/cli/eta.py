"""`tuimon eta`: when will it be done?"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from tuimon.cli.paths import add_formats, add_paths, add_total, moment, roots_of, settings_of
from tuimon.cli.printing import print_documents, print_lines, print_problems
from tuimon.core.errors import EXIT_FINE

if TYPE_CHECKING:
    from tuimon.monitor.snapshot import RunState

SUMMARY = "Say how far each run is and when it will be done."
EXAMPLE = "tuimon eta ./outputs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    parser.add_argument(
        "--deadline",
        metavar="TIME",
        type=moment,
        help="say whether it ends before: 17:00, 2026-03-02T17:00 or +6h (default: the end of the Slurm job "
        "that writes the run, or that this runs in)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per run and line")
    parser.add_argument(
        "--trace", action="store_true", help="the estimate at each logged line, as it was then"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total})
    from tuimon.core.clock import SystemClock
    from tuimon.monitor.once import read_once
    from tuimon.output.eta import Deadline, eta_document, eta_line, trace_documents, trace_lines

    def deadline_of(state: RunState, given: float | None) -> Deadline | None:
        """Return when the run has to be over: as given, else when its Slurm job ends."""
        if given is not None:
            return Deadline(given)
        if not state.status.live:
            return None
        from tuimon.hardware.run_process import job_end

        ends = job_end(state.path, os.environ)
        return None if ends is None else Deadline(ends, "job ends")

    # What was estimated when a line was logged does not depend on the present.
    clock = None if args.trace else SystemClock()
    reading = read_once(roots_of(args.paths, args.format), total=settings.total, clock=clock)
    total = settings.total
    if args.trace and args.json:
        print_documents(document for state in reading.runs for document in trace_documents(state, total))
    elif args.trace:
        print_lines(line for state in reading.runs for line in trace_lines(state, total))
    elif args.json:
        print_documents(eta_document(s, deadline_of(s, args.deadline)) for s in reading.runs)
    else:
        print_lines(eta_line(s, deadline_of(s, args.deadline)) for s in reading.runs)
    print_problems(reading.all_problems)
    return EXIT_FINE
