"""`tuimon eta`: when will it be done?"""

from __future__ import annotations

import argparse

from tuimon.cli.paths import add_formats, add_paths, add_total, roots_of, settings_of
from tuimon.cli.printing import print_documents, print_lines, print_problems
from tuimon.core.errors import EXIT_FINE

SUMMARY = "Say how far each run is and when it will be done."
EXAMPLE = "tuimon eta ./outputs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per run and line")
    parser.add_argument(
        "--trace", action="store_true", help="the estimate at each logged line, as it was then"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total})
    from tuimon.core.clock import SystemClock
    from tuimon.monitor.once import read_once
    from tuimon.output.eta import eta_document, eta_line, trace_documents, trace_lines

    # What was estimated when a line was logged does not depend on the present.
    clock = None if args.trace else SystemClock()
    reading = read_once(roots_of(args.paths, args.format), total=settings.total, clock=clock)
    total = settings.total
    if args.trace and args.json:
        print_documents(document for state in reading.runs for document in trace_documents(state, total))
    elif args.trace:
        print_lines(line for state in reading.runs for line in trace_lines(state, total))
    elif args.json:
        print_documents(map(eta_document, reading.runs))
    else:
        print_lines(map(eta_line, reading.runs))
    print_problems(reading.all_problems)
    return EXIT_FINE
