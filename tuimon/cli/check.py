"""`tuimon check`: findings for scripts, cron and job epilogs."""

from __future__ import annotations

import argparse

from tuimon.cli.events import add_events, event_settings
from tuimon.cli.paths import (
    add_formats,
    add_paths,
    add_strict,
    add_total,
    add_verify,
    roots_of,
    settings_of,
    thresholds_of,
)
from tuimon.cli.printing import print_documents, print_lines, print_problems
from tuimon.core.errors import EXIT_FINDING, EXIT_FINE, UsageError

SUMMARY = "Say what is wrong with each run; the exit code tells how bad it is."
EXAMPLE = "tuimon check ./outputs --json --fail-on warning"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    add_verify(parser)
    add_strict(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per finding and line")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on until interrupted: a line for each finding as it opens and as it resolves",
    )
    add_events(parser)
    parser.add_argument(
        "--fail-on",
        metavar="LEVEL",
        choices=("never", "info", "warning", "critical"),
        help="exit with 4 if a finding is this bad or worse: never, info, warning, critical (default)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    given = {"total": args.total, "fail_on": args.fail_on, "verify": args.verify, "strict": args.strict}
    settings = settings_of(given | event_settings(args))
    thresholds = thresholds_of(settings)
    if args.on_event and not args.follow:
        raise UsageError("needs --follow", "--on-event")
    if args.follow:
        from tuimon.cli.check_follow import follow_findings

        roots = roots_of(args.paths, args.format)
        follow_findings(roots, settings, as_json=args.json, thresholds=thresholds)
        return EXIT_FINE
    from tuimon.monitor.once import read_once
    from tuimon.output.check import finding_documents, finding_lines, reaches

    reading = read_once(
        roots_of(args.paths, args.format),
        total=settings.total,
        with_rules=True,
        verify=settings.verify,
        thresholds=thresholds,
    )
    if args.json:
        print_documents(document for state in reading.runs for document in finding_documents(state))
    elif any(state.findings for state in reading.runs):
        print_lines(line for state in reading.runs for line in finding_lines(state))
    else:
        count = len(reading.runs)
        print_lines([f"nothing found in {count} run" + ("s" if count != 1 else "")])
    print_problems(reading.all_problems)
    return EXIT_FINDING if reaches(reading.runs, settings.fail_on) else EXIT_FINE
