"""The log: what happened, what the run printed, or the texts that it logged; newest last."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from tuimon.analysis.log_moments import Moments, log_moments, moments_of
from tuimon.analysis.moments import moment_at
from tuimon.core.batch import LogLine
from tuimon.core.text import clean, clean_lines
from tuimon.core.units import format_clock
from tuimon.monitor.events import Event, EventKind
from tuimon.store.axis import Axis
from tuimon.store.run import RunView
from tuimon.store.run_store import KEPT_LOG_LINES
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, fit, wrapped
from tuimon.tui.scene import LinkedLog
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
        count = sum(records.count for records in run.images.values())
        title = (*title, (f" {count} images: I", Ink.MUTED))
    return (*title, (f" {clean(view.log_filter)}", Ink.WARNING)) if view.log_filter else title


def log_rows(
    events: Sequence[Event],
    run: RunView | None,
    view: View,
    size: tuple[int, int],
    now: float,
    axis: Axis = Axis.ACCUMULATED,
) -> tuple[list[Row], LinkedLog | None]:
    """Return the lines that fit into `size` = (height, width), and what links them with the charts.

    The view's scroll is kept within the log. Where the charts have a cursor, the line that is nearest to it
    is marked and in view.

    Args:
        events: What happened.
        run: The run, or None.
        view: What the person has chosen.
        size: See above.
        now: What times refer to.
        axis: What the x axis of the charts counts.
    """
    height, width = size
    if run is None:
        return [], None
    if view.log_shows == "texts":
        rows = [row for row in _text_rows(run, width) if view.log_matches("".join(text for text, _ in row))]
        return _scrolled(rows, lambda row: row, view, height), None
    if view.log_shows == "console":
        return _linked(
            run.log,
            lambda line: line.text,
            lambda line, room: _console_row(line, room, now),
            lambda: log_moments(run),
            (run, view, axis, size),
            "no line was printed",
        )
    return _linked(
        events,
        lambda event: event.text,
        lambda event, room: _event_row(event, room, now),
        lambda: moments_of(run, [e.position for e in events], [e.wall_time for e in events]),
        (run, view, axis, size),
    )


def _linked(
    lines: Sequence[Line],
    text: Callable[[Line], str],
    row: Callable[[Line, int], Row],
    moments: Callable[[], Moments],
    on: tuple[RunView, View, Axis, tuple[int, int]],
    nothing: str = "",
) -> tuple[list[Row], LinkedLog | None]:
    """Return the rows of lines that pass the filter, and their link with the charts if that is asked for."""
    run, view, axis, (height, width) = on
    chosen: Sequence[int] = range(len(lines))
    if view.log_filter:
        chosen = [index for index in chosen if view.log_matches(text(lines[index]))]
    shown = lines if len(chosen) == len(lines) else [lines[index] for index in chosen]
    if not shown:
        told = "no such line" if view.log_filter else nothing
        return [fit(((told, Ink.MUTED),), width)], None
    if view.crosshair is None and view.focus != "log":
        return _scrolled(shown, lambda line: row(line, width), view, height), None
    known = moments()
    if len(shown) < len(lines):
        known = Moments(known.steps[list(chosen)], known.times[list(chosen)])
    if view.crosshair is None:
        rows = _scrolled(shown, lambda line: row(line, width), view, height)
        return rows, LinkedLog(known, None, len(shown) - 1 - view.line("log"))
    marked = _at_cursor(run, axis, view.crosshair, view.line("log_line"), known)
    scroll = view.line("log") if marked is None else len(shown) - 1 - marked - height // 2
    scroll = max(0, min(scroll, len(shown) - height))
    if marked is None or view.focus == "log":
        # Who looks at the charts finds the newest lines again, once the cursor is gone.
        view.cursor["log"] = scroll
    # What is nearest may be far: lines before these were let go.
    is_before = marked == 0 and len(lines) >= KEPT_LOG_LINES and not view.log_filter
    is_before = is_before and moment_at(run, axis, view.crosshair).step < known.steps[0]
    rows = _rows_above(
        range(len(shown)),
        lambda n: _signed(row(shown[n], width - 1), n == marked and not is_before),
        scroll,
        height,
    )
    if is_before:
        told = "the cursor is before the lines that are kept"
        rows = [fit(((told, Ink.MUTED),), width), *rows[: height - 1]]
    return rows, LinkedLog(known, marked, len(shown) - 1 - scroll)


def _at_cursor(run: RunView, axis: Axis, x: float, line: int, moments: Moments) -> int | None:
    """Return the line at the cursor: the one that was gone to if it is there, else the nearest."""
    if 0 <= line < len(moments) and moments[line].on(run, axis) == x:
        return line
    return moments.nearest(moment_at(run, axis, x))


def _signed(row: Row, is_marked: bool) -> Row:  # noqa: FBT001  # given by position, by `_scrolled`
    """Put a sign before the line at the cursor, and a blank before the others."""
    if not is_marked:
        return ((" ", Ink.TEXT), *row)
    return ((">", Ink.SELECTED), *((text, Ink.SELECTED) for text, _ in row))


def _scrolled(lines: Sequence[Line], row: Callable[[Line], Row], view: View, height: int) -> list[Row]:
    """Return the rows of the lines that fit, so far above the end as the view says."""
    scroll = view.cursor["log"] = max(0, min(view.line("log"), len(lines) - height))
    return _rows_above(lines, row, scroll, height)


def _rows_above(lines: Sequence[Line], row: Callable[[Line], Row], scroll: int, height: int) -> list[Row]:
    """Return the rows of the lines that fit above the last `scroll` ones."""
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
