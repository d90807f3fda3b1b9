"""`tuimon replay`: a finished run, played again."""

from __future__ import annotations

import argparse
import math
import sys

from tuimon.cli.paths import add_formats, add_strict, add_total, roots_of, settings_of, thresholds_of
from tuimon.cli.screen import add_screen_arguments, can_show, run_screen, screen_settings
from tuimon.core.errors import UsageError
from tuimon.core.text import clean

SUMMARY = "Play a finished run again, with pause, speed and seek; rules fire as they would have."
EXAMPLE = "tuimon replay sample_runs/diverged --speed 20x"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("path", metavar="PATH", help="a run's folder or file")
    parser.add_argument("--run", metavar="NAME", help="which run, if there are several below PATH")
    parser.add_argument(
        "--speed", metavar="20x", help="seconds of the run per second (default: the whole run in 60 s)"
    )
    parser.add_argument("--from", dest="from_step", type=int, metavar="STEP", help="begin at this step")
    add_formats(parser)
    add_total(parser)
    add_strict(parser)
    add_screen_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total, "strict": args.strict} | screen_settings(args))
    thresholds = thresholds_of(settings)
    speed = _speed(args.speed)
    from tuimon.monitor.once import read_once
    from tuimon.monitor.replay import Replay

    chosen = read_once(roots_of([args.path], args.format), total=settings.total, run=args.run).runs
    if len(chosen) != 1:
        names = ", ".join(clean(r.name) for r in chosen[:20])
        raise UsageError("several runs are here", args.path, f"--run one of: {names}")
    if not can_show():
        print("tuimon: replay needs a terminal; try `tuimon summary` or `tuimon check`", file=sys.stderr)
        return UsageError.exit_code
    feed = Replay(
        chosen[0], speed=speed, from_step=args.from_step, total=settings.total, thresholds=thresholds
    )
    return run_screen(feed, settings, run_name=chosen[0].name, mouse=not args.no_mouse)


def _speed(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        speed = float(given.lower().removesuffix("x"))
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise UsageError(f"{given!r} is no speed", "--speed", "a positive number such as 20x")
    return speed
