"""What the terminal can show, and what the person wants it to: characters and colours."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimon.core.settings import Settings


def has_screen() -> bool:
    """Return whether the terminal can put text anywhere and colour it; a dumb one cannot."""
    return os.environ.get("TERM", "") not in ("", "dumb")


def refuses_colour(settings: Settings) -> bool:
    """Return whether the person wants no colour: a setting says so, or else NO_COLOR."""
    return not settings.color if settings.color is not None else bool(os.environ.get("NO_COLOR"))


def wants_colour(settings: Settings) -> bool:
    """Return whether printed text is coloured: where the person says so, else in a terminal that can."""
    return settings.color or (not refuses_colour(settings) and sys.stdout.isatty() and has_screen())


def wants_ascii(settings: Settings) -> bool:
    """Return whether only ASCII is written: where the person says so, else where more may not be shown."""
    if settings.ascii is not None:
        return settings.ascii
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return encoding != "utf8" or not _locale_is_unicode() or os.environ.get("TERM") == "linux"


def _locale_is_unicode() -> bool:
    """Return whether the locale that was chosen is one of UTF-8; none at all counts as one."""
    everything, characters, language = (os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    # Where the language is C, Python has set the characters to UTF-8 for itself (PEP 538): nobody chose them.
    if characters == "C.UTF-8" and language in ("C", "POSIX"):
        characters = ""
    chosen = everything or characters or language
    return not chosen or "utf" in chosen.lower()
