"""`tuimon watch`: the live screen."""

from __future__ import annotations

import argparse
import sys

from tuimon.cli.events import add_events, event_settings, screen_herald
from tuimon.cli.paths import (
    add_formats,
    add_paths,
    add_strict,
    add_total,
    moment,
    roots_of,
    settings_of,
    thresholds_of,
)
from tuimon.cli.screen import add_screen_arguments, can_show, run_screen, screen_settings

SUMMARY = "Watch runs live: curves, progress, GPUs and what is wrong."
EXAMPLE = "tuimon watch ./outputs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    add_strict(parser)
    parser.add_argument(
        "--run",
        metavar="NAME",
        help="open this run first (default: the one that changed last); with --once, only it",
    )
    parser.add_argument("--once", action="store_true", help="print one summary of every run and leave")
    parser.add_argument(
        "--deadline",
        metavar="TIME",
        type=moment,
        help="say whether the open run ends before: 17:00, 2026-03-02T17:00 or +6h (default: the end of the "
        "Slurm job that writes it)",
    )
    parser.add_argument("--tee", metavar="FILE", help="with - as the path: keep what comes in this file, too")
    add_events(parser)
    add_screen_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of(
        {"total": args.total, "strict": args.strict} | screen_settings(args) | event_settings(args)
    )
    thresholds = thresholds_of(settings)
    if args.once or not can_show():
        if not args.once:
            print("tuimon: this is no terminal that can show a screen; printing a summary", file=sys.stderr)
        from tuimon.cli.summary import print_summary

        return print_summary(roots_of(args.paths, args.format), total=settings.total, run_name=args.run)
    from tuimon.hardware.local_sampler import LocalSampler
    from tuimon.monitor.monitor import Monitor

    roots = roots_of(args.paths, args.format)
    monitor = Monitor(
        roots,
        total=settings.total,
        probe=LocalSampler(roots[0].path),
        for_screen=True,
        memory_limit_bytes=settings.memory_limit_bytes,
        thresholds=thresholds,
    )
    return run_screen(
        monitor,
        settings,
        run_name=args.run,
        mouse=not args.no_mouse,
        make_herald=screen_herald(settings),
        deadline=args.deadline,
    )
