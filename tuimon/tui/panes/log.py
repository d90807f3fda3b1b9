"""The event log: what happened, newest last."""

from __future__ import annotations

import math

from tuimon.core.units import format_clock
from tuimon.monitor.events import Event, EventKind
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, fit

_INKS = {
    EventKind.START: Ink.GREEN,
    EventKind.END: Ink.GREEN,
    EventKind.STEP: Ink.BLUE,
    EventKind.CHECKPOINT: Ink.BLUE,
    EventKind.EVALUATION: Ink.YELLOW,
    EventKind.FINDING: Ink.RED,
    EventKind.ERROR: Ink.RED,
    EventKind.RESTART: Ink.MAGENTA,
}
_WORDS = {EventKind.EVALUATION: "eval", EventKind.CHECKPOINT: "ckpt"}


def log_rows(events: tuple[Event, ...], scroll: int, width: int, height: int, now: float) -> list[Row]:
    """Return the events that fit, `scroll` lines above the end."""
    stop = max(min(height, len(events)), len(events) - scroll)
    shown = events[max(0, stop - height) : stop]
    return [_event_row(event, width, now) for event in shown]


def _event_row(event: Event, width: int, now: float) -> Row:
    clock = "" if math.isnan(event.wall_time) else format_clock(event.wall_time, now)
    step = "" if event.step is None else str(event.step)
    word = _WORDS.get(event.kind, event.kind.value)
    return fit(
        (
            (f"{clock:>11} ", Ink.MUTED),
            (f"{step:>7} ", Ink.MUTED),
            (f"{word:<8}", _INKS[event.kind]),
            (event.text, Ink.TEXT),
        ),
        width,
    )
