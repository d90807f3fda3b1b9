"""Draws the charts of the open run; a redraw costs what the screen and the new points cost."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np

from tuimon.analysis.charted import MAY_RUN_AWAY
from tuimon.charts.grid import CellGrid
from tuimon.charts.layout import columns_wanted, plot_area
from tuimon.charts.limits import stepped_limits
from tuimon.charts.lines import clipped_range, draw_lines, value_range
from tuimon.charts.scales import LINEAR, LOG, SYMLOG, Limits, Scale
from tuimon.charts.style import Glyphs, Style, series_style
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, is_evaluation
from tuimon.core.units import format_value
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.store.logged_axis import LOGGED_AXES
from tuimon.store.series import SeriesView
from tuimon.tui.chart_axis import (
    LABELS,
    UNTOLD,
    ChartAxis,
    Ticks,
    extents_of,
    fitting_ticks,
    own_axis,
    shared_axis,
)
from tuimon.tui.chart_curves import OFF, Curve, Smoother, is_smoothed, lines_of
from tuimon.tui.chart_list import ChartSpec, is_favourite
from tuimon.tui.chart_marks import chart_marks, place_marks
from tuimon.tui.chart_title import Told, chart_title
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, row_width
from tuimon.tui.view import View

_SCALES = {"linear": LINEAR, "log": LOG, "symlog": SYMLOG}
PINNED_KEY = "p"
# Cells of a frame's upper edge that are never a title's: a piece of line and a space at each end.
_EDGE = 4
_STAR: Row = (("* ", Ink.KEY),)
# What spans this factor is read on a log axis: a gradient norm and a perplexity, which begins at the size of
# the vocabulary, soon; anything else when it has run away.
_LOG_SPANS = {Role.GRAD_NORM: 50.0, Role.PERPLEXITY: 200.0, Role.EVAL_PERPLEXITY: 200.0}
_LOG_SPAN = 1e4


@dataclass(slots=True)
class ChartPicture:
    """A drawn chart: its cells, and what its frame says."""

    grid: CellGrid
    title: Row
    right_title: Row


@frozen
class Overlay:
    """A run whose curves lie under those of the open one.

    Attributes:
        state: The run.
        key: The character at the end of its curves, and before it in the list of runs.
        style: The series slot of its curves.
    """

    state: RunState
    key: str
    style: Style


@dataclass(slots=True)
class _Memory:
    """What a chart remembers from picture to picture."""

    y_limits: Limits | None = None
    y_scale: Scale = LINEAR

    def fit(self, values: Limits | None, scale: Scale) -> None:
        """Let the limits hold what is shown; they move in steps, and are kept where nothing is."""
        if scale != self.y_scale:
            self.y_limits, self.y_scale = None, scale
        if values is not None:
            self.y_limits = stepped_limits(*values, self.y_limits, log=scale is LOG)


class ChartPainter:
    """Draws charts and remembers their limits and smoothed curves. Only the screen's thread uses it.

    Args:
        smoothed_at_once: How many points are smoothed for one picture.
        smoothed_later: How many more for one that is there to catch up.
    """

    def __init__(self, smoothed_at_once: int = sys.maxsize, smoothed_later: int = 0) -> None:
        self._smoother = Smoother(smoothed_at_once, smoothed_later)
        self._run_name: str | None = None
        self._memories: dict[str, _Memory] = {}
        self._axis: ChartAxis | None = None
        self._overlays: tuple[Overlay, ...] = ()
        self._extents: dict[str, tuple[tuple[int, Axis], frozenset[tuple[float, float]]]] = {}
        self._laid: dict[tuple[ChartAxis, tuple[int, int]], tuple[Float64Array, Ticks]] = {}

    def begin(self, state: RunState, view: View, overlays: tuple[Overlay, ...] = ()) -> ChartAxis:
        """Prepare for the charts of one picture; they share what this returns."""
        if state.name != self._run_name:
            self._run_name = state.name
            self._memories, self._axis, self._extents = {}, None, {}
            self._smoother = Smoother(self._smoother.at_once, self._smoother.later)
        self._smoother.begin()
        self._overlays = overlays
        self._laid.clear()
        others = [overlay.state for overlay in overlays]
        self._axis = shared_axis(state, view, self._axis, others, self._extents_of)
        return self._axis

    def _extents_of(self, state: RunState, axis: Axis) -> frozenset[tuple[float, float]]:
        """Return `extents_of`, looked up once per revision of a run."""
        seen = (state.run.revision, axis)
        held = self._extents.get(state.name)
        if held is None or held[0] != seen:
            held = self._extents[state.name] = (seen, extents_of(state, axis))
        return held[1]

    @property
    def is_behind(self) -> bool:
        """Whether the chart that was drawn last shows a curve that is not smoothed yet."""
        return self._smoother.is_behind

    def depends_on(self, state: RunState, spec: ChartSpec, view: View) -> tuple[object, ...]:
        """Return everything of which a chart is made, but its size; `begin` was called for this picture.

        Points are only ever added to a series, so that its length and its attempts tell what it holds.
        """
        run = state.run
        curves = _curves(state, spec)
        return (
            spec,
            tuple(each.grown_to for each in curves),
            run.histograms[spec.tags[0]].count if spec.is_heatmap else 0,
            self._axis,
            # What an epoch is tells another series.
            run.revision if view.axis in LOGGED_AXES else 0,
            len(run.attempts),
            len(run.lifecycle),
            state.findings,
            state.status.live,
            state.sketched,
            (view.smoothing, view.scale, view.axis, view.window, view.follow, view.crosshair, view.clipped),
            is_favourite(spec, view),
            tuple(view.bookmarks.items()),
            tuple((overlay.key, each.grown_to) for overlay, each in self._overlaid(curves)),
        )

    def catch_up(self, state: RunState, spec: ChartSpec, view: View) -> bool:
        """Smooth more of a chart that shows curves which are not smoothed yet; return whether all are now."""
        self._smoother.is_behind = False
        self._smoother.catch_up()
        curves = _curves(state, spec)
        for curve in (*curves, *(each for _, each in self._overlaid(curves))):
            for series in curve.ranks:
                self._smoother.smoothed(curve.state, series, view.smoothing)
        return not self._smoother.is_behind

    def paint(
        self, state: RunState, spec: ChartSpec, view: View, size: tuple[int, int], glyphs: Glyphs
    ) -> ChartPicture:
        """Draw one chart of `size` = (height, width) cells; `begin` was called for this picture."""
        axis = self._axis or self.begin(state, view)
        self._smoother.is_behind = False
        star: Row = _STAR if is_favourite(spec, view) else ()
        if spec.is_heatmap:
            from tuimon.tui.chart_heatmap import paint_heatmap  # noqa: PLC0415  # few runs log histograms

            marked = place_marks(state, view, axis.axis)
            grid, title = paint_heatmap(state, spec, axis, size, glyphs, marked)
            return ChartPicture(grid, (*star, *title), _axis_title(axis, view))
        memory = self._memories.setdefault(spec.key, _Memory())
        curves = _curves(state, spec)
        if curves:
            axis = own_axis(state.run, curves[0].series, axis)
        edges, ticks = self._laid_out(state, axis, size, glyphs)
        under = self._overlaid(curves)
        lines = [
            replace(line, raw=None, style=overlay.style, key=overlay.key if line.name else "")
            for overlay, each in reversed(under)
            for line in lines_of(each, 0, view.smoothing, self._smoother, axis.axis, edges)[-1:]
        ]
        lines += [
            replace(line, raw=None) if under else line
            for index, each in enumerate(curves)
            for line in lines_of(each, index, view.smoothing, self._smoother, axis.axis, edges)
        ]
        everything = [each for curve in (*curves, *(each for _, each in under)) for each in curve.ranks]
        scale = self._scale(spec, everything, view)
        clipped = clipped_range(lines, scale) if view.clipped else None
        memory.fit(clipped or value_range(lines, scale), scale)
        # A chart on an axis of its own has no such place.
        crosshair = view.crosshair if axis is self._axis else None
        marked = place_marks(state, view, axis.axis) if axis is self._axis else []
        grid = draw_lines(
            lines,
            size,
            axis.shown,
            memory.y_limits,
            y_scale=scale,
            glyphs=glyphs,
            x_tick_labels=ticks,
            marks=marked
            + chart_marks(state, spec, axis.axis, checkpoints=plot_area(size, glyphs).axis_row is not None),
        )
        told = _told(curves, under, axis, crosshair)
        title = chart_title(told, size[1] - _EDGE - row_width(star), at_cursor=crosshair is not None)
        right = _right_title(curves, view, scale, axis)
        if clipped is not None:
            right = ((f"clipped {_shown_range(clipped)} ", Ink.WARNING), *right)
        return ChartPicture(grid, (*star, *title), right)

    def _laid_out(
        self, state: RunState, axis: ChartAxis, size: tuple[int, int], glyphs: Glyphs
    ) -> tuple[Float64Array, Ticks]:
        """Return the edges of the columns, and the ticks; all charts of one size on one axis share them."""
        if (axis, size) not in self._laid:
            edges = np.linspace(*axis.shown, columns_wanted(size, glyphs) + 1)
            self._laid[axis, size] = edges, fitting_ticks(state.run, axis, plot_area(size, glyphs).width)
        return self._laid[axis, size]

    def _overlaid(self, curves: list[Curve]) -> list[tuple[Overlay, Curve]]:
        """Return other runs' curves for a chart: of the same tags, else of what its first one means."""
        found = []
        for overlay in self._overlays:
            series = overlay.state.run.series
            same = [tuple(series[each.tag] for each in curve.ranks if each.tag in series) for curve in curves]
            if not any(same) and curves and curves[0].series.role is not Role.OTHER:
                same = [overlay.state.run.with_role(curves[0].series.role)[:1]]
            found += [(overlay, Curve(overlay.state, each)) for each in same if each and len(each[0])]
        return found

    @staticmethod
    def _scale(spec: ChartSpec, series: list[SeriesView], view: View) -> Scale:
        if view.scale is not None:
            return _SCALES[view.scale]
        span = _LOG_SPANS.get(spec.role, _LOG_SPAN)
        known = [(s.statistics.minimum or 0.0, s.statistics.maximum or 0.0) for s in series]
        positive = bool(known) and all(lo > 0 for lo, _ in known)
        if spec.role in MAY_RUN_AWAY and positive and any(hi > lo * span for lo, hi in known):
            return LOG
        return LINEAR


def _curves(state: RunState, spec: ChartSpec) -> list[Curve]:
    """Return the curves of a chart."""
    series = state.run.series
    found = (tuple(series[tag] for tag in ranks if tag in series) for ranks in spec.ranks)
    return [Curve(state, ranks) for ranks in found if ranks]


def _told(
    curves: list[Curve], under: list[tuple[Overlay, Curve]], axis: ChartAxis, crosshair: float | None
) -> list[Told]:
    """Return what a title says of the curves of a chart: those of the open run, then the others."""
    told = []
    for index, curve in enumerate(curves):
        reading = curve.reading(axis, crosshair)
        key = "e" if is_evaluation(curve.series.tag) and len(curves) > 1 else ""
        told.append(
            Told(
                curve.series,
                series_style(index),
                key,
                reading.value,
                nonfinite=curve.nonfinite,
                spread=reading.spread,
            )
        )
    for overlay, curve in under:
        there = curve.reading(axis, crosshair).value
        # Away from the cursor the two runs' last values stand at different steps.
        is_reference = overlay.key == PINNED_KEY and crosshair is not None
        reference = told[0].value if is_reference else None
        told.append(Told(curve.series, overlay.style, overlay.key, there, named=False, reference=reference))
    return told


def _shown_range(limits: Limits) -> str:
    return f"{format_value(limits[0], 3)}..{format_value(limits[1], 3)}"


def _right_title(curves: list[Curve], view: View, scale: Scale, axis: ChartAxis) -> Row:
    parts = ["sketch"] if any(curve.state.sketched for curve in curves) else []
    if view.smoothing != OFF and any(is_smoothed(curve.series) for curve in curves):
        parts.append(view.smoothing.label)
    if scale is not LINEAR:
        parts.append(scale.kind)
    parts += [text for text, _ in _axis_title(axis, view)]
    return ((" ".join(parts), Ink.MUTED),) if parts else ()


def _axis_title(axis: ChartAxis, view: View) -> Row:
    parts = [LABELS[axis.axis]] if axis.axis is not Axis.ACCUMULATED else []
    if view.axis not in (None, axis.axis):
        parts.append(f"no {UNTOLD[view.axis]}")
    if axis.shown != axis.full:
        parts.append("zoomed" + (" follow" if view.follow else ""))
    return ((" ".join(parts), Ink.MUTED),) if parts else ()
