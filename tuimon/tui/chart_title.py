"""What a chart's frame says: its tags, their last values, the best one, and what is not finite."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuimon.charts.style import Style, series_style
from tuimon.core.roles import FALLING_IS_GOOD, RISING_IS_GOOD, is_evaluation
from tuimon.core.text import cell_width, clean, shorten
from tuimon.core.units import format_value
from tuimon.store.series import SeriesView
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, Span, row_width


def chart_title(
    series: Sequence[SeriesView], width: int, at_cursor: Sequence[float | None] | None = None
) -> Row:
    """Return the title in its longest form that fits into `width` cells; the values are given up last.

    Args:
        series: What the chart shows.
        width: In cells.
        at_cursor: The values to show in place of the last ones; None for one that had none yet.
    """
    values = [each.statistics.last for each in series] if at_cursor is None else at_cursor
    tags = [clean(each.tag) for each in series]
    last_parts = [tag.rsplit("/", 1)[-1] for tag in tags]
    # The second curve is the evaluation of the first one's metric: its key on the chart names it.
    for names, at_length in (
        (tags, True),
        (tags, False),
        ([*tags[:1], *[""] * (len(tags) - 1)], False),
        ([*last_parts[:1], *[""] * (len(tags) - 1)], False),
    ):
        row = _spelled(series, names, values, at_length=at_length and at_cursor is None)
        if row_width(row) <= width:
            return row
    too_wide = row_width(row) - width
    first = shorten(names[0], max(cell_width(names[0]) - too_wide, 3))
    return _spelled(series, [first, *names[1:]], values)


def _spelled(
    series: Sequence[SeriesView],
    names: list[str],
    values: Sequence[float | None],
    *,
    at_length: bool = False,
) -> Row:
    spans: list[Span] = []
    for index, (each, name, value) in enumerate(zip(series, names, values, strict=True)):
        marker = "e " if is_evaluation(each.tag) and len(series) > 1 else ""
        spans += [
            (("  " if spans else "") + marker, series_style(index)),
            (f"{name} " if name else "", series_style(index)),
            (
                "-" if value is None else format_value(value),
                Ink.STRONG if value is None or math.isfinite(value) else Ink.CRITICAL,
            ),
        ]
        best = _best(each) if at_length and is_evaluation(each.tag) else None
        if best is not None:
            spans.append((f" best {format_value(best[0])}@{best[1]}", Ink.MUTED))
        gone = each.statistics.nan + each.statistics.inf
        if gone:
            spans.append((f" ×{gone}" + (" non-finite" if at_length else ""), Style.NONFINITE))
    return tuple(span for span in spans if span[0])


def _best(series: SeriesView) -> tuple[float, int] | None:
    """Return the best value and its step, where a direction is the better one."""
    statistics = series.statistics
    value, step = None, None
    if series.role in FALLING_IS_GOOD:
        value, step = statistics.minimum, statistics.minimum_step
    elif series.role in RISING_IS_GOOD:
        value, step = statistics.maximum, statistics.maximum_step
    return None if value is None or step is None else (value, step)
