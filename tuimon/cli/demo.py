"""`tuimon demo`: a lively fake run to look at."""

from __future__ import annotations

import argparse
import sys

from tuimon.cli.paths import settings_of
from tuimon.cli.screen import add_screen_arguments, can_show, run_screen, screen_settings
from tuimon.core.errors import EXIT_USAGE

SUMMARY = "Show a lively fake run: restart, spike, straggler, NaN."
EXAMPLE = "tuimon demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_screen_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the run is written to a temporary folder that is removed at the end."""
    settings = settings_of(screen_settings(args))
    if not can_show():
        print("tuimon: the demo needs a terminal", file=sys.stderr)
        return EXIT_USAGE
    import tempfile
    from pathlib import Path

    from tuimon.monitor.monitor import Monitor
    from tuimon.recording.demo import DemoWriter
    from tuimon.sources.naming import Root

    with tempfile.TemporaryDirectory(prefix="tuimon-demo-") as folder:
        writer = DemoWriter(Path(folder))
        writer.start()
        try:
            return run_screen(
                Monitor([Root(Path(folder), None)]), settings, run_name=None, mouse=not args.no_mouse
            )
        finally:
            writer.stop()
            writer.join()
