"""Pictures by matplotlib: PNG, PDF, or whatever else it writes. Needs the extra `png`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tuimon.charts.scales import LINEAR, Axis
from tuimon.core.errors import TuimonError
from tuimon.core.text import shorten_middle
from tuimon.output.colours import CRITICAL_LIGHT, WARNING_LIGHT, series_colour
from tuimon.output.curves import band, nonfinite_places, polyline
from tuimon.output.figure import Curve, Figure, Panel, y_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_INCHES, _DOTS_PER_INCH = (5.6, 3.3), 150
_X_TICKS, _Y_TICKS = 6, 6
# What is there of these is used, in this order, so that East Asian names are more than boxes.
_FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans",
    "Malgun Gothic",
)
_SIGN_COLOURS = {"critical": CRITICAL_LIGHT, "warning": WARNING_LIGHT}
_RESTART, _MUTED = "#7b1fa2", "#5b6470"
# Characters that have room above a panel, and beside it.
_TITLE, _LABEL = 60, 36


def write_picture(figure: Figure, file: BinaryIO, kind: str) -> None:
    """Write a picture.

    Args:
        figure: What to draw.
        file: Where to, open for writing.
        kind: `png`, `pdf` or another that matplotlib knows.

    Raises:
        TuimonError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra
        from matplotlib import font_manager  # noqa: PLC0415
        from matplotlib.figure import Figure as NewCanvas  # noqa: PLC0415
    except ImportError as error:
        raise TuimonError(
            "needs matplotlib", f".{kind}", "pip install 'tuimon[png]', or save as .svg, which needs nothing"
        ) from error
    # It would tell on standard error which weights fonts lack.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    there = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in _FONTS if name in there]
    # Names are text, never formulas: a `$` of a tag means nothing.
    with mpl.rc_context({"font.family": fonts or ["sans-serif"], "text.parse_math": False, "font.size": 9}):
        columns = min(2, len(figure.panels))
        rows = -(-len(figure.panels) // columns)
        canvas = NewCanvas(figsize=(_INCHES[0] * columns, _INCHES[1] * rows + 0.4), layout="constrained")
        for place, panel in enumerate(figure.panels):
            _draw(panel, canvas.add_subplot(rows, columns, place + 1), named_above=bool(figure.names))
        _head(figure, canvas)
        _save(canvas, file, kind)


def _save(canvas: Canvas, file: BinaryIO, kind: str) -> None:
    import warnings  # noqa: PLC0415

    with warnings.catch_warnings():
        # A character that no font here has is drawn as a box; there is nothing that the person could do now.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas.savefig(file, format=kind, dpi=_DOTS_PER_INCH)


def _head(figure: Figure, canvas: Canvas) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415

    if figure.title:
        canvas.suptitle(
            shorten_middle(figure.title, 2 * _TITLE), fontsize=12, fontweight="bold", x=0.01, ha="left"
        )
    if figure.names:
        samples = [Line2D([], [], color=series_colour(place)) for _, place in figure.names]
        names = [shorten_middle(name, _LABEL) for name, _ in figure.names]
        canvas.legend(samples, names, loc="outside upper left", ncols=min(len(names), 5), frameon=False)


def _draw(panel: Panel, axes: Axes, *, named_above: bool) -> None:
    """Draw a panel in parts of its axes, from 0 to 1: any value has its place there."""
    x, y = Axis(LINEAR, LINEAR.usable(panel.x_limits)), panel.y_axis()
    axes.set_title(shorten_middle(panel.title, _TITLE), fontsize=10, fontweight="bold", loc="left")
    axes.set_title(panel.note, fontsize=8, color=_MUTED, loc="right")
    axes.set_xlabel(shorten_middle(panel.x_label, _TITLE))
    axes.set_ylabel(shorten_middle(panel.y_label, _LABEL) + (" (log)" if panel.log else ""))
    axes.grid(visible=True, axis="y", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _draw_signs(panel, axes, x)
    if y is None:
        axes.text(0.5, 0.5, "no points to show", transform=axes.transAxes, ha="center", color=_MUTED)
    else:
        for bars in panel.bars:
            colour, several = series_colour(bars.colour), len(panel.bars) > 1
            tops, edges = y.fractions(bars.counts), x.fractions(bars.edges)
            axes.stairs(tops, edges, color=colour, fill=not several, alpha=1 if several else 0.6)
        for curve in panel.curves:
            _draw_curve(curve, axes, x, y)
    _set_axes(panel, axes, x, y)
    if not named_above and len(panel.named) > 1 and panel.curves:
        axes.legend(frameon=False, fontsize=8)


def _draw_curve(curve: Curve, axes: Axes, x: Axis, y: Axis) -> None:
    colour = series_colour(curve.colour)
    if curve.raw is not None:
        across, lo, hi = band(curve.raw)
        # On a log axis a band that reaches below zero goes down to its lower end.
        lowest = np.nan_to_num(y.fractions(lo), nan=0.0)
        axes.fill_between(
            x.fractions(across), lowest, y.fractions(hi), color=colour, alpha=0.25, linewidth=0.7
        )
    across, up = polyline(curve.columns)
    style = "--" if curve.dashed else "-"
    name = shorten_middle(curve.name, _LABEL) if curve.name else None
    axes.plot(x.fractions(across), y.fractions(up), style, color=colour, linewidth=1.4, label=name)


def _draw_signs(panel: Panel, axes: Axes, x: Axis) -> None:
    for sign in panel.signs:
        at = float(x.fractions([sign.x])[0])
        if not 0 <= at <= 1:
            continue
        if sign.kind == "restart":
            axes.axvline(at, color=_RESTART, linestyle=":", linewidth=1)
        else:
            axes.plot([at], [1.0], marker="v", color=_SIGN_COLOURS.get(sign.kind), clip_on=False)
    places = [nonfinite_places(curve.raw or curve.columns) for curve in panel.curves]
    crosses = np.unique(x.fractions(np.concatenate(places))) if places else np.empty(0)
    if len(crosses):
        axes.plot(crosses, np.full(len(crosses), 0.03), "x", color=CRITICAL_LIGHT, markersize=5)


def _set_axes(panel: Panel, axes: Axes, x: Axis, y: Axis | None) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    ticks = panel.x_ticks(_X_TICKS)
    axes.set_xticks(x.fractions([place for place, _ in ticks]), [text for _, text in ticks])
    rows = [] if y is None else y_ticks(y, _Y_TICKS)
    places = [] if y is None else y.fractions([place for place, _ in rows]).tolist()
    axes.set_yticks(places, [text for _, text in rows])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
