"""A comparison as text: table, settings, curves over each other, importance as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tuimon.analysis.alignment import Alignment
from tuimon.analysis.importance import Importance
from tuimon.charts.bars import gauge
from tuimon.charts.grid import rows
from tuimon.charts.layout import columns_wanted
from tuimon.charts.lines import Line, draw_lines, value_range
from tuimon.charts.scales import LINEAR, LOG, Limits, Scale
from tuimon.charts.style import Glyphs, series_style
from tuimon.charts.ticks import linear_ticks
from tuimon.charts.time_ticks import clock_ticks, duration_ticks
from tuimon.core.batch import ConfigValue
from tuimon.core.columns import Columns
from tuimon.core.frozen import frozen
from tuimon.core.text import cell_width, clean, pad, shorten, shorten_middle
from tuimon.core.units import format_count, format_date, format_duration, format_rate, format_value
from tuimon.output.compare import Compared, Comparison, Point, severities
from tuimon.store.folding import fold_unordered

MOST_CURVES = 8
"""As many as there are styles."""

_KEYS = "abcdefgh"
_CHART_HEIGHT = 16
_LEAST_NAME, _WIDEST_NAME, _WIDEST_VALUE = 16, 32, 24
_NAME = "run"
_MOST_SETTINGS = 20
_MOST_BARS = 12
_BAR_WIDTH = 24
_RUN_AWAY = 1e4
_PLACE = {
    Alignment.STEP: "step",
    Alignment.RELATIVE_STEP: "step",
    Alignment.EPOCH: "epoch",
    Alignment.TOKENS: "tokens",
    Alignment.TIME: "after",
    Alignment.WALL: "at",
}
_X_LABEL = {
    Alignment.STEP: "step",
    Alignment.RELATIVE_STEP: "steps since the run began",
    Alignment.EPOCH: "epoch",
    Alignment.TOKENS: "tokens",
    Alignment.TIME: "time of training",
    Alignment.WALL: "time",
}


def comparison_lines(comparison: Comparison, width: int, glyphs: Glyphs = "braille") -> Iterator[str]:
    """Yield a comparison as lines of at most `width` cells, except for a table that needs more."""
    yield from _heading(comparison)
    yield ""
    yield from _table(comparison, width)
    yield from _settings(comparison, width)
    yield from _chart(comparison, width, glyphs)
    yield from _importance(comparison, glyphs)


def overlay(comparison: Comparison, columns: int) -> tuple[list[tuple[Compared, Columns]], Limits] | None:
    """Return the curves of the best runs, folded into so many columns, and the x limits they share.

    None where no run has a curve along what the runs are compared by.
    """
    chosen = [each for each in comparison.runs if each.curve is not None][:MOST_CURVES]
    limits = [found for each in chosen if each.curve is not None and (found := each.curve.limits) is not None]
    if not limits:
        return None
    lo, hi = min(low for low, _ in limits), max(high for _, high in limits)
    edges = np.linspace(lo, hi if hi > lo else lo + 1.0, columns + 1)
    folded = [
        (each, fold_unordered(edges, each.curve.x, each.curve.series.values, each.curve.series.omitted, 0))
        for each in chosen
        if each.curve is not None
    ]
    return folded, (float(edges[0]), float(edges[-1]))


def x_ticks(alignment: Alignment, limits: Limits, count: int) -> list[tuple[float, str]]:
    """Return about so many ticks of the axis that runs are compared by."""
    if alignment is Alignment.TIME:
        return duration_ticks(*limits, count)
    if alignment is Alignment.WALL:
        return clock_ticks(*limits, count)
    whole = alignment in (Alignment.STEP, Alignment.RELATIVE_STEP)
    places = [x for x in linear_ticks(*limits, count) if not whole or x == round(x)]
    return [(x, _x_text(alignment, x)) for x in places]


def y_scale(folded: Sequence[Columns]) -> Scale:
    """Return a logarithmic scale where a curve has run away so far that nothing else could be seen."""
    limits = value_range([Line(columns) for columns in folded])
    return LOG if limits is not None and 0 < limits[0] * _RUN_AWAY < limits[1] else LINEAR


def x_label(alignment: Alignment) -> str:
    """Return what x counts."""
    return _X_LABEL[alignment]


def _heading(comparison: Comparison) -> Iterator[str]:
    choice, count = comparison.choice, len(comparison.runs)
    runs = f"{count} run" + ("s" if count != 1 else "")
    if comparison.metric is None:
        yield f"{runs}, in the order of their names: no metric was logged that could rank them"
        return
    better = "higher" if comparison.goal == "max" else "lower"
    by = {"best": "best", "last": "last", "at": "equal place, by"}[choice.rank_by]
    yield f"{runs} by {by} {clean(comparison.metric)} ({better} is better)"


@frozen
class _Column:
    heading: str
    text: Callable[[Compared], str]
    left: bool = False


def _table(comparison: Comparison, width: int) -> Iterator[str]:
    columns = [
        _Column("#", lambda each: "-" if each.rank is None else str(each.rank)),
        _Column(_NAME, lambda each: shorten_middle(clean(each.state.name), _WIDEST_NAME), left=True),
        _Column("status", lambda each: each.state.status.value, left=True),
        _Column("best", lambda each: _value(each.best)),
        _Column("at step", lambda each: "-" if each.best is None else str(each.best.step)),
        _Column("last", lambda each: _value(each.last)),
    ]
    if comparison.at is not None:
        place = f"{_PLACE[comparison.choice.alignment]} {_x_text(comparison.choice.alignment, comparison.at)}"
        columns.append(_Column(place, lambda each: _value(each.at)))
    columns += [
        _Column("steps", lambda each: "-" if (step := each.state.progress.step) is None else str(step)),
        _Column("time", lambda each: format_duration(each.state.progress.elapsed_s)),
        _Column("speed", lambda each: format_rate(each.state.progress.steps_per_s)),
        _Column("findings", _findings, left=True),
        _Column("best checkpoint", _checkpoint, left=True),
    ]
    yield from _aligned(columns, comparison.runs, width)
    if any(each.checked_from_step is not None for each in comparison.runs):
        yield "findings are those of the newest points of long runs; `tuimon check` looks at all"


def _aligned(columns: Sequence[_Column], compared: Sequence[Compared], width: int) -> Iterator[str]:
    """Yield a table without the columns of which nothing is known; names give way where it is too wide."""
    told = [(column, [column.heading, *map(column.text, compared)]) for column in columns]
    told = [(column, cells) for column, cells in told if any(cell != "-" for cell in cells[1:])]
    widths = [max(map(cell_width, cells)) for _, cells in told]
    excess = sum(widths) + 2 * (len(widths) - 1) - width
    name = next(place for place, (column, _) in enumerate(told) if column.heading == _NAME)
    widths[name] = _distinct(told[name][1], max(widths[name] - excess, _LEAST_NAME), widths[name])
    for line in zip(*(cells for _, cells in told), strict=True):
        parts = (
            pad(shorten_middle(cell, room), room) if column.left else " " * (room - cell_width(cell)) + cell
            for cell, room, (column, _) in zip(line, widths, told, strict=True)
        )
        yield "  ".join(parts).rstrip()


def _distinct(names: Sequence[str], least: int, most: int) -> int:
    """Return the least width at which names that differ still do when they are cut."""
    different = len(set(names))
    widths = range(min(least, most), most)
    return next((w for w in widths if len({shorten_middle(name, w) for name in names}) == different), most)


def _settings(comparison: Comparison, width: int) -> Iterator[str]:
    different = comparison.settings.different
    count = len(comparison.runs)
    if count < 2:
        return
    yield ""
    shared = len(comparison.settings.same)
    if not different:
        yield f"config: the same in all runs ({shared} settings)" if shared else "config: none was logged"
        return
    yield f"config: {len(different)} differ, {shared} are the same; in the order of the table"
    shown = list(different.items())[:_MOST_SETTINGS]
    name_width = min(max(cell_width(clean(name)) for name, _ in shown), _WIDEST_NAME)
    texts = {name: [_setting_text(value) for value in values] for name, values in shown}
    columns = [max(cell_width(row[place]) for row in texts.values()) for place in range(count)]
    fits = name_width + 2 + sum(columns) + 2 * count <= width
    for name, values in shown:
        title = f"  {pad(shorten_middle(clean(name), name_width), name_width)}  "
        if fits:
            yield (title + "  ".join(map(pad, texts[name], columns))).rstrip()
        else:
            yield shorten(title + _many(values), width)
    if len(different) > len(shown):
        yield f"  and {len(different) - len(shown)} more: --json has them"


def _many(values: Sequence[ConfigValue]) -> str:
    """Return what can be said of a setting of many runs in a line."""
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(values) and len(set(numbers)) > 4:
        return f"{format_value(min(numbers))} to {format_value(max(numbers))}, {len(set(numbers))} values"
    counted = {_setting_text(value): 0 for value in values}
    for value in values:
        counted[_setting_text(value)] += 1
    if len(counted) > 6:
        return f"{len(counted)} values"
    return ", ".join(f"{text} ({count} runs)" if count > 1 else text for text, count in counted.items())


def _chart(comparison: Comparison, width: int, glyphs: Glyphs) -> Iterator[str]:
    size = (_CHART_HEIGHT, width)
    found = overlay(comparison, columns_wanted(size, glyphs))
    if comparison.metric is None:
        return
    yield ""
    alignment = comparison.choice.alignment
    if found is None:
        yield f"no curves: no run logs {clean(comparison.metric)} by {alignment}"
        return
    curves, limits = found
    yield f"{clean(comparison.metric)} by {x_label(alignment)}"
    lines = [
        Line(columns, series_style(place), key=_KEYS[place]) for place, (_, columns) in enumerate(curves)
    ]
    ticks = x_ticks(alignment, limits, max(width // 12, 2))
    scale = y_scale([columns for _, columns in curves])
    # The best run is drawn last, over the others.
    grid = draw_lines(lines[::-1], size, limits, y_scale=scale, glyphs=glyphs, x_tick_labels=ticks)
    yield from (row.rstrip() for row in rows(grid))
    names = [
        f"{key} {shorten_middle(clean(each.state.name), _WIDEST_NAME)}"
        for key, (each, _) in zip(_KEYS, curves, strict=False)
    ]
    yield from _wrapped(names, width)
    others = sum(each.rank is not None for each in comparison.runs) - len(curves)
    if others > 0:
        yield f"and {others} more, which are not drawn"


def _wrapped(names: Sequence[str], width: int) -> Iterator[str]:
    line = ""
    for name in names:
        longer = f"{line}   {name}" if line else name
        if line and cell_width(longer) > width:
            yield line
            longer = name
        line = longer
    if line:
        yield line


def _importance(comparison: Comparison, glyphs: Glyphs) -> Iterator[str]:
    if len(comparison.runs) < 2 or comparison.metric is None:
        return
    yield ""
    if comparison.warning is not None:
        yield f"importance of settings: {comparison.warning}"
        return
    if not comparison.importances:
        yield "importance of settings: none of those that differ can be told apart"
        return
    yield (
        f"importance of settings for {clean(comparison.metric)}, over {comparison.ranked} runs"
        " (95 % intervals; rank correlation)"
    )
    shown = comparison.importances[:_MOST_BARS]
    labels = [_name_of(each) for each in shown]
    name_width = min(max(map(cell_width, labels)), _WIDEST_NAME)
    for each, label in zip(shown, labels, strict=True):
        (bar,) = rows(gauge(each.importance, _BAR_WIDTH, glyphs))
        text = f"  {pad(label, name_width)}  {bar}  {each.importance:.2f}  {each.low:.2f} to {each.high:.2f}"
        yield text + _correlation(each)
    if len(comparison.importances) > len(shown):
        yield f"  and {len(comparison.importances) - len(shown)} less important: --json has them"


def _name_of(each: Importance) -> str:
    return clean(each.name) + (f" = {', '.join(map(clean, each.same_as))}" if each.same_as else "")


def _correlation(each: Importance) -> str:
    if each.correlation is None or each.correlation_low is None or each.correlation_high is None:
        return ""
    return f"  ({each.correlation:+.2f}: {each.correlation_low:+.2f} to {each.correlation_high:+.2f})"


def _value(point: Point | None) -> str:
    return "-" if point is None else format_value(point.value)


def _findings(each: Compared) -> str:
    counted = [f"{count} {word}" for word, count in severities(each.state).items() if count]
    return ", ".join(counted) or "none"


def _checkpoint(each: Compared) -> str:
    return "-" if each.checkpoint is None else shorten_middle(clean(each.checkpoint), _WIDEST_NAME)


def _setting_text(value: ConfigValue) -> str:
    if value is None:
        return "-"
    text = f"{value:g}" if isinstance(value, float) else clean(str(value))
    return shorten(text, _WIDEST_VALUE)


def _x_text(alignment: Alignment, x: float) -> str:
    if alignment is Alignment.TIME:
        return format_duration(x)
    if alignment is Alignment.WALL:
        return format_date(x)
    if alignment is Alignment.TOKENS:
        return format_count(x)
    return f"{x:.2f}".rstrip("0").rstrip(".") if alignment is Alignment.EPOCH else f"{x:.0f}"
