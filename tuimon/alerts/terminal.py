"""What a terminal can be told beside its cells: a title, a bell, a notification. Nothing is sent here.

Titles: XTerm Control Sequences, OSC 2 and XTWINOPS 22 and 23 (the stack of titles, which tmux has too; there
the title is the pane's). Notifications: OSC 9 (iTerm2 and others), OSC 777 (rxvt, VTE, foot). tmux hands them
on inside DCS "tmux;", where `allow-passthrough` is on.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuimon.core.text import clean, shorten

KEEP_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
BELL = "\x07"
_LONGEST_TITLE, _LONGEST_NOTE = 120, 240
# The Linux console takes parts of these sequences for colours; the others have no title.
_WITHOUT_TITLE = ("", "dumb", "linux", "vt100", "vt220", "ansi", "cygwin")


def has_title(environ: Mapping[str, str]) -> bool:
    """Return whether this terminal has a title to set."""
    return environ.get("TERM", "") not in _WITHOUT_TITLE


def title(text: str) -> str:
    """Return what sets the title."""
    return f"\x1b]2;{shorten(clean(text), _LONGEST_TITLE)}\x07"


def notification(text: str, kind: str, environ: Mapping[str, str]) -> str:
    """Return what shows a notification on the desktop.

    Args:
        text: Any text; what could drive a terminal is taken out.
        kind: `osc9`, `osc777`, or `auto` for what this terminal knows.
        environ: The environment, which tells what terminal this is.
    """
    words = shorten(clean(text), _LONGEST_NOTE)
    if (kind if kind != "auto" else _spoken(environ)) == "osc777":
        # A semicolon would begin the next field.
        sequence = f"\x1b]777;notify;tuimon;{words.replace(';', ',')}\x07"
    else:
        # OSC 9 with a number first is another command on some terminals.
        sequence = f"\x1b]9;tuimon: {words}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence


def _spoken(environ: Mapping[str, str]) -> str:
    """Return which notification this terminal is known to show."""
    if environ.get("VTE_VERSION") or environ.get("TERM", "").startswith(("rxvt", "foot")):
        return "osc777"
    return "osc9"
