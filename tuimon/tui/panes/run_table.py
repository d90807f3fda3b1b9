"""All runs as a table over the whole screen: status, progress, last and best values, curve, findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tuimon.analysis.best import Best
from tuimon.analysis.charted import main_series
from tuimon.charts.sparkline import sparkline
from tuimon.charts.style import Glyphs
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.text import cell_width, clean, pad, shorten_middle
from tuimon.core.units import format_duration, format_percent, format_rate, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.tui.ink import SEVERITY_INK, STATUS_GLYPH, STATUS_GLYPH_ASCII, STATUS_INK, Ink
from tuimon.tui.panes.diagnosis import open_incidents
from tuimon.tui.panes.runs import first_shown, marker, no_runs
from tuimon.tui.rows import Row, Span, columns_row, fit, grid_rows
from tuimon.tui.run_list import RunList
from tuimon.tui.run_names import shown_names
from tuimon.tui.view import View

_LEAST_NAME, _MOST_NAME = 14, 44
# A name that can be told from the next one is worth more than the columns behind the first five.
_WHOLE_NAME, _FIRST_COLUMNS = 32, 5
# From these widths on, small curves have so many cells.
_CURVES = ((150, 24), (90, 14))


@frozen
class _Column:
    """A column: its heading, its width in cells, and the order (`run_list.ORDERS`) that sorts by it."""

    heading: str
    width: int
    text: Callable[[RunState, Best | None], str]
    order: str = ""


def _step(state: RunState, _best: Best | None) -> str:
    return "" if state.progress.step is None else str(state.progress.step)


def _progress(state: RunState, _best: Best | None) -> str:
    return "" if state.progress.fraction is None else format_percent(state.progress.fraction)


def _eta(state: RunState, _best: Best | None) -> str:
    progress = state.progress
    if state.status.live:
        return "" if progress.eta_s is None else format_duration(progress.eta_s)
    return "" if progress.elapsed_s is None else f"took {format_duration(progress.elapsed_s)}"


def _loss(state: RunState, _best: Best | None) -> str:
    series = main_series(state.run)
    return "" if series is None else format_value(series.statistics.last)


def _best_value(_state: RunState, best: Best | None) -> str:
    return "" if best is None else format_value(best.value)


def _best_step(_state: RunState, best: Best | None) -> str:
    return "" if best is None else f"@{best.step}"


def _rate(state: RunState, _best: Best | None) -> str:
    return "" if state.progress.steps_per_s is None else format_rate(state.progress.steps_per_s)


def _peak_learning_rate(state: RunState, _best: Best | None) -> str:
    found = state.run.with_role(Role.LEARNING_RATE)
    return format_value(found[0].statistics.maximum, 3) if found and len(found[0]) else ""


# The first ones that fit are shown, in this order.
_COLUMNS = (
    _Column("loss", 9, _loss, "loss"),
    _Column("best", 9, _best_value, "best"),
    _Column("", 8, _best_step),
    _Column("done", 6, _progress, "progress"),
    _Column("ETA/took", 11, _eta, "eta"),
    _Column("peak lr", 9, _peak_learning_rate),
    _Column("step", 9, _step),
    _Column("speed", 9, _rate),
)


class RunTable:
    """Draws the table, and remembers the small curves. Only the screen's thread uses it."""

    def __init__(self) -> None:
        self._curves: dict[str, tuple[tuple[int, int], list[Span]]] = {}

    def rows(
        self,
        runs: Sequence[RunState],
        view: View,
        known: RunList,
        size: tuple[int, int],
        glyphs: Glyphs,
    ) -> list[Row]:
        """Return the heading and a row for each run that fits, `size` = (height, width) cells."""
        height, width = size
        if not runs and view.run_filter:
            return no_runs(width)
        names = shown_names(runs)
        longest = max((cell_width(clean(name)) for name in names), default=0)
        columns, name_width, curve_width = _fitting(width, longest)
        rows = [_heading(columns, name_width, curve_width, view, width)]
        room = max(height - 1, 1)
        first = first_shown(runs, view.run_name, room)
        for state, name in zip(runs[first : first + room], names[first : first + room], strict=True):
            best = known.best(state)
            spans = [*self._name(state, name, view, name_width, glyphs)]
            is_open = state.name == view.run_name
            for column in columns:
                text = column.text(state, best)
                if column.order == "best" and best is not None and not known.is_usual(best):
                    text = f"({text})"  # it is another metric's, and cannot be compared with the others
                ink = Ink.CRITICAL if text in ("NaN", "Inf", "-Inf") else Ink.STRONG if is_open else Ink.TEXT
                spans += [(" ", Ink.TEXT), *columns_row(((text, -column.width, ink),))]
            if curve_width:
                spans += [("  ", Ink.TEXT), *self._curve(state, curve_width, glyphs)]
            spans.append(("  ", Ink.TEXT))
            spans += _findings(state)
            rows.append(fit(spans, width))
        return rows

    @staticmethod
    def _name(state: RunState, shown: str, view: View, width: int, glyphs: Glyphs) -> list[Span]:
        status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
        ink = Ink.SELECTED if state.name == view.run_name else Ink.TEXT
        name = pad(shorten_middle(clean(shown), width), width)
        return [
            marker(state, view),
            (f"{status_glyph[state.status]} ", STATUS_INK[state.status]),
            (name, ink),
        ]

    def _curve(self, state: RunState, width: int, glyphs: Glyphs) -> list[Span]:
        """Return the course of the run's main series, no point left out."""
        key = (state.run.revision, width)
        held = self._curves.get(state.name)
        if held is None or held[0] != key:
            held = self._curves[state.name] = (key, _drawn_curve(state, width, glyphs))
        return held[1]


def _drawn_curve(state: RunState, width: int, glyphs: Glyphs) -> list[Span]:
    series = main_series(state.run)
    reach = None if series is None else series.extent(Axis.ACCUMULATED)
    if series is None or reach is None:
        return [(" " * width, Ink.TEXT)]
    edges = np.linspace(reach[0], max(reach[1], reach[0] + 1.0), width + 1)
    return list(grid_rows(sparkline(series.window(Axis.ACCUMULATED, edges), width, glyphs))[0])


def _fitting(width: int, longest: int) -> tuple[list[_Column], int, int]:
    """Return the columns that fit, the width of the names and that of the curves; findings have the rest."""
    findings = 20 if width >= 80 else 6
    curve = next((cells for least, cells in _CURVES if width >= least), 0)
    room = width - 3 - _LEAST_NAME - findings - (curve + 2 if curve else 0)
    columns: list[_Column] = []
    for column in _COLUMNS:
        kept = min(longest, _WHOLE_NAME) - _LEAST_NAME if len(columns) >= _FIRST_COLUMNS else 0
        if room - max(kept, 0) < column.width + 1:
            break
        columns.append(column)
        room -= column.width + 1
    return columns, min(_LEAST_NAME + max(room, 0), max(longest, _LEAST_NAME), _MOST_NAME), curve


def _heading(columns: Sequence[_Column], name_width: int, curve_width: int, view: View, width: int) -> Row:
    def ink(order: str) -> int:
        return Ink.TITLE if order == view.run_order else Ink.MUTED

    spans: list[Span] = [("   ", Ink.TEXT), (pad("run", name_width), ink("name"))]
    for column in columns:
        spans += [(" ", Ink.TEXT), *columns_row(((column.heading, -column.width, ink(column.order)),))]
    if curve_width:
        spans.append((pad("  curve", curve_width + 2), Ink.MUTED))
    rest = width - sum(len(text) for text, _ in spans)
    spans.append(("  findings" if rest >= len("  findings") else "  open", ink("findings")))
    return fit(spans, width)


def _findings(state: RunState) -> list[Span]:
    wrong = open_incidents(state)
    return [(f"!{len(wrong)} {wrong[0].title}", SEVERITY_INK[wrong[0].severity])] if wrong else []
