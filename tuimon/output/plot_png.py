"""Pictures by matplotlib: PNG, PDF, or whatever else it writes. Needs the extra `png`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tuimon.charts.scales import LINEAR, Axis
from tuimon.core.errors import TuimonError
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
_RESTART = "#7b1fa2"


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
        canvas.suptitle(figure.title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    if figure.names:
        samples = [Line2D([], [], color=series_colour(place)) for _, place in figure.names]
        names = [name for name, _ in figure.names]
        canvas.legend(samples, names, loc="outside upper left", ncols=min(len(names), 5), frameon=False)


def _draw(panel: Panel, axes: Axes, *, named_above: bool) -> None:
    y = panel.y_axis()
    axes.set_title(panel.title, fontsize=10, fontweight="bold", loc="left")
    if panel.note:
        axes.set_title(panel.note, fontsize=8, color="#5b6470", loc="right")
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label + (" (log)" if panel.log else ""))
    axes.grid(visible=True, axis="y", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for bars in panel.bars:
        colour, several = series_colour(bars.colour), len(panel.bars) > 1
        axes.stairs(bars.counts, bars.edges, color=colour, fill=not several, alpha=1 if several else 0.6)
    for curve in panel.curves:
        _draw_curve(curve, axes)
    _draw_signs(panel, axes)
    _set_axes(panel, axes, y)
    if not named_above and len(panel.named) > 1:
        axes.legend(frameon=False, fontsize=8)


def _draw_curve(curve: Curve, axes: Axes) -> None:
    colour = series_colour(curve.colour)
    if curve.raw is not None:
        axes.fill_between(*band(curve.raw), color=colour, alpha=0.25, linewidth=0.7)
    x, y = polyline(curve.columns)
    style = "--" if curve.dashed else "-"
    axes.plot(x, y, style, color=colour, linewidth=1.4, label=curve.name or None)


def _draw_signs(panel: Panel, axes: Axes) -> None:
    across = axes.get_xaxis_transform()
    for sign in panel.signs:
        if sign.kind == "restart":
            axes.axvline(sign.x, color=_RESTART, linestyle=":", linewidth=1)
        else:
            axes.plot(
                [sign.x],
                [1.0],
                marker="v",
                color=_SIGN_COLOURS.get(sign.kind),
                transform=across,
                clip_on=False,
            )
    places = [nonfinite_places(curve.raw or curve.columns) for curve in panel.curves]
    crosses = np.unique(np.concatenate(places)) if places else np.empty(0)
    if len(crosses):
        feet = np.full(len(crosses), 0.03)
        axes.plot(crosses, feet, "x", color=CRITICAL_LIGHT, markersize=5, transform=across)


def _set_axes(panel: Panel, axes: Axes, y: Axis | None) -> None:
    axes.set_xlim(*LINEAR.usable(panel.x_limits))
    ticks = panel.x_ticks(_X_TICKS)
    axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
    if y is None:
        axes.text(0.5, 0.5, "no points to show", transform=axes.transAxes, ha="center", color="#5b6470")
        axes.set_yticks([])
        return
    if panel.log:
        axes.set_yscale("log")
    axes.set_ylim(*y.limits)
    rows = y_ticks(y, _Y_TICKS)
    axes.set_yticks([place for place, _ in rows], [text for _, text in rows])
    axes.minorticks_off()
