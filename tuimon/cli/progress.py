"""How far a long piece of work is: one line on standard error, and none where nobody watches."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tuimon.core.text import clean, shorten

# What is over sooner needs no word; and a line that changes more often than this cannot be read.
_SILENT_S = 0.5
_INTERVAL_S = 0.1
_CLEAR = "\r\x1b[K"


class Tell(Protocol):
    """Says how far the work is."""

    def __call__(self, fraction: float, name: str) -> None:
        """Take what share of the work is done, 0 to 1, and what is being worked on."""


@contextmanager
def progress_line(verb: str) -> Iterator[Tell]:
    """Show progress while the block runs, and leave no trace of it.

    Args:
        verb: What is done, such as `reading`.
    """
    if not sys.stderr.isatty():
        yield _say_nothing
        return
    next_at = time.monotonic() + _SILENT_S
    shown = False

    def tell(fraction: float, name: str) -> None:
        nonlocal next_at, shown
        now = time.monotonic()
        if now < next_at:
            return
        next_at, shown = now + _INTERVAL_S, True
        line = f"{verb} {clean(name)}"
        width = shutil.get_terminal_size().columns - 6
        print(f"{_CLEAR}{fraction:4.0%} {shorten(line, width)}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)


def _say_nothing(fraction: float, name: str) -> None:
    """Take progress that nobody watches."""
