"""What a chart's frame says: its tags, their last values, the best one, and what is not finite."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuimon.charts.style import Style
from tuimon.core.frozen import frozen
from tuimon.core.roles import FALLING_IS_GOOD, RISING_IS_GOOD, is_evaluation
from tuimon.core.text import cell_width, clean, shorten
from tuimon.core.units import format_value
from tuimon.store.series import SeriesView
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, Span, row_width


@frozen
class Told:
    """A curve as the title names it.

    Attributes:
        series: The curve.
        style: Its slot.
        key: The character at its end on the chart, or nothing.
        value: The value to say; None where it had none yet.
        named: Whether its tag is said; a curve of another run is known by its key.
        reference: The open run's value, of which the difference to this one is said, or None.
        nonfinite: How many of its values are NaN or infinite.
        spread: Where the curve is the mean of several ranks, of which and between which values.
    """

    series: SeriesView
    style: Style
    key: str
    value: float | None
    named: bool = True
    reference: float | None = None
    nonfinite: int = 0
    spread: str = ""


def chart_title(told: Sequence[Told], width: int, *, at_cursor: bool = False) -> Row:
    """Return the title in its longest form that fits into `width` cells; the values are given up last.

    At the cursor the values of other runs are sorted, so that the order of the curves can be read.
    """
    own = [each for each in told if each.named]
    others = [each for each in told if not each.named]
    if at_cursor:
        others.sort(key=lambda each: (each.value is None, each.value))
    tags = [clean(each.series.tag) for each in own]
    last_parts = [tag.rsplit("/", 1)[-1] for tag in tags]
    # The second curve is the evaluation of the first one's metric: its key on the chart names it.
    for names, at_length in (
        (tags, not at_cursor or any(each.spread for each in own)),
        (tags, False),
        ([*tags[:1], *[""] * (len(tags) - 1)], False),
        ([*last_parts[:1], *[""] * (len(tags) - 1)], False),
    ):
        row = _spelled(own, names, others, at_length=at_length)
        if row_width(row) <= width:
            return row
    while others and row_width(row) > width:
        others = others[:-1]
        row = _spelled(own, names, others)
    too_wide = row_width(row) - width
    first = shorten(names[0], max(cell_width(names[0]) - too_wide, 3)) if too_wide > 0 else names[0]
    return _spelled(own, [first, *names[1:]], others)


def _spelled(
    own: Sequence[Told], names: list[str], others: Sequence[Told], *, at_length: bool = False
) -> Row:
    spans: list[Span] = []
    for each, name in zip(own, names, strict=True):
        spans += [
            (("  " if spans else "") + (f"{each.key} " if each.key else ""), each.style),
            (f"{name} " if name else "", each.style),
            _said(each),
        ]
        if at_length and each.spread:
            spans.append((f" {each.spread}", Ink.MUTED))
        is_best_told = at_length and is_evaluation(each.series.tag) and not each.spread
        best = _best(each.series) if is_best_told else None
        if best is not None:
            spans.append((f" best {format_value(best[0])}@{best[1]}", Ink.MUTED))
        if each.nonfinite:
            spans.append((f" ×{each.nonfinite}" + (" non-finite" if at_length else ""), Style.NONFINITE))
    for each in others:
        spans += [(f"  {each.key} ", each.style), _said(each)]
        if each.reference is not None and each.value is not None:
            spans.append((f" {_signed(each.reference - each.value)}", Ink.MUTED))
    return tuple(span for span in spans if span[0])


def _said(told: Told) -> Span:
    finite = told.value is None or math.isfinite(told.value)
    return "-" if told.value is None else format_value(told.value), Ink.STRONG if finite else Ink.CRITICAL


def _signed(difference: float) -> str:
    return f"{'-' if difference < 0 else '+'}{format_value(abs(difference), 3)}"


def _best(series: SeriesView) -> tuple[float, int] | None:
    """Return the best value and its step, where a direction is the better one."""
    statistics = series.statistics
    value, step = None, None
    if series.role in FALLING_IS_GOOD:
        value, step = statistics.minimum, statistics.minimum_step
    elif series.role in RISING_IS_GOOD:
        value, step = statistics.maximum, statistics.maximum_step
    return None if value is None or step is None else (value, step)
