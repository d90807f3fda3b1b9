"""What all panes of a picture look at, and the picture that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuimon.analysis.log_moments import Moments
from tuimon.core.frozen import frozen
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.chart_axis import ChartAxis
from tuimon.tui.chart_list import ChartSpec
from tuimon.tui.chart_painter import Overlay
from tuimon.tui.panes.hardware import Gauges
from tuimon.tui.plan import Plan
from tuimon.tui.rows import Row
from tuimon.tui.view import View


@frozen
class LinkedLog:
    """The lines of a log, by what links them with the charts.

    Attributes:
        moments: When each was.
        marked: Which one is at the cursor, or None.
        last: Which one is the last one shown.
    """

    moments: Moments
    marked: int | None
    last: int


@dataclass(slots=True)
class Picture:
    """What the screen shows.

    Attributes:
        plan: Where everything goes.
        panes: The rows of each pane of the plan, by name; charts are `chart0`, `chart1`, …
        specs: The charts of the open run that pass the filter.
        page: Which of them are shown, where that is not all, or where they are read.
        runs: The listed runs, in their order.
        first_chart: Which of `specs` is the first one shown.
        axis: What the charts share; None where none is drawn.
        log: Which lines the log pane scrolls through, where these are linked with the charts.
        is_behind: Whether it shows curves that are to be smoothed for the next pictures.
    """

    plan: Plan
    panes: dict[str, list[Row]] = field(default_factory=dict)
    specs: tuple[ChartSpec, ...] = ()
    page: str = ""
    runs: tuple[RunState, ...] = ()
    first_chart: int = 0
    axis: ChartAxis | None = None
    log: LinkedLog | None = None
    is_behind: bool = False


@frozen
class Scene:
    """What all panes of one picture look at."""

    snapshot: Snapshot
    state: RunState | None
    view: View
    gauges: Gauges
    runs: tuple[RunState, ...]
    overlays: tuple[Overlay, ...]
    specs: tuple[ChartSpec, ...]
