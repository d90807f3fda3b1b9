"""The list of runs: status, loss, progress, findings; a side bar or a single line."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.charted import main_series
from tuimon.charts.bars import progress_bar
from tuimon.charts.style import Glyphs, series_style
from tuimon.core.text import clean, pad, shorten_middle
from tuimon.core.units import format_duration, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.tui.chart_painter import PINNED_KEY
from tuimon.tui.ink import SEVERITY_INK, STATUS_GLYPH, STATUS_GLYPH_ASCII, STATUS_INK, Ink
from tuimon.tui.panes.diagnosis import open_incidents
from tuimon.tui.rows import Row, Span, fit, grid_rows, row_width, wrapped
from tuimon.tui.run_names import shown_names
from tuimon.tui.view import View

_LINES_PER_RUN = 2
# What stands in the line of a run's name as a rule: signs, and a value of five digits.
_BESIDE_NAME = 10


def overlay_key(name: str, view: View) -> str:
    """Return the character of a run's curves on another's charts: `p` if it is pinned, else its number."""
    if name == view.pinned:
        return PINNED_KEY
    return str(view.selected.index(name) + 2)[-1] if name in view.selected else ""


def runs_title(runs: Sequence[RunState], count: int, view: View, judged_by: str = "") -> Row:
    """Return the pane's title: how many runs of how many, sorted and filtered how.

    Args:
        runs: Those that are listed.
        count: How many there are.
        view: What the person has chosen.
        judged_by: What their best values are values of.
    """
    shown = f" {count}" if len(runs) == count else f" {len(runs)}/{count}"
    spans: list[Span] = [("Runs", Ink.TITLE), (shown, Ink.MUTED)]
    if view.run_order != "name":
        what = f" {judged_by}" if view.run_order == "best" and judged_by else ""
        spans.append((f" by {view.run_order}{what}", Ink.MUTED))
    if view.run_filter:
        spans.append((f" {clean(view.run_filter)}", Ink.WARNING))
    return tuple(spans)


def runs_rows(runs: Sequence[RunState], view: View, width: int, height: int, glyphs: Glyphs) -> list[Row]:
    """Return two rows for each run that fits, scrolled so that the open one is visible."""
    if not runs and view.run_filter:
        return no_runs(width)
    room = max(height // _LINES_PER_RUN, 1)
    first = first_shown(runs, view.run_name, room)
    names = shown_names(runs)
    names_are_long = any(len(name) > width - _BESIDE_NAME for name in names)
    shown = slice(first, first + room)
    rows = [
        row
        for state, name in zip(runs[shown], names[shown], strict=True)
        for row in _run_rows(state, name, view, width, glyphs, names_are_long=names_are_long)
    ]
    return rows[:height]


def no_runs(width: int) -> list[Row]:
    """Return what is said where the filter leaves no run."""
    return [((line, Ink.MUTED),) for line in wrapped("no run passes the filter: f changes it", width)]


def first_shown(runs: Sequence[RunState], opened: str | None, room: int) -> int:
    """Return the first of `room` runs so that the open one is among them, in the middle if it can be."""
    at = next((index for index, state in enumerate(runs) if state.name == opened), 0)
    return max(0, min(at - room // 2, len(runs) - room))


def run_at(runs: Sequence[RunState], view: View, line: int, height: int) -> str | None:
    """Return the name of the run in a line of the pane's `height` lines, of the list or of the table."""
    if view.run_table:
        index = first_shown(runs, view.run_name, max(height - 1, 1)) + line - 1
    else:
        index = first_shown(runs, view.run_name, max(height // _LINES_PER_RUN, 1)) + line // _LINES_PER_RUN
    return runs[index].name if 0 <= index < len(runs) and line >= int(view.run_table) else None


def strip_row(runs: Sequence[RunState], view: View, width: int, glyphs: Glyphs) -> Row:
    """Return runs as one line of names around the open one; the cost follows the width, not the runs."""
    opened = view.run_name
    at = next((index for index, state in enumerate(runs) if state.name == opened), 0)
    spans: list[Span] = []
    for state in reversed(runs[: at + 1]):
        tab = _tab(state, glyphs, is_open=state.name == opened)
        if spans and row_width(tab) + row_width(spans) > width:
            break
        spans = [*tab, *spans]
    for state in runs[at + 1 :]:
        if row_width(spans) >= width:
            break
        spans += _tab(state, glyphs, is_open=False)
    return fit(spans, width)


def marker(state: RunState, view: View) -> Span:
    """Return what stands before a run's name: open, pinned, or the key of its curves."""
    if state.name == view.run_name:
        return ("P" if state.name == view.pinned else ">", Ink.SELECTED)
    if state.name in view.compared:
        return (overlay_key(state.name, view), series_style(view.compared.index(state.name) + 1))
    return (" ", Ink.TEXT)


def _tab(state: RunState, glyphs: Glyphs, *, is_open: bool) -> tuple[Span, Span]:
    status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
    name = shorten_middle(clean(state.given_name or state.name), 18)
    shown = f"[{name}]" if is_open else f" {name} "
    return (
        (status_glyph[state.status], STATUS_INK[state.status]),
        (shown, Ink.SELECTED if is_open else Ink.TEXT),
    )


def _run_rows(
    state: RunState, name: str, view: View, width: int, glyphs: Glyphs, *, names_are_long: bool
) -> list[Row]:
    """Return a run's name, and below it how it is; the value stands beside the shorter of these."""
    status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
    series = main_series(state.run)
    text = format_value(series.statistics.last) if series is not None else ""
    value = (text, Ink.CRITICAL if text in ("NaN", "Inf", "-Inf") else Ink.TEXT)
    wrong = open_incidents(state)
    mark = (f"!{len(wrong)}", SEVERITY_INK[wrong[0].severity]) if wrong else ("", Ink.TEXT)
    above, below = (mark, value) if names_are_long else (value, mark)
    room = width - 3 - (len(above[0]) + 1 if above[0] else 0)
    ink = Ink.SELECTED if state.name == view.run_name else Ink.TEXT
    first = [
        marker(state, view),
        (status_glyph[state.status], STATUS_INK[state.status]),
        (" ", Ink.TEXT),
        (pad(shorten_middle(clean(name), room), room), ink),
    ]
    room = width - (len(below[0]) + 1 if below[0] else 0)
    second = fit(_course(state, room, glyphs), room)
    return [
        fit((*row, (" ", Ink.TEXT), right) if right[0] else row, width)
        for row, right in ((first, above), (second, below))
    ]


def _course(state: RunState, width: int, glyphs: Glyphs) -> list[Span]:
    """Return how far a run is and when it will be done; of one that has ended, how and where."""
    progress = state.progress
    spans: list[Span] = [("   ", Ink.TEXT)]
    if state.status.live and progress.fraction is not None:
        spans += grid_rows(progress_bar(progress.fraction, 5, glyphs, style=STATUS_INK[state.status]))[0]
        spans.append((f" {round(100 * progress.fraction)}% ", Ink.MUTED))
        if progress.eta_s is not None:
            spans.append((format_duration(progress.eta_s), Ink.MUTED))
        return spans
    at = f" @{progress.step}" if progress.step is not None else ""
    told = f"{state.status}{at}"
    took = "" if progress.elapsed_s is None else f" {format_duration(progress.elapsed_s)}"
    return [*spans, (told + took if 3 + len(told + took) <= width else told, Ink.MUTED)]
