"""`tuimon summary`: what each run is and how it went."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.cli.paths import add_formats, add_paths, add_total, add_verify, roots_of, settings_of
from tuimon.cli.printing import print_documents, print_lines, print_problems
from tuimon.core.errors import EXIT_FINE

if TYPE_CHECKING:
    from tuimon.sources.naming import Root

SUMMARY = "Print what each run is, how far it came and how it went."
EXAMPLE = "tuimon summary ./outputs --latest"

# Where most trainers write, unless they are told otherwise.
_OUTPUTS = "outputs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    add_verify(parser)
    parser.add_argument(
        "--latest",
        action="store_true",
        help="only the run with the newest data; without PATH, of ./outputs where there is such a folder",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document with every series")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total, "verify": args.verify})
    paths = args.paths
    if args.latest and not paths and Path(_OUTPUTS).is_dir():
        paths = [_OUTPUTS]
    return print_summary(
        roots_of(paths, args.format),
        total=settings.total,
        latest=args.latest,
        as_json=args.json,
        verify=settings.verify,
    )


def print_summary(
    roots: list[Root],
    *,
    total: int | None,
    latest: bool = False,
    as_json: bool = False,
    verify: bool = False,
    run_name: str | None = None,
) -> int:
    """Print the summary of all runs below `roots`, or of the one so named; return the exit code."""
    from tuimon.core.clock import SystemClock
    from tuimon.monitor.once import read_once
    from tuimon.output.summary import newest, summaries, summary_document

    reading = read_once(roots, total=total, clock=SystemClock(), verify=verify, run=run_name)
    runs = (newest(reading.runs),) if latest else reading.runs
    if as_json:
        print_documents([summary_document(runs, reading.problems)])
    else:
        print_lines(summaries(runs))
        print_problems(reading.problems)
    return EXIT_FINE
