"""What a picture shows, whatever draws it: panels of curves and bars, with their axes, marks and legends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tuimon.charts.limits import stepped_limits
from tuimon.charts.lines import Line, value_range
from tuimon.charts.scales import LINEAR, LOG, Axis, Limits
from tuimon.charts.ticks import tick_labels, ticks_of
from tuimon.core.columns import Columns, Float64Array
from tuimon.core.frozen import frozen

Ticks = list[tuple[float, str]]
"""The places of ticks and what they say."""

_Y_LABEL_WIDTH = 7


@frozen(eq=False)
class Curve:
    """One line of a panel.

    Attributes:
        name: What the legend calls it.
        columns: What is drawn as a line.
        raw: The values as logged, drawn faintly behind a smoothed line.
        colour: Place in the palette (see `colours`).
        dashed: Drawn dashed: an evaluation, or an attempt that a later one took the place of.
    """

    name: str
    columns: Columns
    raw: Columns | None = None
    colour: int = 0
    dashed: bool = False


@frozen(eq=False)
class Bars:
    """One histogram of a panel: `edges` float64[n + 1], ascending, and `counts` float64[n]."""

    name: str
    edges: Float64Array
    counts: Float64Array
    colour: int = 0


SignKind = Literal["restart", "warning", "critical", "checkpoint"]


@frozen
class Sign:
    """Something that happened at a place of the x axis."""

    x: float
    kind: SignKind
    label: str = ""


@frozen(eq=False)
class Panel:
    """One chart.

    Attributes:
        title: What is shown; texts from files are cleaned.
        x_label: What x counts.
        y_label: What y counts, with its unit.
        x_limits: The window that is shown.
        x_ticks: Returns about so many ticks of the x axis.
        curves: In drawing order.
        bars: In drawing order; a panel has curves or bars.
        signs: What happened when.
        log: Whether the y axis is logarithmic; curves only.
        note: What the picture alone does not say: points that are not finite, and the like.
    """

    title: str
    x_label: str
    y_label: str
    x_limits: Limits
    x_ticks: Callable[[int], Ticks]
    curves: tuple[Curve, ...] = ()
    bars: tuple[Bars, ...] = ()
    signs: tuple[Sign, ...] = ()
    log: bool = False
    note: str = ""

    def y_axis(self) -> Axis | None:
        """Return the y axis that shows everything; None where there is nothing to show."""
        scale = LOG if self.log else LINEAR
        if self.bars:
            highest = max((float(bars.counts.max(initial=0.0)) for bars in self.bars), default=0.0)
            return Axis(LINEAR, (0.0, highest * 1.05)) if highest > 0 else None
        shown = value_range([Line(curve.columns, raw=curve.raw) for curve in self.curves], scale)
        if shown is None:
            return None
        return Axis(scale, scale.usable(stepped_limits(*shown, log=self.log)))

    @property
    def named(self) -> tuple[Curve | Bars, ...]:
        """What the legend names: each colour and dash once."""
        found: dict[tuple[int, bool, str], Curve | Bars] = {}
        drawn: list[Curve | Bars] = [*self.curves, *self.bars]
        for each in drawn:
            dashed = isinstance(each, Curve) and each.dashed
            if each.name:
                found.setdefault((each.colour, dashed, each.name), each)
        return tuple(found.values())


@frozen(eq=False)
class Figure:
    """A picture of several panels.

    Attributes:
        title: Above all panels.
        panels: From left to right, from top to bottom.
        names: The runs that share the panels, each with its place in the palette; empty for one run.
        left_out: How many panels more were asked for than a picture has.
    """

    title: str
    panels: tuple[Panel, ...]
    names: tuple[tuple[str, int], ...] = ()
    left_out: int = 0


def y_ticks(axis: Axis, count: int) -> Ticks:
    """Return about `count` ticks of a y axis with short labels."""
    places = ticks_of(axis, count)
    if len(places) < 2:
        places = axis.limits
    labels = tick_labels(tuple(places), _Y_LABEL_WIDTH, uniform=axis.scale == LINEAR)
    return [(place, label) for place, label in zip(places, labels, strict=True) if label]
