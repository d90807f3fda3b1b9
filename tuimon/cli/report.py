"""`tuimon report`: one self-contained file about runs, kept fresh beside a running job if that is wanted."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuimon.cli.paths import (
    add_formats,
    add_paths,
    add_strict,
    add_total,
    duration_seconds,
    roots_of,
    settings_of,
    thresholds_of,
)
from tuimon.cli.printing import complain, print_problems
from tuimon.cli.progress import progress_line
from tuimon.core.errors import EXIT_FINE, UsageError

if TYPE_CHECKING:
    from tuimon.core.clock import Clock
    from tuimon.core.settings import Settings

SUMMARY = "Write a report on runs: one file with verdict, curves, findings and tables."
EXAMPLE = "tuimon report ./outputs -o -"

_HTML, _MARKDOWN = (".html", ".htm"), (".md", ".markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    add_strict(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="-",
        help="where to: .html, or .md for Markdown; - for Markdown on standard output (default)",
    )
    parser.add_argument(
        "--every",
        type=duration_seconds,
        metavar="TIME",
        help="write the file anew after each such time (30s, 10m, 1h), until no run goes on any more",
    )
    parser.add_argument(
        "--all-points",
        action="store_true",
        help="let the rules look at every point of very long runs, too: a minute for some ten million points",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from tuimon.core.clock import SystemClock

    settings = settings_of({"total": args.total, "strict": args.strict})
    _check_output(args.output)
    if args.every is not None and args.output == "-":
        raise UsageError("needs a file", "--every", "-o report.html")
    clock = SystemClock()
    if args.every is None:
        _write_once(args, settings, clock)
    else:
        keep_fresh(lambda: _write_once(args, settings, clock), args.every, time.sleep)
    return EXIT_FINE


def keep_fresh(write: Callable[[], bool], every_s: float, sleep: Callable[[float], None]) -> None:
    """Write a report again and again, until no run goes on any more.

    A failure is told and tried again: a file system may be away for a while, and the job goes on for days.
    The first one ends it: what cannot be written at all is told to whoever still looks.

    Args:
        write: Writes it once; returns whether any run may still bring something.
        every_s: Seconds between two of them.
        sleep: Waits for so many seconds.
    """
    live = write()
    while live:
        sleep(every_s)
        try:
            live = write()
        except OSError as error:
            complain(f"the report was not written anew: {error}")


def _write_once(args: argparse.Namespace, settings: Settings, clock: Clock) -> bool:
    """Write the report; return whether any run may still bring something."""
    from tuimon.cli.writing import write_text
    from tuimon.monitor.once import read_once
    from tuimon.output.checked import MOST_POINTS, check_run
    from tuimon.output.report_make import make_report

    most = None if args.all_points else MOST_POINTS
    thresholds = thresholds_of(settings)
    with progress_line("reading") as tell:
        reading = read_once(
            roots_of(args.paths, args.format),
            total=settings.total,
            clock=clock,
            tell=tell,
            verify=settings.verify,
        )
    with progress_line("checking") as tell:
        checked = []
        for number, state in enumerate(reading.runs):
            tell(number / len(reading.runs), state.name)
            checked.append(
                check_run(state, clock.now(), total=settings.total, most_points=most, thresholds=thresholds)
            )
    report = make_report(checked, clock.now())
    is_html = args.output.lower().endswith(_HTML)
    if is_html:
        from tuimon.output.report_html import report_html

        text = report_html(report)
    else:
        from tuimon.output.report_markdown import report_markdown

        text = report_markdown(report)
    write_text(args.output, text, (state.path for state in reading.runs))
    print_problems(reading.all_problems)
    return any(state.status.live for state in reading.runs)


def _check_output(path: str) -> None:
    if path != "-" and not path.lower().endswith((*_HTML, *_MARKDOWN)):
        raise UsageError("has no ending that says what to write", f"-o {path}", ".html or .md")
