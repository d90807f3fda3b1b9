"""Paints the place of the charts: a page of charts, the explanation of a finding, or what is waited for."""

from __future__ import annotations

from collections.abc import Callable

from tuimon.analysis.findings.finding import Finding
from tuimon.charts.style import Glyphs
from tuimon.core.frozen import frozen
from tuimon.core.roles import HARDWARE_ROLES
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.arrange import Needs, bounding, chart_grid
from tuimon.tui.chart_axis import x_text
from tuimon.tui.chart_list import ChartSpec
from tuimon.tui.chart_painter import ChartPainter
from tuimon.tui.finding_moment import moment_view
from tuimon.tui.ink import Ink
from tuimon.tui.panes.diagnosis import explanation_rows, listed, related_rows
from tuimon.tui.plan import Rect
from tuimon.tui.rows import PLAIN, ROUND, Row, fit, framed, grid_rows, wrapped
from tuimon.tui.scene import Picture, Scene
from tuimon.tui.view import View

_LEAST_FRAMED = 3
# Points that are smoothed for a picture that something else asked for, and for one that is there to catch up:
# two and five milliseconds, after which keys get a turn. Own choice.
_SMOOTHED_AT_ONCE, _SMOOTHED_LATER = 100_000, 250_000


@frozen(eq=False)
class _DrawnChart:
    """A chart as it was drawn last.

    Attributes:
        depends_on: All that it was drawn from, but how far its curves were smoothed.
        rows: Of cells.
        is_behind: Whether a curve of it was not smoothed yet, and was drawn as it was logged.
    """

    depends_on: tuple[object, ...]
    rows: list[Row]
    is_behind: bool


class ChartPane:
    """Paints charts, and remembers their rows. Only the screen's thread uses it.

    Args:
        glyphs: Braille or ASCII.
        wake: Asks for another picture, as some curves are not smoothed yet; None waits until they are.
    """

    def __init__(self, glyphs: Glyphs, wake: Callable[[], None] | None = None) -> None:
        self._glyphs = glyphs
        self._wake = wake
        self._frame = ROUND if glyphs == "braille" else PLAIN
        self._painter = ChartPainter() if wake is None else ChartPainter(_SMOOTHED_AT_ONCE, _SMOOTHED_LATER)
        # Most pictures are asked for by something else than a chart.
        self._drawn: dict[str, _DrawnChart] = {}
        self._drawn_run: str | None = None

    def paint(self, picture: Picture, scene: Scene) -> None:
        """Paint the place of the charts: a page of them, an explanation, or why there is none."""
        if scene.state is None:
            self._paint_waiting(picture, scene.snapshot)
            return
        self._paint_charts(picture, scene, scene.state)
        if picture.is_behind and self._wake is not None:
            self._wake()

    def _paint_charts(self, picture: Picture, scene: Scene, state: RunState) -> None:
        places, snapshot, view = picture.plan.charts, scene.snapshot, scene.view
        if not places:
            return
        if state.name != self._drawn_run:
            self._drawn.clear()
            self._drawn_run = state.name
        chosen = view.cursor["charts"] = max(0, min(view.line("charts"), len(picture.specs) - 1))
        if view.explaining and listed(state):
            self._paint_explanation(picture, snapshot, state, view)
            return
        # A page is as many charts as have a place; the chosen chart decides which page is shown.
        first = picture.first_chart = chosen if view.full_chart else chosen - chosen % len(places)
        page = picture.specs[first : first + len(places)]
        if 0 < len(page) < len(places):
            # The charts of the last page share the place of those of the others.
            places = picture.plan.charts = chart_grid(bounding(places), view, Needs(charts=len(page)))
        axis = picture.axis = self._painter.begin(state, view, scene.overlays)
        if view.crosshair is not None:
            picture.page = f"cursor at {x_text(state.run, axis.axis, view.crosshair, snapshot.now)}"
        elif len(page) < len(picture.specs):
            shown = f"charts {first + 1}-{first + len(page)}" if len(page) > 1 else f"chart {first + 1}"
            picture.page = f"{shown} of {len(picture.specs)}"
        for index, rect in enumerate(places):
            if index < len(page):
                focused = view.focus == "charts" and first + index == chosen
                rows = self._paint_chart(picture, state, page[index], view, rect, focused=focused)
            else:
                rows = (
                    self._empty_chart(state, view, rect)
                    if index == 0
                    else [fit((), rect.width)] * rect.height
                )
            picture.panes[f"chart{index}"] = rows

    def _paint_chart(
        self, picture: Picture, state: RunState, spec: ChartSpec, view: View, rect: Rect, *, focused: bool
    ) -> list[Row]:
        size = (rect.height - 2, rect.width - 2)
        depends_on = (size, focused, *self._painter.depends_on(state, spec, view))
        drawn = self._drawn.get(spec.key)
        is_old = drawn is None or drawn.depends_on != depends_on
        if drawn is None or is_old or (drawn.is_behind and self._painter.catch_up(state, spec, view)):
            rows = self._draw_chart(state, spec, view, rect, focused=focused)
            drawn = self._drawn[spec.key] = _DrawnChart(depends_on, rows, self._painter.is_behind)
        picture.is_behind |= drawn.is_behind
        return drawn.rows

    def _draw_chart(
        self, state: RunState, spec: ChartSpec, view: View, rect: Rect, *, focused: bool
    ) -> list[Row]:
        size = (rect.height - 2, rect.width - 2)
        drawn = self._painter.paint(state, spec, view, size, self._glyphs)
        return framed(
            grid_rows(drawn.grid),
            rect.width,
            rect.height,
            drawn.title,
            right_title=drawn.right_title,
            focused=focused,
            frame=self._frame,
        )

    def _paint_explanation(self, picture: Picture, snapshot: Snapshot, state: RunState, view: View) -> None:
        """Fill the charts' place with the finding's curve and everything that is known about it."""
        findings = listed(state)
        whole = bounding(picture.plan.charts)
        finding = findings[min(view.line("diagnosis"), len(findings) - 1)]
        spec = next(
            (s for s in picture.specs if s.holds(finding.series)),
            picture.specs[0] if picture.specs else None,
        )
        text = explanation_rows(finding, whole.width - 4, snapshot.now)
        # The curve has what the text leaves, or a third; what has no room then is scrolled to.
        above = max(whole.height - len(text) - 2, whole.height // 3)
        if spec is None or above < _LEAST_FRAMED + 2:
            above = 0
        if len(text) + 2 > whole.height - above:
            text = explanation_rows(finding, whole.width - 4, snapshot.now, dense=True)
        text += related_rows(state, finding, whole.width - 4)
        room = max(whole.height - above - 2, 1)
        top = view.cursor["explanation"] = max(0, min(view.line("explanation"), len(text) - room))
        cut = " PgDn scrolls" if len(text) > room else ""
        text = text[top : top + room]
        place = Rect(whole.x, whole.y + above, whole.width, whole.height - above)
        picture.plan.charts = [place]
        which = f" {findings.index(finding) + 1} of {len(findings)}" if len(findings) > 1 else ""
        title = (("Finding", Ink.TITLE), (f"{which} Esc closes{cut}", Ink.MUTED))
        padded = [((" ", Ink.TEXT), *row) for row in text]
        picture.panes["chart0"] = framed(
            padded, place.width, place.height, title, focused=True, frame=self._frame
        )
        if spec is not None and above:
            axis = self._painter.begin(state, view)
            moment = moment_view(state, finding, _points(state, spec, finding), axis, view)
            self._painter.begin(state, moment)
            curve = Rect(whole.x, whole.y, whole.width, above)
            picture.plan.charts.append(curve)
            picture.panes["chart1"] = self._paint_chart(picture, state, spec, moment, curve, focused=False)

    def _empty_chart(self, state: RunState, view: View, rect: Rect) -> list[Row]:
        if view.only_favourites:
            text = "no favourite chart in this run: & shows all, * makes the chosen one a favourite"
        elif view.filter_text:
            text = f"no metric matches {view.filter_text!r}: / changes the filter, Esc clears it"
        elif any(series.role not in HARDWARE_ROLES for series in state.run.series.values()):
            text = "no curve yet: every metric has one point or a constant value (3 shows them)"
        else:
            text = "no metric was logged yet"
        rows: list[Row] = [()] * max((rect.height - 2) // 2 - 1, 0) + [((f"  {text}", Ink.MUTED),)]
        return framed(rows, rect.width, rect.height, (("Charts", Ink.TITLE),), frame=self._frame)

    def _paint_waiting(self, picture: Picture, snapshot: Snapshot) -> None:
        if not picture.plan.charts:
            return
        rect = picture.plan.charts[0]
        places = clean(", ".join(str(root) for root in snapshot.roots))
        lines = [
            f"Looking below {places} …" if snapshot.listing else f"No training run below {places} yet.",
            "This screen fills as soon as a trainer writes there: event files, JSON lines, tables, logs, …",
            "`tuimon doctor PATH` tells what each file was taken for.",
        ]
        rows: list[Row] = [()] * max(rect.height // 2 - 3, 0)
        told = [(line, Ink.MUTED if index else Ink.STRONG) for index, line in enumerate(lines)]
        told += [
            (clean(f"{problem.path}: {problem.message}"), Ink.WARNING) for problem in snapshot.problems[:5]
        ]
        room = rect.width - 5  # the frame, a margin, and the indent of later lines
        rows += [((f"  {line}", ink),) for text, ink in told for line in wrapped(text, room, indent="  ")]
        picture.plan.charts = [rect]
        picture.panes["chart0"] = framed(
            rows, rect.width, rect.height, (("tuimon", Ink.TITLE),), frame=self._frame
        )


def _points(state: RunState, spec: ChartSpec, finding: Finding) -> int:
    """Return how many points the curve of a finding has; of one about the whole run, the chart's longest."""
    series = state.run.series
    tags = (finding.series,) if finding.series in series else spec.tags
    return max((len(series[tag]) for tag in tags if tag in series), default=0)
