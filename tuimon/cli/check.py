"""`tuimon check`: findings for scripts, cron and job epilogs."""

from __future__ import annotations

import argparse

from tuimon.cli.paths import add_formats, add_paths, add_total, add_verify, roots_of, settings_of
from tuimon.cli.printing import print_documents, print_lines, print_problems
from tuimon.core.errors import EXIT_FINDING, EXIT_FINE

SUMMARY = "Say what is wrong with each run; the exit code tells how bad it is."
EXAMPLE = "tuimon check ./outputs --json --fail-on warning"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    add_verify(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per finding and line")
    parser.add_argument(
        "--fail-on",
        metavar="LEVEL",
        choices=("never", "info", "warning", "critical"),
        help="exit with 4 if a finding is this bad or worse: never, info, warning, critical (default)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total, "fail_on": args.fail_on, "verify": args.verify})
    from tuimon.monitor.once import read_once
    from tuimon.output.check import finding_document, finding_line, reaches

    roots = roots_of(args.paths, args.format)
    reading = read_once(roots, total=settings.total, with_rules=True, verify=settings.verify)
    found = [(state.name, finding) for state in reading.runs for finding in state.findings]
    if args.json:
        print_documents(finding_document(run, finding) for run, finding in found)
    elif found:
        print_lines(finding_line(run, finding) for run, finding in found)
    else:
        count = len(reading.runs)
        print_lines([f"nothing found in {count} run" + ("s" if count != 1 else "")])
    print_problems(reading.all_problems)
    return EXIT_FINDING if reaches(reading.runs, settings.fail_on) else EXIT_FINE
