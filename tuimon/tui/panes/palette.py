"""The palette: the commands that are meant by what was typed so far."""

from __future__ import annotations

from tuimon.core.text import pad
from tuimon.tui.ink import Ink
from tuimon.tui.palette import matching
from tuimon.tui.rows import Row, fit

_NAME, _SHOWN = 16, 12


def palette_rows(text: str, cursor: int, width: int, height: int) -> list[Row]:
    """Return a row for each command that fits, the chosen one among them."""
    commands = matching(text)
    if not commands:
        return [fit((("no such command; Esc closes", Ink.MUTED),), width)]
    cursor = max(0, min(cursor, len(commands) - 1))
    first = max(0, min(cursor - height + 1, len(commands) - height))
    return [
        fit(
            (
                (">" if index == cursor else " ", Ink.SELECTED),
                (pad(command.name, _NAME), Ink.STRONG if index == cursor else Ink.TEXT),
                (pad(command.shown, _SHOWN), Ink.KEY),
                (f" {command.help}", Ink.MUTED),
            ),
            width,
        )
        for index, command in enumerate(commands[first : first + height], first)
    ]
