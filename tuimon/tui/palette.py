"""What can be typed behind `:`; every action of the key table, and the commands that take a value."""

from __future__ import annotations

from tuimon.core.frozen import frozen
from tuimon.tui.keys import KEYS


@frozen
class Command:
    """A line of the palette.

    Attributes:
        name: What is typed.
        shown: Its key, or what must follow its name.
        help: One sentence without its full stop.
        action: What it does; an empty text for a command that is typed with its value.
    """

    name: str
    shown: str
    help: str
    action: str = ""


TYPED = (
    Command("goto", "STEP or 14:02", "Show the charts around a step or a time; in a replay go there"),
    Command("open", "RUN", "Open the run of that name, or the first one whose name holds it"),
    Command("filter", "REGEX", "Filter the charts by tag or meaning"),
    Command("runs", "QUERY", "List the runs that are meant: part of a name, or loss<2 and status:running"),
    Command("sort", "ORDER", "Sort the runs: name, best, loss, changed, status, progress, eta, findings"),
)
COMMANDS = (
    *TYPED,
    *(Command(key.label, key.shown, key.help, key.action) for key in KEYS if key.action != "command"),
)


def matching(text: str) -> tuple[Command, ...]:
    """Return the commands that are meant by what was typed, those whose name begins with it first."""
    words = text.lower().split()
    if not words:
        return COMMANDS
    typed = next((command for command in TYPED if command.name == words[0]), None)
    if typed is not None:
        return (typed,)
    found = [c for c in COMMANDS if all(word in f"{c.name} {c.shown} {c.help}".lower() for word in words)]
    return tuple(sorted(found, key=lambda command: not command.name.lower().startswith(text.lower().strip())))
