"""What is set off by events of runs: the options and settings for it, and who carries it out."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tuimon.cli.terminal import wants_ascii
from tuimon.core.errors import UsageError

if TYPE_CHECKING:
    from tuimon.alerts.alert import AlertKind
    from tuimon.alerts.herald import Herald, ScreenHerald
    from tuimon.core.settings import Settings

_EVENTS = ("done", "failed", "best", "finding")


def add_events(parser: argparse.ArgumentParser) -> None:
    """Add `--on-event`."""
    parser.add_argument(
        "--on-event",
        nargs=2,
        action="append",
        default=[],
        metavar=("EVENT", "COMMAND"),
        help="run a shell command, with JSON on its standard input, when a run is done, has failed, "
        "has a new best evaluation or a new finding: done, failed, best, finding; may be given several times",
    )


def event_settings(args: argparse.Namespace) -> dict[str, object]:
    """Return the settings that `--on-event` gives; the last command for an event counts.

    Raises:
        UsageError: There is no such event, or no command.
    """
    for event, command in args.on_event:
        if event not in _EVENTS:
            raise UsageError(f"{event!r} is no event", "--on-event", f"one of {', '.join(_EVENTS)}")
        if not command.strip():
            raise UsageError(f"no command is given for {event}", "--on-event")
    return {f"on_{event}": command for event, command in args.on_event}


def make_herald(
    settings: Settings,
    kinds: Iterable[AlertKind] = (),
    *,
    since: float,
    complain: Callable[[str], None] | None = None,
) -> Herald:
    """Return who sets off the commands and messages of the settings.

    Args:
        settings: Those that run or send anything come from no file that lies beside runs.
        kinds: What else is to be told of.
        since: When the looking began, in unix seconds; what was there before is not told.
        complain: See `Herald`.

    Raises:
        UsageError: Messages are to be sent, and cannot be.
    """
    from tuimon.alerts.alert import AlertKind
    from tuimon.alerts.commands import command_work
    from tuimon.alerts.herald import Herald

    given = {
        AlertKind.DONE: settings.on_done,
        AlertKind.FAILED: settings.on_failed,
        AlertKind.BEST: settings.on_best,
        AlertKind.FINDING: settings.on_finding,
    }
    commands = {kind: command_work(kind.value, command) for kind, command in given.items() if command}
    messages = None
    if settings.send_to:
        from tuimon.alerts.messages import message_work

        messages = message_work(settings.send_to)
    return Herald(since, commands, messages, kinds, complain)


def screen_herald(settings: Settings) -> Callable[[], ScreenHerald]:
    """Return what makes a herald that also tells the terminal, when there is time for it."""
    since = time.time()
    ascii_only = wants_ascii(settings)  # once the screen is there, standard output is another one
    if settings.send_to:
        make_herald(settings, since=since)  # what is wrong with it is said before the screen is there

    def make() -> ScreenHerald:
        from tuimon.alerts.herald import ScreenHerald
        from tuimon.alerts.terminal import has_title

        return ScreenHerald(
            make_herald(settings, since=since),
            with_title=settings.title and has_title(os.environ),
            bell=settings.bell,
            notify=settings.notify,
            ascii_only=ascii_only,
        )

    return make
