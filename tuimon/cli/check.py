"""`tuimon check`: findings for scripts, cron and job epilogs."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings
    from tuimon.output.check import RunCheck
    from tuimon.sources.base import RunRef

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
    from tuimon.monitor.once import find_runs
    from tuimon.monitor.workers import map_runs

    discovery = find_runs(roots_of(args.paths, args.format))
    refs = [ref.verified() for ref in discovery.runs] if settings.verify else discovery.runs
    checks = list(map_runs(refs, partial(_check, total=settings.total, thresholds=thresholds)))
    if args.json:
        print_documents(document for checked in checks for document in checked.documents)
    elif any(checked.lines for checked in checks):
        print_lines(line for checked in checks for line in checked.lines)
    else:
        print_lines([f"nothing found in {len(checks)} run" + ("s" if len(checks) != 1 else "")])
    print_problems([*(problem for checked in checks for problem in checked.problems), *discovery.problems])
    is_bad = any(checked.reaches(settings.fail_on) for checked in checks)
    return EXIT_FINDING if is_bad else EXIT_FINE


def _check(ref: RunRef, *, total: int | None, thresholds: FindingSettings | None) -> RunCheck:
    """Read a run to its end and let the rules look at all of it, perhaps in another process."""
    from tuimon.monitor.once import read_state
    from tuimon.output.check import run_check

    return run_check(read_state(ref, total=total, with_rules=True, thresholds=thresholds))
