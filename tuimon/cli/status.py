"""`tuimon status`: one short line, for tmux's status-right and for prompts."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from tuimon.cli.paths import add_formats, add_paths, add_total, roots_of, settings_of, thresholds_of
from tuimon.cli.printing import print_lines
from tuimon.core.errors import EXIT_FINE

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings
    from tuimon.sources.base import RunRef

# The rules look at some 200,000 points a second; a line that is asked for again and again has to be cheap.
_MOST_POINTS = 100_000

SUMMARY = "Print a short line per run, or one for tmux's status line or a prompt."
EXAMPLE = "tuimon status ./outputs --line --style tmux"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    parser.add_argument("--run", metavar="NAME", help="this run")
    parser.add_argument("--line", action="store_true", help="one line only: the run that changed last")
    parser.add_argument(
        "--style", choices=("plain", "tmux"), default="plain", help="colours: none, or those of tmux"
    )
    parser.add_argument("--ascii", action="store_true", default=None, help="use ASCII characters only")
    add_total(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total, "ascii": args.ascii})
    from tuimon.monitor.once import find_runs, runs_named
    from tuimon.monitor.workers import map_runs

    refs = runs_named(find_runs(roots_of(args.paths, args.format)).runs, args.run)
    if args.line:
        refs = sorted(refs, key=lambda ref: ref.mtime)[-1:]
    line = partial(
        _line,
        total=settings.total,
        thresholds=thresholds_of(settings),
        style=args.style,
        ascii_only=bool(settings.ascii),
    )
    print_lines(map_runs(refs, line))
    return EXIT_FINE


def _line(
    ref: RunRef, *, total: int | None, thresholds: FindingSettings | None, style: str, ascii_only: bool
) -> str:
    """Return the line of a run, perhaps in another process."""
    from tuimon.core.clock import SystemClock
    from tuimon.monitor.once import read_state
    from tuimon.output.checked import check_run
    from tuimon.output.status_line import status_text, status_tmux

    clock = SystemClock()
    state = read_state(ref, total=total, with_rules=False, clock=clock)
    # Some findings of the newest part alone would be wrong: a very long run is shown without any.
    if sum(map(len, state.run.series.values())) <= _MOST_POINTS:
        state = check_run(state, clock.now(), total=total, most_points=None, thresholds=thresholds).state
    return (status_tmux if style == "tmux" else status_text)(state, clock.now(), ascii_only=ascii_only)
