"""The curves of a comparison as a picture: one panel, the best runs over each other."""

from __future__ import annotations

from functools import partial

from tuimon.core.errors import NoRunError
from tuimon.core.text import clean
from tuimon.output.compare import Comparison
from tuimon.output.compare_text import overlay, x_label, x_ticks, y_scale
from tuimon.output.figure import Curve, Figure, Panel

_COLUMNS = 600


def comparison_figure(comparison: Comparison) -> Figure:
    """Return the picture of a comparison.

    Raises:
        NoRunError: No run has a curve along what the runs are compared by.
    """
    alignment = comparison.choice.alignment
    found = overlay(comparison, _COLUMNS)
    if found is None or comparison.metric is None:
        raise NoRunError(f"no run logs {clean(comparison.metric or 'a metric')} by {alignment}", "--align")
    folded, limits = found
    names = tuple((clean(each.state.name), place) for place, (each, _) in enumerate(folded))
    # The best run is drawn last, over the others.
    curves = tuple(
        Curve(clean(each.state.name), columns, colour=place) for place, (each, columns) in enumerate(folded)
    )[::-1]
    metric = clean(comparison.metric)
    ticks = partial(x_ticks, alignment, limits)
    log = y_scale([columns for _, columns in folded]).kind == "log"
    return Figure("", (Panel(metric, x_label(alignment), metric, limits, ticks, curves, log=log),), names)
