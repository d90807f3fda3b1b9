"""How the live screen is started: theme, glyphs, colours, and whether there is a screen at all."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.cli.paths import positive_seconds
from tuimon.cli.terminal import has_screen, refuses_colour, wants_ascii

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimon.alerts.herald import ScreenHerald
    from tuimon.core.settings import Settings
    from tuimon.monitor.feed import Feed

# Keys are answered while the reader works: Python's default of 5 ms would let it hold the lock too long.
_SWITCH_INTERVAL_S = 0.001
_QUICKLY_READ_S = 0.05
_OUTPUT_THREAD = "textual-output"
# How long the orderly end may take that nobody can see.
_LONGEST_END_S = 5.0


def add_screen_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every screen has."""
    parser.add_argument(
        "-n",
        "--interval",
        type=positive_seconds,
        metavar="SECONDS",
        help="shortest time between two pictures (default: 0.1, over SSH 0.3)",
    )
    parser.add_argument("--theme", choices=("dark", "light", "ansi", "mono"), help="colours of the screen")
    parser.add_argument("--ascii", action="store_true", default=None, help="draw with ASCII characters only")
    parser.add_argument("--no-color", dest="color", action="store_false", default=None, help="use no colour")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def screen_settings(args: argparse.Namespace) -> dict[str, object]:
    """Return the settings that were given on the command line for a screen."""
    return {
        "theme": args.theme,
        "ascii": args.ascii,
        "color": args.color,
        "interval_s": args.interval,
        "ssh_interval_s": args.interval,
    }


def can_show() -> bool:
    """Return whether this is a terminal that can show a screen, which Textual draws on standard error."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    return is_terminal and has_screen()


def run_screen(
    feed: Feed,
    settings: Settings,
    *,
    run_name: str | None,
    mouse: bool,
    make_herald: Callable[[], ScreenHerald] | None = None,
    deadline: float | None = None,
) -> int:
    """Show a feed until the person leaves; return the exit code.

    Args:
        feed: What is shown.
        settings: How.
        run_name: The run to open first.
        mouse: Whether the mouse is ours.
        make_herald: Makes who tells of what happens; None, as for a replay, tells nobody.
        deadline: When the runs have to be over, in unix seconds; None if nobody said so.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    feed.focus(run_name)
    _begin_to_read(feed)
    from tuimon.monitor.priority import be_nice
    from tuimon.tui.app import TuimonApp

    # All that was imported stays: a collection that looks at it takes twenty milliseconds, and the first one
    # would come just before the first picture.
    gc.freeze()
    be_nice()
    theme = _theme(settings)
    if theme == "mono":
        os.environ["NO_COLOR"] = "1"  # for what Textual draws itself
    app = TuimonApp(
        feed,
        theme_name=theme,
        glyphs="ascii" if wants_ascii(settings) else "braille",
        run_name=run_name,
        interval_s=_interval_s(settings),
        memory=_memory(),
        make_herald=make_herald,
        deadline=deadline,
    )
    threading.excepthook = _end_when_writing_fails(threading.excepthook)
    try:
        ended = app.run(mouse=mouse)
    finally:
        with contextlib.suppress(OSError):  # the terminal may have vanished
            print(app.announcer.farewell(), end="", file=sys.stderr, flush=True)
    code = (app.return_code or 0) if ended is None else ended
    _end_without_terminal(code)
    return code


def _begin_to_read(feed: Feed) -> None:
    """Start a feed, and let it read what is quickly read before Textual is imported.

    Two threads that do both at a time hand the interpreter to each other at every file, which takes longer
    than one after the other. A slow file system, or a large folder, is read while Textual is imported.
    """
    is_read = threading.Event()
    feed.subscribe(is_read.set)
    feed.start()
    if feed.snapshot.listing:
        is_read.wait(_QUICKLY_READ_S)


def _memory() -> Path:
    """Return the file in which the screen keeps its choices, in the user's own state folder."""
    from platformdirs import user_state_path

    return user_state_path("tuimon") / "screen.json"


def _end_when_writing_fails(
    otherwise: Callable[[threading.ExceptHookArgs], object],
) -> Callable[[threading.ExceptHookArgs], object]:
    """Return what ends the program when Textual's thread for output dies: its terminal has vanished.

    Nobody empties the queue of that thread from then on, and the screen's thread would wait for it for ever.
    """

    def hook(failed: threading.ExceptHookArgs) -> None:
        if failed.thread is None or failed.thread.name != _OUTPUT_THREAD:
            otherwise(failed)
            return
        last = threading.Timer(_LONGEST_END_S, os._exit, (128 + signal.SIGHUP,))
        last.daemon = True
        last.start()
        os.kill(os.getpid(), signal.SIGHUP)

    return hook


def _end_without_terminal(code: int) -> None:
    """End at once where the terminal has vanished.

    Textual's thread for keys would read its end for ever, and what was never written would make Python end
    with a code of its own.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(code)
    if any(thread.name == "textual-input" for thread in threading.enumerate()):
        os._exit(code)


def _theme(settings: Settings) -> str:
    """Return the theme: no colour where none is wanted, the terminal's own colours where it has only few."""
    if refuses_colour(settings):
        return "mono"
    few = os.environ.get("TERM", "") in ("linux", "screen", "xterm", "vt100", "vt220", "ansi", "cygwin")
    if settings.theme == "dark" and few and os.environ.get("COLORTERM", "") not in ("truecolor", "24bit"):
        return "ansi"
    return settings.theme


def _interval_s(settings: Settings) -> float:
    """Return the shortest time between two pictures: longer over SSH, where bytes are dear."""
    over_ssh = any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
    return settings.ssh_interval_s if over_ssh else settings.interval_s
