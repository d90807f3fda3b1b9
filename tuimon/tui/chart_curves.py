"""From the series of a run to the lines of a chart: smoothed, by attempt, the ranks of a training in one."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np

from tuimon.analysis.charted import is_noisy
from tuimon.analysis.smoothing import SmoothedSeries, Smoothing
from tuimon.charts.lines import Line
from tuimon.charts.style import raw_style, series_style
from tuimon.core.columns import Columns, Float64Array
from tuimon.core.frozen import frozen
from tuimon.core.ranks import rank_of
from tuimon.core.roles import is_evaluation
from tuimon.core.units import format_value
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.store.series import SeriesView
from tuimon.tui.chart_axis import ChartAxis, value_at

OFF = Smoothing()
_LEAST_SMOOTHED = 20


@frozen
class Curve:
    """What one line of a chart shows.

    Attributes:
        state: The run.
        ranks: A series, or the same one of several ranks, of which the first names the curve.
    """

    state: RunState
    ranks: tuple[SeriesView, ...]

    @property
    def series(self) -> SeriesView:
        """The series that names the curve."""
        return self.ranks[0]

    @property
    def grown_to(self) -> tuple[object, ...]:
        """What tells how many points it has, and of which attempts."""
        return (self.state.name, *((each.tag, len(each), each.segments) for each in self.ranks))

    @property
    def nonfinite(self) -> int:
        """How many values are NaN or infinite."""
        return sum(each.statistics.nan + each.statistics.inf for each in self.ranks)

    def reading(self, axis: ChartAxis, x: float | None) -> Reading:
        """Return what the curve says at `x`, or at its end where that is None."""
        values = [
            (
                each.statistics.last if x is None else value_at(self.state.run, each, axis, x),
                rank_of(each.tag) or 0,
            )
            for each in self.ranks
        ]
        if len(values) == 1:
            return Reading(values[0][0])
        known = sorted((value, rank) for value, rank in values if value is not None and np.isfinite(value))
        if not known:
            return Reading(values[0][0], f"of {len(values)} ranks")
        (lo, lowest), (hi, highest) = known[0], known[-1]
        spread = f"mean of {len(values)} ranks {format_value(lo)} r{lowest}..{format_value(hi)} r{highest}"
        return Reading(float(np.mean([value for value, _ in known])), spread)


@frozen
class Reading:
    """A value of a curve; of several ranks the mean, and between which of them it lies."""

    value: float | None
    spread: str = ""


def is_smoothed(series: SeriesView) -> bool:
    """Return whether a series is noisy, and long enough for that to be seen."""
    return is_noisy(series) and len(series) >= _LEAST_SMOOTHED


@dataclass(slots=True)
class Smoother:
    """Remembers smoothed curves, so that each point is smoothed once. Only the screen's thread uses it.

    No key is to wait for millions of points that have just been read: what is behind is drawn as it is, and
    smoothed for later pictures.

    Attributes:
        at_once: How many points are smoothed for a picture that something else asked for, like a key.
        later: How many more for one that is there to catch up.
        is_behind: Whether a curve was asked for that is not smoothed yet.
    """

    at_once: int = sys.maxsize
    later: int = 0
    is_behind: bool = False
    _left: int = sys.maxsize
    _left_later: int = 0
    _held: dict[tuple[str, str], SmoothedSeries] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin a picture."""
        self._left, self._left_later = self.at_once, self.later

    def catch_up(self) -> None:
        """Smooth more for this picture: it shows curves that were left behind."""
        self._left, self._left_later = self._left + self._left_later, 0

    def smoothed(self, state: RunState, series: SeriesView, smoothing: Smoothing) -> SeriesView:
        """Return a series of a run smoothed; itself where it is too short, not noisy, or not smoothed yet."""
        if smoothing == OFF or not is_smoothed(series):
            return series
        held = self._held.get((state.name, series.tag))
        if held is None or held.smoothing != smoothing:
            held = self._held[state.name, series.tag] = SmoothedSeries(smoothing)
        self._left -= held.take(series, self._left)
        if len(held) < len(series):
            self.is_behind = True
            return series
        return held.update(series)


def lines_of(
    curve: Curve, index: int, smoothing: Smoothing, smoother: Smoother, axis: Axis, edges: Float64Array
) -> list[Line]:
    """Return the lines of the `index`-th curve of a chart, the last attempt's at the end.

    Behind a smoothed line lie the raw extremes; behind the mean of several ranks, the extremes of them all.
    """
    state, series = curve.state, curve.series
    curves = [smoother.smoothed(state, each, smoothing) for each in curve.ranks]
    has_raw = len(curves) > 1 or curves[0] is not series
    overlaid = axis in (Axis.STEP, Axis.RELATIVE) and len(series.segments) > 1
    numbers: list[int | None] = [s.attempt.number for s in series.segments] if overlaid else [None]

    def folded(ranks: list[SeriesView], number: int | None) -> list[Columns]:
        return [state.run.window(each, axis, edges, number) for each in ranks]

    style, lines = series_style(index), []
    for number in numbers:
        is_last = number == numbers[-1]
        columns = folded(curves, number)
        raw = folded(list(curve.ranks), number) if has_raw and is_last else []
        lines.append(
            Line(
                columns=_joined(columns),
                # Older attempts lie dim behind the last one.
                style=style if is_last else raw_style(style),
                raw=_joined(raw, as_band=True) if raw else None,
                key="e" if is_last and is_evaluation(series.tag) else "",
                name=series.tag,
            )
        )
    return lines


def _joined(ranks: list[Columns], *, as_band: bool = False) -> Columns:
    """Return the columns of a curve: those of its series; of several ranks their mean, or their extremes."""
    if len(ranks) == 1:
        return ranks[0]
    from tuimon.charts.bands import band, mean_line  # noqa: PLC0415  # most runs have one rank

    return band(ranks) if as_band else mean_line(ranks)
