"""The log: what happened, what the run printed, or the texts that it logged; newest last."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from tuimon.core.batch import LogLine
from tuimon.core.text import clean, clean_lines
from tuimon.core.units import format_clock
from tuimon.monitor.events import Event, EventKind
from tuimon.store.run import RunView
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, fit, wrapped
from tuimon.tui.view import View

Line = TypeVar("Line")

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
_LEVELS = {"warning": Ink.WARNING, "error": Ink.RED, "critical": Ink.CRITICAL}


def log_title(view: View, run: RunView | None) -> Row:
    """Return the pane's title: what it shows, which key shows more, and through which filter."""
    title: Row = ((view.log_shows.capitalize(), Ink.TITLE),)
    counts = (("printed lines", len(run.log)), ("texts", len(run.texts))) if run is not None else ()
    more = ", ".join(f"{count} {what}" for what, count in counts if count)
    if more:
        title = (*title, (f" {more}: v", Ink.MUTED))
    if run is not None and run.images:
        title = (*title, (f" {len(run.images)} images: I", Ink.MUTED))
    return (*title, (f" {clean(view.log_filter)}", Ink.WARNING)) if view.log_filter else title


def log_rows(
    events: Sequence[Event], run: RunView | None, view: View, size: tuple[int, int], now: float
) -> list[Row]:
    """Return the lines that fit into `size` = (height, width); the view's scroll is kept within the log."""
    height, width = size
    if view.log_shows == "texts":
        rows = [row for row in _text_rows(run, width) if view.log_matches("".join(text for text, _ in row))]
        return _scrolled(rows, lambda row: row, view, height)
    if view.log_shows == "console":
        lines = () if run is None else run.log
        shown = [line for line in lines if view.log_matches(line.text)] if view.log_filter else lines
        if not shown:
            return [
                fit((("no line was printed" if not view.log_filter else "no such line", Ink.MUTED),), width)
            ]
        return _scrolled(shown, lambda line: _console_row(line, width, now), view, height)
    chosen = [e for e in events if view.log_matches(e.text)] if view.log_filter else events
    return _scrolled(chosen, lambda event: _event_row(event, width, now), view, height)


def _scrolled(lines: Sequence[Line], row: Callable[[Line], Row], view: View, height: int) -> list[Row]:
    """Return the rows of the lines that fit, so far above the end as the view says."""
    scroll = view.cursor["log"] = max(0, min(view.line("log"), len(lines) - height))
    stop = max(min(height, len(lines)), len(lines) - scroll)
    return [row(line) for line in lines[max(0, stop - height) : stop]]


def _event_row(event: Event, width: int, now: float) -> Row:
    step = "" if event.step is None else str(event.step)
    word = _WORDS.get(event.kind, event.kind.value)
    return fit(
        (
            (f"{_clock(event.wall_time, now):>11} ", Ink.MUTED),
            (f"{step:>7} ", Ink.MUTED),
            (f"{word:<8}", _INKS[event.kind]),
            (event.text, Ink.TEXT),
        ),
        width,
    )


def _console_row(line: LogLine, width: int, now: float) -> Row:
    clock = _clock(line.wall_time, now)
    ink = _LEVELS.get(line.level.lower(), Ink.TEXT)
    return fit(((f"{clock:>11} " if clock else "", Ink.MUTED), (clean(line.text), ink)), width)


def _text_rows(run: RunView | None, width: int) -> list[Row]:
    rows: list[Row] = []
    for tag, records in run.texts.items() if run is not None else ():
        newest = records.newest
        rows.append(((clean(tag), Ink.TITLE), (f" @{newest.step}", Ink.MUTED)))
        for line in clean_lines(newest.text):
            rows += [fit(((f" {part}", Ink.TEXT),), width) for part in wrapped(line, width - 1)]
    return rows or [(("no text was logged", Ink.MUTED),)]


def _clock(wall_time: float, now: float) -> str:
    return "" if math.isnan(wall_time) else format_clock(wall_time, now)
