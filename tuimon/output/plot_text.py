"""Panels as text for a terminal or a pipe, drawn by plotext from folded points."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
import plotext

from tuimon.charts.grid import text_cells
from tuimon.charts.scales import LINEAR, Axis
from tuimon.core.columns import Columns, Float64Array
from tuimon.core.text import cell_width, pad, shorten
from tuimon.output.colours import CRITICAL_TERMINAL, RAW_TERMINAL, SERIES_TERMINAL
from tuimon.output.curves import nonfinite_places, polyline
from tuimon.output.figure import Bars, Curve, Figure, Panel, y_ticks

# plotext counts characters, not cells: a wide one is followed by this one, which is taken out at the end. No
# cleaned text holds it.
_SECOND_CELL = "\0"
_FRAME_IN_ASCII = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")
_TWO_SIDE_BY_SIDE_FROM = 100
_HEIGHT = 17
_GAP = 2
_CELLS_PER_X_TICK, _ROWS_PER_Y_TICK = 8, 3


def columns_wanted(width: int) -> int:
    """Return how many columns curves are folded into for a terminal of so many cells: two dots each."""
    return max(_panel_width(width) * 2, 2)


def figure_lines(figure: Figure, width: int, *, colour: bool, ascii_only: bool = False) -> list[str]:
    """Return a picture as lines of at most `width` cells.

    Args:
        figure: What to draw; its curves are folded into `columns_wanted`.
        width: Cells of the terminal.
        colour: Whether curves have colours; without, average and raw values differ by their signs.
        ascii_only: Draw with ASCII characters only, for other locales.
    """
    each = _panel_width(width)
    count = 2 if each < width else 1
    pen = _Pen(colour=colour, ascii_only=ascii_only)
    lines = [pen.text(figure.title, width)] if figure.title else []
    if figure.names:
        lines += [line.rstrip(" ") for line in _names(figure, width, pen)]
    for start in range(0, len(figure.panels), count):
        row = [
            _panel(p, each, pen, named_above=bool(figure.names)) for p in figure.panels[start : start + count]
        ]
        lines += ["", *_beside(row, each)]
    return lines


def _panel_width(width: int) -> int:
    return (width - _GAP) // 2 if width >= _TWO_SIDE_BY_SIDE_FROM else width


class _Pen:
    """What differs with colours and locales."""

    def __init__(self, *, colour: bool, ascii_only: bool) -> None:
        self.colour = colour
        self.ascii_only = ascii_only
        self.line = "*" if ascii_only else "braille"
        # Where no colour tells an average from the values behind it, its sign does.
        self.average = self.line if colour else ("o" if ascii_only else "•")
        self.raw = "." if ascii_only else "braille"
        self.bar = "#" if ascii_only else "█"
        self.cross = "x" if ascii_only else "×"

    def text(self, text: str, width: int) -> str:
        """Return text as it may be printed, cut to a width."""
        return self.plain(shorten(text, width))

    def plain(self, text: str) -> str:
        """Return text in what the locale shows, one `?` for each cell of what it does not."""
        if not self.ascii_only or text.isascii():
            return text
        return "".join(c if c.isascii() else "?" * cell_width(c) for c in text)

    def in_cells(self, text: str) -> str:
        """Return text with one character per cell, for plotext."""
        return "".join(chr(code) if code else _SECOND_CELL for code in text_cells(self.plain(text)).tolist())

    def painted(self, text: str, place: int) -> str:
        """Return text in a colour of the palette."""
        if not self.colour:
            return text
        return f"\x1b[38;5;{SERIES_TERMINAL[place % len(SERIES_TERMINAL)]}m{text}\x1b[0m"

    def ink(self, palette: Sequence[int], place: int) -> int | None:
        """Return a colour for plotext."""
        return palette[place % len(palette)] if self.colour else None


def _panel(panel: Panel, width: int, pen: _Pen, *, named_above: bool) -> list[str]:
    """Return the lines of a panel, each `width` cells wide."""
    head = [_title(panel, width, pen), *([] if named_above else _legend(panel, width, pen))]
    plotext.clear_figure()
    plotext.limit_size(False, False)  # noqa: FBT003 - the arguments are plotext's
    plotext.plot_size(width, _HEIGHT)
    plotext.theme("clear")
    plotext.xlim(0, 1)
    plotext.ylim(0, 1)
    y = panel.y_axis()
    x = Axis(LINEAR, LINEAR.usable(panel.x_limits))
    _ticks(panel, x, y, width)
    plotext.xlabel(pen.in_cells(shorten(panel.x_label, width // 2)))
    label = panel.y_label + (" (log)" if panel.log else "")
    plotext.ylabel(pen.in_cells(shorten(label, width // 3)))
    if y is None:
        plotext.text("no points to show", 0.5, 0.5, alignment="center")
    else:
        for bars in panel.bars:
            _draw_bars(bars, x, y, pen, several=len(panel.bars) > 1)
        _draw_curves(panel, x, y, pen, named_above=named_above)
    _draw_crosses(panel, x, pen)
    if not panel.curves and not panel.bars:
        plotext.scatter([0.0], [0.0], marker=" ")
    body = plotext.build()
    if not pen.colour:
        body = plotext.uncolorize(body)
    if pen.ascii_only:
        body = body.translate(_FRAME_IN_ASCII)
    return [*head, *body.replace(_SECOND_CELL, "").splitlines()]


def _title(panel: Panel, width: int, pen: _Pen) -> str:
    note = shorten(panel.note, width // 2)
    gap = 2 if note else 0
    title = pad(panel.title, max(width - cell_width(note) - gap, 0))
    return pen.plain(pad(title + " " * gap + note, width))


def _legend(panel: Panel, width: int, pen: _Pen) -> list[str]:
    named = panel.named
    smooth = any(isinstance(each, Curve) and each.raw is not None for each in named)
    if len(named) < 2 and not smooth:
        return []
    entries = [(_key(place, each), each.name, each.colour) for place, each in enumerate(named)]
    if len(named) < 2:
        entries = [("", "average", entries[0][2])] if pen.colour else []
    if smooth:
        entries.append(
            ("", "faint: as logged" if pen.colour else f"{pen.average} average over as logged", -1)
        )
    return _entries(entries, width, pen)


def _names(figure: Figure, width: int, pen: _Pen) -> list[str]:
    entries = [(string.ascii_lowercase[place % 26], name, place) for name, place in figure.names]
    dashed = any(curve.dashed and curve.name for panel in figure.panels for curve in panel.curves)
    return _entries([*entries, *([("", "capitals: evaluation", -1)] if dashed else [])], width, pen)


def _key(place: int, each: Curve | Bars) -> str:
    dashed = isinstance(each, Curve) and each.dashed
    return "e" if dashed else "" if place == 0 else str(place + 1)


def _entries(entries: list[tuple[str, str, int]], width: int, pen: _Pen) -> list[str]:
    """Return a legend in as many lines as it takes, each `width` cells wide."""
    lines, line, taken = [], "", 0
    for key, name, place in entries:
        text = pen.plain(shorten(f"{key} {name}".strip(), width))
        if line and taken + _GAP + cell_width(text) > width:
            lines.append(line + " " * (width - taken))
            line, taken = "", 0
        gap = " " * _GAP if line else ""
        line += gap + (text if place < 0 else pen.painted(text, place))
        taken += len(gap) + cell_width(text)
    return [*lines, line + " " * (width - taken)]


def _ticks(panel: Panel, x: Axis, y: Axis | None, width: int) -> None:
    """Set ticks that leave room for each other: plotext drops any of those that do not."""
    rows = [] if y is None else y_ticks(y, _HEIGHT // _ROWS_PER_Y_TICK)
    places = [] if y is None else y.fractions([place for place, _ in rows]).tolist()
    shown = [(at, text) for at, (_, text) in zip(places, rows, strict=True) if 0 <= at <= 1]
    plotext.yticks([at for at, _ in shown], [text for _, text in shown])
    gutter = max((len(text) for _, text in shown), default=0) + 2
    room = max(width - gutter, 1)
    across, taken = [], -1.0
    ticks = panel.x_ticks(max(room // _CELLS_PER_X_TICK, 2))
    for at, (_, text) in zip(x.fractions([at for at, _ in ticks]).tolist(), ticks, strict=True):
        # At both ends plotext moves a label inwards.
        half = len(text) / 2
        middle = min(max(at * room, half), room - half)
        if 0 <= at <= 1 and middle - half > taken + 1:
            across.append((at, text))
            taken = middle + half
    plotext.xticks([at for at, _ in across], [text for _, text in across])


def _draw_curves(panel: Panel, x: Axis, y: Axis, pen: _Pen, *, named_above: bool) -> None:
    # Without colours the averages of several runs and what lies behind them would be one tangle.
    bare = named_above and not pen.colour
    for curve in panel.curves:
        if curve.raw is not None and not bare:
            _draw_line(curve.raw, x, y, pen.raw, pen.ink(RAW_TERMINAL, curve.colour))
    for curve in panel.curves:
        averaged = curve.raw is not None and not bare
        columns = curve.raw if bare and curve.raw is not None else curve.columns
        marker = pen.average if averaged else pen.line
        _draw_line(columns, x, y, marker, pen.ink(SERIES_TERMINAL, curve.colour))
    keys = {id(each): _key(place, each) for place, each in enumerate(panel.named)}
    for curve in panel.curves:
        key = keys.get(id(curve), "")
        if named_above and curve.name:
            letters = string.ascii_uppercase if curve.dashed else string.ascii_lowercase
            key = letters[curve.colour % 26]
        if key:
            _draw_key(curve.columns, x, y, key, pen.ink(SERIES_TERMINAL, curve.colour))


def _draw_line(columns: Columns, x: Axis, y: Axis, marker: str, ink: int | None) -> None:
    across, up = _points(columns, x, y)
    breaks = np.flatnonzero(np.isnan(up))
    for px, py in zip(np.split(across, breaks), np.split(up, breaks), strict=True):
        shown = ~np.isnan(py)
        if shown.any():
            plotext.plot(px[shown].tolist(), py[shown].tolist(), marker=marker, color=ink)


def _points(columns: Columns, x: Axis, y: Axis) -> tuple[Float64Array, Float64Array]:
    across, values = polyline(columns)
    # What lies beyond the limits is drawn at the edge of the plot.
    return x.fractions(across), np.clip(y.fractions(values), 0.0, 1.0)


def _draw_key(columns: Columns, x: Axis, y: Axis, key: str, ink: int | None) -> None:
    """Write the key of a curve at its end."""
    across, up = _points(columns, x, y)
    shown = np.flatnonzero(~np.isnan(up))
    if len(shown):
        plotext.text(key, float(across[shown[-1]]), float(up[shown[-1]]), color=ink, alignment="right")


def _draw_bars(bars: Bars, x: Axis, y: Axis, pen: _Pen, *, several: bool) -> None:
    left, right = x.fractions(bars.edges[:-1]), x.fractions(bars.edges[1:])
    tops = y.fractions(bars.counts)
    ink = pen.ink(SERIES_TERMINAL, bars.colour)
    if several:
        outline = np.stack([left, right], axis=1).ravel()
        plotext.plot(outline.tolist(), np.repeat(tops, 2).tolist(), marker=pen.line, color=ink)
        highest = int(tops.argmax())
        key = string.ascii_lowercase[bars.colour % 26]
        plotext.text(key, float((left[highest] + right[highest]) / 2), float(tops[highest]), color=ink)
        return
    counted = np.flatnonzero(bars.counts > 0)
    plotext.bar(
        ((left + right) / 2)[counted].tolist(),
        tops[counted].tolist(),
        width=1,
        marker=pen.bar,
        color=ink,
        reset_ticks=False,
    )


def _draw_crosses(panel: Panel, x: Axis, pen: _Pen) -> None:
    """Mark where points are not finite at the foot of the plot."""
    found = [nonfinite_places(curve.raw or curve.columns) for curve in panel.curves]
    places = np.unique(x.fractions(np.concatenate(found))) if found else np.empty(0)
    if len(places):
        ink = CRITICAL_TERMINAL if pen.colour else None
        plotext.scatter(places.tolist(), [0.0] * len(places), marker=pen.cross, color=ink)


def _beside(panels: list[list[str]], width: int) -> list[str]:
    """Put panels side by side; all lines of a panel are equally wide."""
    height = max(len(panel) for panel in panels)
    filled = [[*panel[:1], *[" " * width] * (height - len(panel)), *panel[1:]] for panel in panels]
    return [(" " * _GAP).join(row).rstrip(" ") for row in zip(*filled, strict=True)]
