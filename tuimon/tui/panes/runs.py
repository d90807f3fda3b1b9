"""The list of runs: status, loss, progress, findings; a side bar or a single line."""

from __future__ import annotations

from tuimon.charts.bars import progress_bar
from tuimon.charts.style import Glyphs
from tuimon.core.roles import Role
from tuimon.core.text import clean, pad, shorten_middle
from tuimon.core.units import format_duration, format_value
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.store.series import SeriesView
from tuimon.tui.ink import SEVERITY_INK, STATUS_GLYPH, STATUS_GLYPH_ASCII, STATUS_INK, Ink
from tuimon.tui.rows import Row, Span, fit, grid_rows, row_width

_LINES_PER_RUN = 2


def main_series(state: RunState) -> SeriesView | None:
    """Return the series that stands for a run in a list: its loss, else its reward, else its first one."""
    for role in (Role.LOSS, Role.REWARD, Role.EVAL_LOSS, Role.PERPLEXITY, Role.ACCURACY):
        found = state.run.with_role(role)
        if found and len(found[0]):
            return found[0]
    return next((s for s in state.run.series.values() if len(s) and s.role is Role.OTHER), None)


def runs_rows(snapshot: Snapshot, opened: str | None, width: int, height: int, glyphs: Glyphs) -> list[Row]:
    """Return two rows for each run that fits, scrolled so that the open one is visible."""
    room = max(height // _LINES_PER_RUN, 1)
    at = next((index for index, state in enumerate(snapshot.runs) if state.name == opened), 0)
    first = max(0, min(at - room // 2, len(snapshot.runs) - room))
    shown = snapshot.runs[first : first + room]
    rows = [row for state in shown for row in _run_rows(state, width, glyphs, is_open=state.name == opened)]
    return rows[:height]


def strip_row(snapshot: Snapshot, opened: str | None, width: int, glyphs: Glyphs) -> Row:
    """Return runs as one line of names around the open one; the cost follows the width, not the runs."""
    runs = snapshot.runs
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


def _tab(state: RunState, glyphs: Glyphs, *, is_open: bool) -> tuple[Span, Span]:
    status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
    name = shorten_middle(clean(state.name), 18)
    shown = f"[{name}]" if is_open else f" {name} "
    return (
        (status_glyph[state.status], STATUS_INK[state.status]),
        (shown, Ink.SELECTED if is_open else Ink.TEXT),
    )


def _run_rows(state: RunState, width: int, glyphs: Glyphs, *, is_open: bool) -> list[Row]:
    status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
    series = main_series(state)
    value = format_value(series.statistics.last) if series is not None else ""
    marker = ">" if is_open else " "
    room = width - 4 - len(value)
    name = pad(shorten_middle(clean(state.name), room), room)
    first: list[Span] = [
        (marker, Ink.SELECTED),
        (status_glyph[state.status], STATUS_INK[state.status]),
        (" ", Ink.TEXT),
        (name, Ink.SELECTED if is_open else Ink.TEXT),
        (" ", Ink.TEXT),
        (value, Ink.CRITICAL if value in ("NaN", "Inf", "-Inf") else Ink.TEXT),
    ]
    return [fit(first, width), fit(_second_row(state, width, glyphs), width)]


def _second_row(state: RunState, width: int, glyphs: Glyphs) -> list[Span]:
    progress = state.progress
    spans: list[Span] = [("   ", Ink.TEXT)]
    if state.status.live and progress.fraction is not None:
        spans += grid_rows(progress_bar(progress.fraction, 5, glyphs, style=STATUS_INK[state.status]))[0]
        spans.append((f" {round(100 * progress.fraction)}% ", Ink.MUTED))
        if progress.eta_s is not None:
            spans.append((format_duration(progress.eta_s), Ink.MUTED))
    else:
        at = f" @{progress.step}" if progress.step is not None else ""
        took = (
            f" {format_duration(progress.elapsed_s)}"
            if progress.elapsed_s is not None and width >= 24
            else ""
        )
        spans.append((f"{state.status}{at}{took}", Ink.MUTED))
    findings = state.open_findings
    if findings:
        mark = f" !{len(findings)}"
        spans = [*fit(spans, width - len(mark)), (mark, SEVERITY_INK[findings[0].severity])]
    return spans
