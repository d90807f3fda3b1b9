"""Draws panels as SVG."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tuimon.charts.scales import LINEAR, Axis
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.core.text import shorten, shorten_middle
from tuimon.output.colours import SERIES_LIGHT
from tuimon.output.curves import band, nonfinite_places, polyline
from tuimon.output.figure import Bars, Curve, Figure, Panel, Sign, Ticks, y_ticks
from tuimon.output.svg import band_path, element, line_path, safe_text, text_width
from tuimon.output.svg_style import chart_style

_TITLE_SIZE, _TEXT_SIZE = 13.0, 11.0
_LEFT, _RIGHT, _BOTTOM = 64.0, 14.0, 40.0
_TITLE_HEIGHT, _LEGEND_HEIGHT, _SIGN_HEIGHT = 22.0, 18.0, 12.0
_PIXELS_PER_X_TICK, _PIXELS_PER_Y_TICK = 80.0, 36.0
_SAMPLE = 18.0
_GAP = 16.0
_FIGURE_WIDTH, _PANEL_WIDTH = 1120.0, 540.0
_CROSS = 3.0
_CHARACTER = 6.8


@frozen
class _Plot:
    """The rectangle of the plot inside a panel, in pixels, and its axes; `y` is None for an empty one."""

    left: float
    top: float
    right: float
    bottom: float
    x: Axis
    y: Axis | None

    def across(self, values: Float64Array) -> Float64Array:
        """Return the x pixels of values."""
        return self.left + self.x.fractions(values) * (self.right - self.left)

    def up(self, values: Float64Array) -> Float64Array:
        """Return the y pixels of values; NaN where a value has no place."""
        if self.y is None:
            return np.full(len(values), np.nan)
        return self.bottom - self.y.fractions(values) * (self.bottom - self.top)


def figure_svg(figure: Figure, *, columns: int = 2) -> str:
    """Return a picture of its own, with its style sheet: a file that any browser shows.

    Args:
        figure: What to draw.
        columns: Panels side by side.
    """
    columns = max(min(columns, len(figure.panels)), 1)
    width = _FIGURE_WIDTH
    each = (width - _GAP * (columns + 1)) / columns
    height = each * 0.58
    names = _names_row(figure, width)
    top = _GAP + (26.0 if figure.title else 0.0) + (_LEGEND_HEIGHT + 6.0 if names else 0.0)
    rows = -(-len(figure.panels) // columns)
    parts = [
        element("title", safe_text(figure.title or "curves of several runs")),
        element("style", chart_style()),
        element("rect", class_="ground", width=width, height=top + rows * (height + _GAP)),
    ]
    if figure.title:
        shown = shorten_middle(figure.title, int((width - 2 * _GAP) / 9), ellipsis="…")
        parts.append(element("text", safe_text(shown), class_="heading", x=_GAP, y=_GAP + 15))
    parts += names
    for place, panel in enumerate(figure.panels):
        row, column = divmod(place, columns)
        x, y = _GAP + column * (each + _GAP), top + row * (height + _GAP)
        drawn = panel_parts(panel, each, height, named_above=bool(figure.names))
        parts.append(element("g", drawn, transform=f"translate({x:.1f} {y:.1f})"))
    return element(
        "svg",
        parts,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        viewBox=f"0 0 {width:.0f} {top + rows * (height + _GAP):.0f}",
        width=width,
        height=top + rows * (height + _GAP),
        role="img",
    )


def panel_svg(panel: Panel, *, height: float = 300.0, named_above: bool = False) -> str:
    """Return one panel as SVG that stands in a page with the style sheet `chart_style`.

    Args:
        panel: What to draw.
        height: Pixels, at the width that the page scales.
        named_above: The page says which colour is which run.
    """
    return element(
        "svg",
        panel_parts(panel, _PANEL_WIDTH, height, named_above=named_above),
        class_="chart",
        viewBox=f"0 0 {_PANEL_WIDTH:.0f} {height:.0f}",
        role="img",
        aria_label=panel.title,
    )


def panel_parts(panel: Panel, width: float, height: float, *, named_above: bool = False) -> list[str]:
    """Return what a panel is made of, in a rectangle from (0, 0) to (width, height).

    Args:
        panel: What to draw.
        width: Pixels.
        height: Pixels.
        named_above: A legend above all panels says which colour is which.
    """
    legend = _legend(panel, width, named_above=named_above)
    top = _TITLE_HEIGHT + (_LEGEND_HEIGHT if legend else 0.0) + (_SIGN_HEIGHT if panel.signs else 4.0)
    y = panel.y_axis()
    x = Axis(LINEAR, LINEAR.usable(panel.x_limits))
    plot = _Plot(_LEFT, top, width - _RIGHT, height - _BOTTOM, x, y)
    note = shorten(panel.note, int((width - _LEFT) * 0.6 / _CHARACTER), ellipsis="…")
    room = width - _LEFT - _RIGHT - text_width(note, _TEXT_SIZE)
    title = shorten_middle(panel.title, int(room / (_TITLE_SIZE * 0.6)), ellipsis="…")
    return [
        element("text", safe_text(title), class_="title", x=_LEFT, y=14.0),
        *legend,
        element("text", safe_text(note), x=width - _RIGHT, y=14.0, text_anchor="end") if note else "",
        *_frame(panel, plot, height),
        *(part for curve in panel.curves for part in _raw(curve, plot)),
        *(part for bars in panel.bars for part in _bars(bars, plot, several=len(panel.bars) > 1)),
        *(part for curve in panel.curves for part in _line(curve, plot)),
        *_signs(panel.signs, plot),
        *_crosses(panel, plot),
    ]


def _frame(panel: Panel, plot: _Plot, height: float) -> list[str]:
    """Return grid, axes, ticks and what they count."""
    x_ticks = panel.x_ticks(max(int((plot.right - plot.left) / _PIXELS_PER_X_TICK), 2))
    rows: Ticks = []
    if plot.y is not None:
        rows = y_ticks(plot.y, max(int((plot.bottom - plot.top) / _PIXELS_PER_Y_TICK), 3))
    heights = plot.up(np.array([place for place, _ in rows])).tolist()
    grid = "".join(f"M{plot.left:.1f} {y:.1f}H{plot.right:.1f}" for y in heights)
    around = f"M{plot.left:.1f} {plot.top:.1f}V{plot.bottom:.1f}H{plot.right:.1f}"
    parts = [
        element("path", class_="grid", d=grid),
        element("path", class_="axis", d=around, fill="none"),
    ]
    parts += [
        element("text", safe_text(text), x=plot.left - 7, y=y + 4, text_anchor="end")
        for y, (_, text) in zip(heights, rows, strict=True)
    ]
    parts += _x_labels(x_ticks, plot)
    middle = (plot.left + plot.right) / 2
    x_label = shorten_middle(panel.x_label, int((plot.right - plot.left) / _CHARACTER), ellipsis="…")
    parts.append(element("text", safe_text(x_label), x=middle, y=height - 6, text_anchor="middle"))
    label = shorten_middle(panel.y_label, int((plot.bottom - plot.top) / _CHARACTER), ellipsis="…")
    across = f"translate(12 {(plot.top + plot.bottom) / 2:.1f}) rotate(-90)"
    label += " (log)" if panel.log else ""
    parts.append(element("text", safe_text(label), transform=across, text_anchor="middle"))
    if plot.y is None:
        parts.append(
            element(
                "text", "no points to show", x=middle, y=(plot.top + plot.bottom) / 2, text_anchor="middle"
            )
        )
    return parts


def _x_labels(ticks: Ticks, plot: _Plot) -> list[str]:
    """Return ticks and their labels; a label that would touch the one before it is left out."""
    parts, taken = [], -np.inf
    for x, (_, text) in zip(plot.across(np.array([at for at, _ in ticks])).tolist(), ticks, strict=True):
        if not plot.left - 0.5 <= x <= plot.right + 0.5:
            continue
        parts.append(element("path", class_="axis", d=f"M{x:.1f} {plot.bottom:.1f}v4"))
        half = text_width(text, _TEXT_SIZE) / 2
        if x - half > taken:
            parts.append(element("text", safe_text(text), x=x, y=plot.bottom + 16, text_anchor="middle"))
            taken = x + half + 6
    return parts


def _raw(curve: Curve, plot: _Plot) -> list[str]:
    if curve.raw is None or plot.y is None:
        return []
    x, lo, hi = band(curve.raw)
    if plot.y.scale != LINEAR:
        # Of a band that reaches below zero a log axis shows what lies above its own lower end.
        shown = hi > 0
        x, lo, hi = x[shown], np.maximum(lo[shown], plot.y.limits[0]), hi[shown]
    path = band_path(plot.across(x), plot.up(lo), plot.up(hi))
    return [element("path", class_=f"raw f{_slot(curve.colour)}", d=path)] if path else []


def _line(curve: Curve, plot: _Plot) -> list[str]:
    x, y = polyline(curve.columns)
    path = line_path(plot.across(x), plot.up(y))
    if not path:
        return []
    dash = " dash" if curve.dashed else ""
    tip = element("title", safe_text(curve.name)) if curve.name else ""
    return [element("path", tip, class_=f"line s{_slot(curve.colour)}{dash}", d=path)]


def _bars(bars: Bars, plot: _Plot, *, several: bool) -> list[str]:
    edges, tops = plot.across(bars.edges).tolist(), plot.up(bars.counts).tolist()
    if several:
        # Outlines, so that each is seen behind the others.
        steps = "".join(f"V{top:.1f}H{right:.1f}" for right, top in zip(edges[1:], tops, strict=True))
        path = f"M{edges[0]:.1f} {plot.bottom:.1f}{steps}V{plot.bottom:.1f}"
    else:
        path = "".join(
            f"M{left:.1f} {plot.bottom:.1f}V{top:.1f}H{right:.1f}V{plot.bottom:.1f}Z"
            for (left, right), top, count in zip(pairwise(edges), tops, bars.counts.tolist(), strict=True)
            if count > 0
        )
    shared = " shared" if several else ""
    return [element("path", class_=f"bar f{_slot(bars.colour)}{shared}", d=path)] if path else []


def _signs(signs: tuple[Sign, ...], plot: _Plot) -> list[str]:
    """Return restarts as dashed lines with their names, findings as triangles above the plot."""
    parts, taken = [], -np.inf
    for sign in sorted(signs, key=lambda each: each.x):
        x = float(plot.across(np.array([sign.x]))[0])
        if not plot.left - 0.5 <= x <= plot.right + 0.5:
            continue
        if sign.kind == "restart":
            parts.append(element("path", class_="restart", d=f"M{x:.1f} {plot.top:.1f}V{plot.bottom:.1f}"))
            half = text_width(sign.label, _TEXT_SIZE) / 2
            if x - half > taken and x + half < plot.right:
                parts.append(
                    element("text", safe_text(sign.label), x=x, y=plot.top - 3, text_anchor="middle")
                )
                taken = x + half + 6
        else:
            tip = element("title", safe_text(sign.label))
            path = f"M{x - 5:.1f} {plot.top - 9:.1f}h10l-5 8Z"
            parts.append(element("path", tip, class_=sign.kind, d=path))
    return parts


def _crosses(panel: Panel, plot: _Plot) -> list[str]:
    """Return a cross at the foot of the plot wherever points are not finite."""
    places = [nonfinite_places(curve.raw or curve.columns) for curve in panel.curves]
    x = plot.across(np.concatenate(places)) if places else np.empty(0)
    x = np.unique(np.rint(x / _CROSS)) * _CROSS
    y = plot.bottom - _CROSS - 2
    path = "".join(
        f"M{at - _CROSS:.0f} {y - _CROSS:.1f}l{2 * _CROSS:.0f} {2 * _CROSS:.0f}m0 -{2 * _CROSS:.0f}"
        f"l-{2 * _CROSS:.0f} {2 * _CROSS:.0f}"
        for at in x.tolist()
    )
    tip = element("title", "not finite: NaN or infinite")
    return [element("path", tip, class_="cross", d=path)] if path else []


def _legend(panel: Panel, width: float, *, named_above: bool) -> list[str]:
    """Return the legend of a panel in one row; none where its title says it all."""
    named = panel.named
    curves = [each for each in named if isinstance(each, Curve)]
    remarks = ["faint: as logged"] if any(curve.raw is not None for curve in curves) else []
    entries = [(each.name, _slot(each.colour), isinstance(each, Curve) and each.dashed) for each in named]
    if named_above:
        entries = []
        if any(curve.dashed for curve in curves):
            remarks.insert(0, "dashed: evaluation")
        if any(curve.dashed and not curve.name for curve in panel.curves):
            remarks.insert(0, "dashed: an earlier attempt")
    elif len(named) < 2:
        entries = [("average", entries[0][1], False)] if remarks else []
    room = sum(text_width(remark, _TEXT_SIZE) + 14 for remark in remarks)
    parts = _entries(entries, _LEFT, 29.0, width - _RIGHT - room)
    if remarks:
        right = width - _RIGHT
        parts.append(element("text", ", ".join(remarks), x=right, y=29.0, text_anchor="end"))
    return parts


def _names_row(figure: Figure, width: float) -> list[str]:
    entries = [(name, _slot(colour), False) for name, colour in figure.names]
    return _entries(entries, _GAP, _GAP + (40.0 if figure.title else 8.0), width - _GAP)


def _entries(entries: list[tuple[str, int, bool]], left: float, y: float, right: float) -> list[str]:
    """Return samples of lines and their names, side by side; names that have no room are counted."""
    parts: list[str] = []
    share = max((right - left) / max(len(entries), 1), 90.0)
    x = left
    for place, (name, slot, dashed) in enumerate(entries):
        shown = shorten_middle(name, max(int((share - _SAMPLE - 16) / _CHARACTER), 6), ellipsis="…")
        if x + _SAMPLE + 6 + text_width(shown, _TEXT_SIZE) > right + 1:
            parts.append(element("text", f"+{len(entries) - place}", x=right, y=y, text_anchor="end"))
            break
        dash = " dash" if dashed else ""
        parts.append(element("path", class_=f"line s{slot}{dash}", d=f"M{x:.1f} {y - 4:.1f}h{_SAMPLE:.0f}"))
        parts.append(element("text", safe_text(shown), class_="name", x=x + _SAMPLE + 5, y=y))
        x += _SAMPLE + 5 + text_width(shown, _TEXT_SIZE) + 14
    return parts


def _slot(colour: int) -> int:
    return colour % len(SERIES_LIGHT)
